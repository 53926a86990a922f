//! The breaker's findings, put into force through the policy store like everything that operators set: it is in the log of
//! changes, survives a restart, and ends by itself or by an operator.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use spigot_admin::{BreakerSetting, PolicyStore, Setting};
use spigot_decision::Millis;
use spigot_gateway::Gateway;
use spigot_state::{Breaker, KeptReason, Memory, Turn};

use crate::alerts::Alerts;
use crate::kept_json;

/// Who it is in the log of changes.
const AUTHOR: &str = "breaker";

/// Does what is to be done at `now`; whether settings have changed.
pub(crate) fn turn(gateway: &Gateway<Memory>, store: &mut PolicyStore, alerts: &Alerts, now: Millis) -> bool {
    let operator = gateway.snapshot.load().policy.operator.clone();
    let in_force = operator.demoted.iter().filter(|demoted| now < demoted.end);
    let demoted: Vec<_> = in_force.map(|demoted| (demoted.name.clone(), demoted.end)).collect();
    gateway.breaker.follow(&demoted, now);
    let turns = gateway.breaker.turn(|name| operator.keeps(name), now);
    let mut changed = false;
    for turn in turns {
        match put(store, &turn, now) {
            Ok(()) => {
                changed = true;
                say(&turn, alerts);
            }
            Err(error) => crate::log::line("breaker_failed", &[("error", &error)]),
        }
    }
    changed
}

fn put(store: &mut PolicyStore, turn: &Turn, now: Millis) -> Result<(), String> {
    let done = match turn {
        Turn::Demote { name, end, asked, solved, usual_percent } => {
            let reason = format!("{solved} of {asked} clients solved, where {usual_percent} % is usual");
            let setting = BreakerSetting { name: name.clone(), kept: false, end: Some(end.0), reason };
            store.commit(Setting::Breaker(setting), AUTHOR, now).map(drop)
        }
        Turn::Restore { name, .. } => store.remove(&format!("breaker {name}"), AUTHOR, now).map(drop),
    };
    done.map_err(|error| error.to_string())
}

fn say(turn: &Turn, alerts: &Alerts) {
    match turn {
        Turn::Demote { name, end, asked, solved, usual_percent } => alerts.tell(
            "reason_demoted",
            &[
                ("reason", name),
                ("until", &end.to_string()),
                ("asked", &asked.to_string()),
                ("solved", &solved.to_string()),
                ("usual_percent", &usual_percent.to_string()),
            ],
            &format!(
                "Spigot: {solved} of {asked} clients solved the challenges of {name}, where {usual_percent} % is usual. It asks people rather than bots, and asks nobody until {end}. Look at it before then; `spigot breaker show` tells more."
            ),
        ),
        Turn::Restore { name, clients } => alerts.tell(
            "reason_restored",
            &[("reason", name), ("clients", &clients.to_string())],
            &format!(
                "Spigot: {name} asks for challenges again: {clients} clients met it while it was demoted, far more than before."
            ),
        ),
    }
}

/// What the breaker has learned survives a restart, too: a file of the data folder, written whole each hour and at the end.
pub(crate) struct BreakerFile {
    path: PathBuf,
    written: i64,
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
    pub(crate) fn open(folder: &Path, breaker: &Breaker, now: Millis) -> Self {
        let path = folder.join("breaker.json");
        match kept_json::read::<Kept>(&path, VERSION, BYTES_MAX) {
            Ok(Some(kept)) => breaker.restore(kept.reasons.into_iter().map(KeptReason::from), now),
            Ok(None) => {}
            Err(error) => crate::log::line("breaker_unread", &[("error", &error.to_string())]),
        }
        Self { path, written: now.hour() }
    }

    /// Writes what is known, once an hour.
    pub(crate) fn turn(&mut self, breaker: &Breaker, now: Millis) {
        if now.hour() != self.written {
            self.written = now.hour();
            self.write(breaker);
        }
    }

    /// Writes what is known.
    pub(crate) fn write(&self, breaker: &Breaker) {
        let reasons: Vec<Reason> = breaker.kept().into_iter().map(Reason::from).collect();
        if reasons.is_empty() {
            return;
        }
        if let Err(error) = kept_json::write(&self.path, VERSION, Kept { reasons }) {
            crate::log::line("breaker_unwritten", &[("error", &error.to_string())]);
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
        let mut file = BreakerFile::open(folder.path(), &breaker, now);
        file.turn(&breaker, now.plus(3_600_000));
        let again = Breaker::default();
        BreakerFile::open(folder.path(), &again, now.plus(3_600_000));
        assert_eq!(again.kept(), [reason]);
        std::fs::write(folder.path().join("breaker.json"), "{").unwrap();
        let empty = Breaker::default();
        BreakerFile::open(folder.path(), &empty, now);
        assert_eq!(empty.kept(), []);
    }
}
