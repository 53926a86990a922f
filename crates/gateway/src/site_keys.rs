//! The sites whose pages show the widget: found by their public key, and by a secret key of their server.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use spigot_challenge::token::Strictness;
use spigot_decision::policy::app_package;
use spigot_decision::{Level, Millis};
use subtle::ConstantTimeEq;

/// A site, as its operator set it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteKey {
    /// The public site key.
    pub key: String,
    /// What the operator calls it.
    pub name: Arc<str>,
    /// Hosts whose pages may show the widget, as patterns in lower case; Android apps by their origins; `null` for other
    /// apps, and files.
    pub hosts: Vec<String>,
    /// The level of its challenges.
    pub level: Level,
    /// How strictly its tokens are bound to the client.
    pub strictness: Strictness,
    /// When a visitor has to press a button.
    pub press: Press,
    /// How long its tokens count, in milliseconds.
    pub token_millis: u32,
    /// Its secrets.
    pub secrets: Vec<HeldSecret>,
}

/// When a visitor has to press a button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Press {
    /// Never.
    Never,
    /// When the request is suspected.
    Managed,
    /// Always.
    Always,
}

/// A secret key, as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldSecret {
    /// Its number within the site.
    pub number: u32,
    /// Its digest.
    pub digest: SecretDigest,
    /// From when it does not count any more.
    pub retires: Option<Millis>,
}

/// The SHA-256 of a secret key. Secrets are 160 random bits: nobody finds one by trying, so a slow hash would protect
/// nothing and only make each verification slow.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SecretDigest([u8; 32]);

impl SecretDigest {
    /// Of a secret.
    #[must_use]
    pub fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }

    /// From its 64 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
        }
        Some(Self(bytes))
    }

    /// Whether it is the same, in a time that says nothing about where they differ.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }

    /// A place to look it up at. Whoever tries secrets cannot steer it towards one that is held.
    pub(crate) fn place(&self) -> [u8; 8] {
        std::array::from_fn(|n| self.0[n])
    }
}

impl From<[u8; 32]> for SecretDigest {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl From<SecretDigest> for [u8; 32] {
    fn from(digest: SecretDigest) -> Self {
        digest.0
    }
}

impl fmt::Display for SecretDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for SecretDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretDigest(..)")
    }
}

/// All sites. As many as the policy store takes.
#[derive(Debug, Default)]
pub struct SiteKeys {
    sites: HashMap<String, Arc<SiteKey>>,
    secrets: HashMap<[u8; 8], Vec<(HeldSecret, Arc<SiteKey>)>>,
}

impl SiteKeys {
    /// Of these sites.
    #[must_use]
    pub fn new(sites: impl IntoIterator<Item = SiteKey>) -> Self {
        let mut all = Self::default();
        for site in sites.into_iter().map(Arc::new) {
            for secret in &site.secrets {
                all.secrets.entry(secret.digest.place()).or_default().push((*secret, site.clone()));
            }
            all.sites.insert(site.key.clone(), site);
        }
        all
    }

    /// The site with a public key.
    #[must_use]
    pub fn site(&self, key: &str) -> Option<&Arc<SiteKey>> {
        self.sites.get(key)
    }

    /// The site that a secret belongs to now, and the secret's number.
    #[must_use]
    pub fn owner(&self, secret: &str, now: Millis) -> Option<(&Arc<SiteKey>, u32)> {
        let digest = SecretDigest::of(secret);
        let held = self.secrets.get(&digest.place())?;
        held.iter()
            .find(|(held, _)| held.digest.is(&digest) && held.retires.is_none_or(|retires| now < retires))
            .map(|(held, site)| (site, held.number))
    }
}

impl SiteKey {
    /// Whether pages of a host may show its widget. Apps are named one by one: `*` is for hosts.
    #[must_use]
    pub fn allows(&self, host: &str) -> bool {
        self.hosts.iter().any(|pattern| {
            if host == NO_HOST || pattern == NO_HOST || app_package(host).is_some() {
                return pattern == host;
            }
            match pattern.strip_prefix('*') {
                Some("") => true,
                Some(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
                None => pattern == host,
            }
        })
    }
}

/// The host of what has none: files, sandboxed frames, apps. `*` does not allow it.
pub(crate) const NO_HOST: &str = "null";

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn site(key: &str, secret: &str) -> SiteKey {
        let held = HeldSecret { number: 1, digest: SecretDigest::of(secret), retires: None };
        SiteKey {
            key: key.to_owned(),
            name: "shop".into(),
            hosts: vec!["shop.example".to_owned()],
            level: Level::Medium,
            strictness: Strictness::Loose,
            press: Press::Managed,
            token_millis: 300_000,
            secrets: vec![held],
        }
    }

    #[test]
    fn hosts() {
        let check = |patterns: &[&str], host: &str, expected: bool| {
            let hosts = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
            let site = SiteKey { hosts, ..site("a", "b") };
            assert_eq!(site.allows(host), expected, "{host} by {patterns:?}");
        };
        check(&["shop.example"], "shop.example", true);
        check(&["shop.example"], "evil.example", false);
        check(&["shop.example"], "www.shop.example", false);
        check(&["*.shop.example"], "www.shop.example", true);
        check(&["*.shop.example"], "shop.example", false);
        check(&["*.shop.example"], ".shop.example", false);
        check(&["*.shop.example"], "evilshop.example", false);
        check(&["*"], "anything.example", true);
        check(&["*"], "null", false);
        check(&["*", "null"], "null", true);
        check(&["null"], "shop.example", false);
        check(&["android-app://com.example.shop"], "android-app://com.example.shop", true);
        check(&["android-app://com.example.shop"], "com.example.shop", false);
        check(&["*", "*.shop", "com.example.shop"], "android-app://com.example.shop", false);
    }

    #[test]
    fn a_secret_leads_to_its_site_until_it_retires() {
        let retiring = HeldSecret { number: 1, digest: SecretDigest::of("old"), retires: Some(Millis(100)) };
        let mut first = site("key-1", "new");
        first.secrets[0].number = 2;
        first.secrets.push(retiring);
        let keys = SiteKeys::new([first, site("key-2", "other")]);
        let check = |secret: &str, now: i64, expected: Option<(&str, u32)>| {
            let found = keys.owner(secret, Millis(now)).map(|(site, number)| (site.key.as_str(), number));
            assert_eq!(found, expected, "{secret} at {now}");
        };
        check("new", 0, Some(("key-1", 2)));
        check("old", 99, Some(("key-1", 1)));
        check("old", 100, None);
        check("other", 0, Some(("key-2", 1)));
        check("", 0, None);
        check("nobody's", 0, None);
        let digest = SecretDigest::of("new");
        assert!(SecretDigest::parse(&digest.to_string()).is_some_and(|parsed| parsed.is(&digest)));
        assert_eq!(SecretDigest::parse("zz"), None);
        assert!(!format!("{keys:?}").contains(&digest.to_string()), "digests are not printed by accident");
    }
}
