use serde::{Deserialize, Serialize};
use spigot_decision::Millis;
use spigot_decision::policy::{TrustedKey, units};

/// Keys of one name that count at a time: the one in use, and those that are on their way out.
const DIGESTS_MAX: usize = 4;
/// Routes that one key is for: each request with it looks at all of them.
const ROUTES_MAX: usize = 64;

/// An API key of a trusted client, as it is kept. Times are Unix milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeySetting {
    /// What the operator calls it; events and the application know it by this.
    pub name: String,
    /// The policy's trusted client that it makes of its holder, by name.
    pub client: String,
    /// For which routes; all of the client's when empty.
    pub routes: Vec<String>,
    /// A rate of its own, as it was written.
    pub rate: Option<String>,
    /// When it ends.
    pub until: Option<i64>,
    /// The key, and those before it that still count, newest first.
    pub digests: Vec<KeyDigest>,
}

/// A key, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyDigest {
    /// SHA-256 of the key, in hexadecimal digits. Keys are 160 random bits, so nobody finds one by trying.
    pub digest: String,
    /// When it was made.
    pub created: i64,
    /// From when it does not count any more.
    pub retires: Option<i64>,
}

impl KeySetting {
    /// Adds a key and retires all others at `retire`.
    ///
    /// # Errors
    /// A sentence when there are too many.
    pub fn rotate(&mut self, digest: String, retire: Millis, now: Millis) -> Result<(), String> {
        for held in &mut self.digests {
            held.retires = Some(held.retires.map_or(retire.0, |already| already.min(retire.0)));
        }
        self.digests.retain(|held| held.retires.is_none_or(|retires| retires > now.0));
        if self.digests.len() >= DIGESTS_MAX {
            return Err(format!(
                "{DIGESTS_MAX} keys of this name still count; wait until one has retired, or rotate with --overlap 0s"
            ));
        }
        self.digests.insert(0, KeyDigest { digest, created: now.0, retires: None });
        Ok(())
    }

    /// Checks it.
    pub(crate) fn checked(self) -> Result<Self, String> {
        let is_name = |name: &str| {
            let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
            (1..=64).contains(&name.len()) && name.bytes().all(letter)
        };
        let names = [&self.name, &self.client].into_iter().chain(&self.routes);
        if let Some(wrong) = names.into_iter().find(|name| !is_name(name)) {
            return Err(format!("\"{wrong}\" is no name; use a to z, 0 to 9, - and _, at most 64 of them"));
        }
        if self.routes.len() > ROUTES_MAX {
            return Err(format!("a key is for at most {ROUTES_MAX} routes; leave them out for all"));
        }
        if let Some(rate) = &self.rate {
            own_rate(rate)?;
        }
        Ok(self)
    }

    /// What it means for decisions; `None` for what a newer version wrote.
    pub(crate) fn trusted(&self) -> Option<TrustedKey> {
        let digests = self.digests.iter().map(|held| Some((unhex(&held.digest)?, held.retires.map(Millis))));
        Some(TrustedKey {
            name: self.name.clone(),
            entry: self.client.clone(),
            digests: digests.collect::<Option<_>>()?,
            routes: self.routes.clone(),
            rate: self.rate.as_deref().map(own_rate).transpose().ok()?,
            until: self.until.map(Millis),
        })
    }
}

/// It is always counted by the key.
fn own_rate(text: &str) -> Result<(u32, u64), String> {
    let rate = units::rate(text).ok().filter(|rate| rate.key.is_empty());
    rate.map(|rate| (rate.events, rate.window_millis)).ok_or_else(|| {
        format!("\"{text}\" is no rate; write a number and a duration, for example \"600 per 1m\"")
    })
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> KeySetting {
        KeySetting {
            name: "acme".to_owned(),
            client: "partners".to_owned(),
            routes: vec!["api".to_owned()],
            rate: Some("600 per 1m".to_owned()),
            until: None,
            digests: Vec::new(),
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let check = |change: fn(&mut KeySetting), said: &str| {
            let mut wrong = key();
            change(&mut wrong);
            let error = wrong.checked().unwrap_err();
            assert!(error.contains(said), "{error}");
        };
        assert!(key().checked().is_ok());
        check(|key| key.name = "Acme Inc.".to_owned(), "\"Acme Inc.\" is no name");
        check(|key| key.client.clear(), "\"\" is no name");
        check(|key| key.routes = vec!["a b".to_owned()], "\"a b\" is no name");
        check(|key| key.routes = vec!["a".to_owned(); 65], "at most 64 routes");
        check(|key| key.rate = Some("5 per 1m per address".to_owned()), "is no rate");
    }

    #[test]
    fn keys_overlap_and_are_bounded() {
        let at = |minute: i64| Millis(minute * 60_000);
        let mut key = key();
        let left = |key: &KeySetting| -> Vec<_> {
            key.digests.iter().map(|held| (held.digest.clone(), held.retires)).collect()
        };
        key.rotate("a".to_owned(), at(0), at(0)).unwrap();
        key.rotate("b".to_owned(), at(60), at(10)).unwrap();
        key.rotate("c".to_owned(), at(90), at(20)).unwrap();
        let of = |digest: &str, minute: Option<i64>| (digest.to_owned(), minute.map(|m| at(m).0));
        assert_eq!(left(&key), [of("c", None), of("b", Some(90)), of("a", Some(60))]);
        key.rotate("d".to_owned(), at(90), at(21)).unwrap();
        assert!(key.rotate("e".to_owned(), at(90), at(21)).unwrap_err().contains("--overlap 0s"));
        key.rotate("f".to_owned(), at(22), at(22)).unwrap();
        assert_eq!(left(&key), [of("f", None)], "without overlap the others are gone at once");
    }

    #[test]
    fn it_means_what_was_written() {
        let mut key = key();
        key.rotate("0f".repeat(32), Millis(0), Millis(0)).unwrap();
        let trusted = key.trusted().unwrap();
        assert_eq!((trusted.entry.as_str(), trusted.rate), ("partners", Some((600, 60_000))));
        assert_eq!(trusted.digests, [([0x0f; 32], None)]);
        key.digests[0].digest.pop();
        assert_eq!(key.trusted(), None);
    }
}
