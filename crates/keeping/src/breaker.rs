//! What the breaker has learned survives a restart: a file of the data folder, written whole each hour and at the end.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use spigot_decision::Millis;
use spigot_state::{Breaker, KeptReason};

use crate::{Say, kept_json};

/// Where it is kept, and when it was last.
pub struct BreakerFile {
    path: PathBuf,
    written: i64,
    say: Say,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    reasons: Vec<Reason>,
}

#[derive(Serialize, Deserialize)]
struct Reason {
    name: String,
    /// The share of challenges that is usually solved.
    usual: Option<f64>,
    /// Until when it cannot be demoted, in milliseconds of Unix time, and how long it then rests the next time.
    rests_until: i64,
    rest_millis: i64,
}

const VERSION: u32 = 1;
/// Larger than what the bounds of [`Breaker`] allow.
const BYTES_MAX: u64 = 1 << 20;

impl BreakerFile {
    /// Takes back what the folder's file holds. One that cannot be used is no reason not to start: it is said, and what is
    /// usual is learned anew.
    pub fn open(folder: &Path, breaker: &Breaker, now: Millis, say: Say) -> Self {
        let path = folder.join("breaker.json");
        match kept_json::read::<Kept>(&path, VERSION, BYTES_MAX) {
            Ok(Some(kept)) => breaker.restore(kept.reasons.into_iter().map(KeptReason::from), now),
            Ok(None) => {}
            Err(error) => say("breaker_unread", &error.to_string()),
        }
        Self { path, written: now.hour(), say }
    }

    /// Writes what is known, once an hour.
    pub fn turn(&mut self, breaker: &Breaker, now: Millis) {
        if now.hour() != self.written {
            self.written = now.hour();
            self.write(breaker);
        }
    }

    /// Writes what is known.
    pub fn write(&self, breaker: &Breaker) {
        let reasons: Vec<Reason> = breaker.kept().into_iter().map(Reason::from).collect();
        if reasons.is_empty() {
            return;
        }
        if let Err(error) = kept_json::write(&self.path, VERSION, Kept { reasons }) {
            (self.say)("breaker_unwritten", &error.to_string());
        }
    }
}

impl From<KeptReason> for Reason {
    fn from(KeptReason { name, usual, rests_until, rest_millis }: KeptReason) -> Self {
        Self { name, usual, rests_until: rests_until.0, rest_millis }
    }
}

impl From<Reason> for KeptReason {
    fn from(Reason { name, usual, rests_until, rest_millis }: Reason) -> Self {
        Self { name, usual, rests_until: Millis(rests_until), rest_millis }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SILENT: Say = |_, _| {};

    #[test]
    fn what_is_learned_survives_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let now = Millis(1_700_000_000_000);
        let breaker = Breaker::default();
        let reason = KeptReason {
            name: "signal tool_user_agent".to_owned(),
            usual: Some(0.125),
            rests_until: now.plus(3_600_000),
            rest_millis: 12 * 3_600_000,
        };
        breaker.restore([reason.clone()], now);
        let mut file = BreakerFile::open(folder.path(), &breaker, now, SILENT);
        file.turn(&breaker, now.plus(3_600_000));
        let again = Breaker::default();
        BreakerFile::open(folder.path(), &again, now.plus(3_600_000), SILENT);
        assert_eq!(again.kept(), [reason]);
        std::fs::write(folder.path().join("breaker.json"), "{").unwrap();
        let empty = Breaker::default();
        BreakerFile::open(folder.path(), &empty, now, SILENT);
        assert_eq!(empty.kept(), []);
    }
}
