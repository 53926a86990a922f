use std::net::Ipv6Addr;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};
use spigot_decision::policy::{app_package, units, wrong_host};
use spigot_decision::{Level, Millis};

/// Secrets that one site has at a time: the one in use, and those that are on their way out.
pub const SECRETS_MAX: usize = 8;
/// Hosts that one site allows: each call of a widget looks at all of them.
pub const HOSTS_MAX: usize = 64;
/// How strictly tokens can be bound to the client that they were given to.
pub const CLIENTS: [&str; 3] = ["off", "loose", "strict"];
/// When a visitor can have to press a button; `managed` is when the request is suspected.
pub const PRESSES: [&str; 3] = ["never", "managed", "always"];
/// How long a token can count.
pub const TOKEN_SECONDS: RangeInclusive<u32> = 10..=3600;
/// The origin of pages that have none: files, sandboxed frames, apps.
pub const NO_ORIGIN: &str = "null";

/// A site whose pages show the widget and whose server verifies tokens. Times are Unix milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteSetting {
    /// The public site key, a UUID.
    pub site_key: String,
    /// What the operator calls it.
    pub name: String,
    /// Hosts whose pages may show the widget, as patterns; `null` for apps and files.
    pub hosts: Vec<String>,
    /// The level of its challenges, by name.
    pub level: String,
    /// How strictly tokens are bound to the client that they were given to: one of [`CLIENTS`].
    pub client: String,
    /// When a visitor has to press a button: one of [`PRESSES`].
    pub press: String,
    /// How long a token counts.
    pub token_millis: u32,
    /// Its secrets, newest first.
    pub secrets: Vec<SecretSetting>,
}

/// A secret key, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretSetting {
    /// Its number, ascending within the site.
    pub number: u32,
    /// SHA-256 of the secret, in hexadecimal digits. Secrets are 160 random bits, so nobody finds one by trying, and a
    /// slow hash would only make each verification slow.
    pub digest: String,
    /// When it was made.
    pub created: i64,
    /// From when it does not count any more.
    pub retires: Option<i64>,
}

/// A key for the API on the admin port, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKeySetting {
    /// What the operator calls it.
    pub name: String,
    /// SHA-256 of the key, in hexadecimal digits.
    pub digest: String,
    /// When it was made.
    pub created: i64,
}

impl SiteSetting {
    /// Adds a secret and retires all others at `retire`.
    ///
    /// # Errors
    /// A sentence when there are too many.
    pub fn rotate(&mut self, digest: String, retire: Millis, now: Millis) -> Result<(), String> {
        self.forget_retired(now);
        if self.secrets.len() >= SECRETS_MAX {
            return Err(format!(
                "this site has {SECRETS_MAX} secrets that still count; wait until one has retired, or rotate with --overlap 0s"
            ));
        }
        let number = self.secrets.iter().map(|secret| secret.number).max().unwrap_or(0) + 1;
        for secret in &mut self.secrets {
            secret.retires = Some(secret.retires.map_or(retire.0, |already| already.min(retire.0)));
        }
        self.forget_retired(now);
        self.secrets.insert(0, SecretSetting { number, digest, created: now.0, retires: None });
        Ok(())
    }

    fn forget_retired(&mut self, now: Millis) {
        self.secrets.retain(|secret| secret.retires.is_none_or(|retires| retires > now.0));
    }

    /// Checks it and writes it in its one form.
    pub(crate) fn checked(mut self) -> Result<Self, String> {
        named(&self.name, "site")?;
        let key = self.site_key.as_bytes();
        if key.is_empty() || key.len() > 64 || !key.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-') {
            return Err("a site key has 1 to 64 letters, digits and dashes".to_owned());
        }
        if self.hosts.is_empty() || self.hosts.len() > HOSTS_MAX {
            return Err(format!(
                "a site has 1 to {HOSTS_MAX} hosts; write for example shop.example, *.shop.example, * for every host, null for apps and files, or android-app://com.example.shop for one app"
            ));
        }
        for host in self.hosts.iter_mut().filter(|host| app_package(host).is_none()) {
            *host = host.to_ascii_lowercase();
            // Origins have an address of this kind in brackets.
            if host.parse::<Ipv6Addr>().is_ok() {
                *host = format!("[{host}]");
            }
            if let Some(help) = wrong_host(host) {
                return Err(format!("\"{host}\" is no host; {help}"));
            }
        }
        self.hosts.sort();
        self.hosts.dedup();
        if Level::from_name(&self.level).is_none() {
            return Err(format!("\"{}\" is no level; write low, medium or high", self.level));
        }
        if !CLIENTS.contains(&self.client.as_str()) {
            return Err(format!("\"{}\" is no binding; write off, loose or strict", self.client));
        }
        if !PRESSES.contains(&self.press.as_str()) {
            return Err(format!("\"{}\" is no manner of asking; write never, managed or always", self.press));
        }
        let millis = TOKEN_SECONDS.start() * 1000..=TOKEN_SECONDS.end() * 1000;
        if !millis.contains(&self.token_millis) {
            return Err("a token counts from 10s to 1h".to_owned());
        }
        Ok(self)
    }
}

impl ApiKeySetting {
    pub(crate) fn checked(self) -> Result<Self, String> {
        named(&self.name, "key")?;
        Ok(self)
    }
}

/// A length of time for a token, as people write it.
///
/// # Errors
/// What may be written.
pub fn token_millis(text: &str) -> Result<u32, String> {
    let millis = units::duration_millis(text).map_err(|help| format!("\"{text}\" is no duration; {help}"))?;
    u32::try_from(millis).map_err(|_| "a token counts from 10s to 1h".to_owned())
}

fn named(name: &str, what: &str) -> Result<(), String> {
    let fits = !name.trim().is_empty() && name.chars().count() <= 64 && !name.chars().any(char::is_control);
    if fits { Ok(()) } else { Err(format!("a {what}'s name has 1 to 64 characters")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site() -> SiteSetting {
        SiteSetting {
            site_key: "3f0c7a52-6d0e-4f4e-9b53-0a3d0c9f1d11".to_owned(),
            name: "shop".to_owned(),
            hosts: vec!["Shop.example".to_owned(), NO_ORIGIN.to_owned()],
            level: "medium".to_owned(),
            client: "loose".to_owned(),
            press: "managed".to_owned(),
            token_millis: 300_000,
            secrets: Vec::new(),
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert_eq!(site().checked().unwrap().hosts, ["null", "shop.example"]);
        let check = |change: fn(&mut SiteSetting), said: &str| {
            let mut wrong = site();
            change(&mut wrong);
            let error = wrong.checked().unwrap_err();
            assert!(error.contains(said), "{error}");
        };
        check(|site| site.name = " ".to_owned(), "a site's name");
        check(|site| site.hosts.clear(), "1 to 64 hosts");
        check(|site| site.hosts.push("https://a.example".to_owned()), "write the host alone");
        check(|site| site.level = "extreme".to_owned(), "low, medium or high");
        check(|site| site.client = "yes".to_owned(), "off, loose or strict");
        check(|site| site.press = "yes".to_owned(), "never, managed or always");
        check(|site| site.token_millis = 1, "10s to 1h");
        check(|site| site.site_key = "a b".to_owned(), "a site key has");
    }

    #[test]
    fn hosts_have_one_form() {
        let check = |hosts: &[&str], expected: &[&str]| {
            let hosts: Vec<_> = hosts.iter().map(|host| (*host).to_owned()).collect();
            let found = SiteSetting { hosts, ..site() }.checked().map(|site| site.hosts);
            assert_eq!(found.as_deref().unwrap_or_default(), expected, "{found:?}");
        };
        check(&["2001:DB8::1"], &["[2001:db8::1]"]);
        check(&["[2001:db8::1]", "2001:db8::1"], &["[2001:db8::1]"]);
        check(&["192.0.2.1"], &["192.0.2.1"]);
        check(&["b.example", "a.example", "B.example"], &["a.example", "b.example"]);
        for wrong in ["[2001:db8::1", "2001:db8::1]", "192.0.2.1:80"] {
            check(&[wrong], &[]);
        }
    }

    #[test]
    fn secrets_overlap_and_are_bounded() {
        let mut site = site();
        let at = |minute: i64| Millis(minute * 60_000);
        site.rotate("a".to_owned(), at(0), at(0)).unwrap();
        site.rotate("b".to_owned(), at(60), at(10)).unwrap();
        // A later rotation never gives an old secret more time.
        site.rotate("c".to_owned(), at(90), at(20)).unwrap();
        let left = |site: &SiteSetting| -> Vec<_> {
            site.secrets.iter().map(|s| (s.digest.clone(), s.retires)).collect()
        };
        let of = |digest: &str, minute: Option<i64>| (digest.to_owned(), minute.map(|m| at(m).0));
        assert_eq!(left(&site), [of("c", None), of("b", Some(90)), of("a", Some(60))]);
        site.rotate("d".to_owned(), at(70), at(60)).unwrap();
        assert_eq!(left(&site), [of("d", None), of("c", Some(70)), of("b", Some(70))], "a is gone");
        for n in 4..=SECRETS_MAX {
            site.rotate(n.to_string(), at(70), at(61)).unwrap();
        }
        assert!(site.rotate("z".to_owned(), at(70), at(61)).is_err());
        site.rotate("z".to_owned(), at(71), at(71)).unwrap();
        assert_eq!(left(&site), [of("z", None)], "without overlap the others are gone at once");
    }
}
