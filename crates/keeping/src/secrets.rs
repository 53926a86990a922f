//! The secrets of one data folder: what challenges and clearances are made with, and what subjects are hashed with.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use spigot_challenge::{Keyring, Secret};
use spigot_decision::{Keys, Millis};

/// A new key is made after this many days, and the older ones still check until they are this many keys behind.
const ROTATE_DAYS: i64 = 30;
const KEPT: usize = 3;

/// What a data folder's `secrets` file holds.
pub struct Secrets {
    masters: Vec<(u32, Secret)>,
    subjects: [u8; 16],
}

impl Secrets {
    /// Reads the file, makes it when there is none, and adds a key when the newest is old. Key ids are the days on
    /// which they were made.
    ///
    /// # Errors
    /// When the file cannot be read or written, or is damaged.
    pub fn open(folder: &Path, now: Millis) -> io::Result<Self> {
        let path = folder.join("secrets");
        let mut secrets = match fs::read_to_string(&path) {
            Ok(text) => parse(&text).ok_or_else(|| {
                io::Error::new(io::ErrorKind::InvalidData, format!("{} is damaged. Remove it to start with new secrets: clearances given before end then", path.display()))
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self { masters: Vec::new(), subjects: random()? },
            Err(error) => return Err(error),
        };
        let day = now.0.div_euclid(86_400_000);
        let newest = secrets.masters.first().map(|(id, _)| i64::from(*id));
        if newest.is_none_or(|newest| day - newest >= ROTATE_DAYS) {
            secrets.masters.insert(0, (u32::try_from(day).unwrap_or(0), Secret::new(random()?)));
            secrets.masters.truncate(KEPT);
            secrets.write(&path)?;
        }
        Ok(secrets)
    }

    /// What challenges and clearances are sealed with.
    #[must_use]
    pub fn keyring(&self) -> Keyring {
        Keyring::new(&self.masters)
    }

    /// What subjects are hashed with: what is kept of them means nothing without.
    #[must_use]
    pub fn subject_keys(&self) -> Keys {
        let both = u128::from_le_bytes(self.subjects);
        let half = |bits: u128| (bits & u128::from(u64::MAX)) as u64;
        Keys(half(both), half(both >> 64))
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let mut text = format!("subjects {}\n", hex(&self.subjects));
        for (id, secret) in &self.masters {
            text.push_str(&format!("key {id} {}\n", hex(secret.expose())));
        }
        let fresh = path.with_extension("new");
        let mut file =
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(fresh, path)
    }
}

/// Random bytes from the system.
///
/// # Errors
/// When it has none.
pub fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(bytes)
}

fn parse(text: &str) -> Option<Secrets> {
    let mut secrets = Secrets { masters: Vec::new(), subjects: [0; 16] };
    let mut lines = text.lines();
    secrets.subjects = unhex(lines.next()?.strip_prefix("subjects ")?)?;
    for line in lines {
        let (id, secret) = line.strip_prefix("key ")?.split_once(' ')?;
        secrets.masters.push((id.parse().ok()?, Secret::new(unhex(secret)?)));
    }
    Some(secrets)
}

/// Two letters for each byte.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if text.len() != 2 * N || !text.is_ascii() {
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

    #[test]
    fn kept_rotated_and_never_guessed_from_damage() {
        let folder = tempfile::tempdir().unwrap();
        let day = |day: i64| Millis(day * 86_400_000);
        let first = Secrets::open(folder.path(), day(20_000)).unwrap();
        let again = Secrets::open(folder.path(), day(20_029)).unwrap();
        assert_eq!(first.subjects, again.subjects);
        assert_eq!(again.masters.len(), 1);
        let later = Secrets::open(folder.path(), day(20_030)).unwrap();
        assert_eq!(later.masters.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [20_030, 20_000]);
        assert_eq!(later.masters[1].1.expose(), first.masters[0].1.expose());
        fs::write(folder.path().join("secrets"), "subjects zz").unwrap();
        assert!(Secrets::open(folder.path(), day(20_030)).is_err());
    }
}
