//! The breaker's findings, put into force through the policy store like everything that operators set: it is in the log of
//! changes, survives a restart, and ends by itself or by an operator.

use spigot_admin::{BreakerSetting, PolicyStore, Setting};
use spigot_decision::Millis;
use spigot_gateway::Gateway;
use spigot_state::{Memory, Turn};

use crate::alerts::Alerts;

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
