//! Thresholds and weights as recorded events suggest them. Nothing here changes a policy: the result is a report and the
//! lines that a person may put into one.
//!
//! Events are read twice. First who somebody was (`sift`): whoever solved a challenge is taken for a person; whoever
//! filled a honeypot in, sent forged proofs or was restricted for failures for a bot; an operator's mark counts over both.
//! Then what they did (`shape`): which signals fired together, per route. From half of the clients weights and
//! thresholds are found (`fit`), on the other half they have to prove themselves.
//!
//! All memory is bounded: [`CLIENTS_MAX`] clients, `PATTERNS_MAX` combinations of findings per route.

mod fit;
mod interval;
mod render;
mod report;
mod shape;
mod sift;

use hashbrown::HashMap;
use spigot_decision::policy::Policy;
use spigot_event::Record;

pub use report::{Change, Outcome, Report, RouteReport, Share};
pub use sift::Kind;

/// Clients that are told apart; about 60 bytes each on both passes. Of further ones nothing is learned.
pub const CLIENTS_MAX: usize = 2_000_000;

/// What to aim at.
#[derive(Clone, Copy, Debug)]
pub struct Aim {
    /// Of a thousand people, how many may be asked because of their risk.
    pub people_per_mille: u32,
}

impl Default for Aim {
    fn default() -> Self {
        Self { people_per_mille: 10 }
    }
}

/// How far it is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// 1 or 2.
    pub pass: u8,
    /// Events read on it.
    pub events: u64,
}

/// Events between two calls of the progress function.
const PROGRESS_EVENTS: u64 = 1 << 14;

/// Reads events twice, oldest first, and says what they suggest. `marks` are by decision id.
///
/// # Errors
/// What reading gave.
pub fn tune<E, I: Iterator<Item = Result<Record, E>>>(
    policy: &Policy,
    marks: &HashMap<String, Kind>,
    aim: Aim,
    mut read: impl FnMut() -> Result<I, E>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, E> {
    let mut sift = sift::Sift::new(marks);
    each(&mut read, 1, progress, |record| sift.take(record))?;
    let mut shapes = shape::Shapes::new(policy);
    each(&mut read, 2, progress, |record| {
        if let Some(client) = sift::client(record) {
            shapes.take(record, client, sift.kind(client));
        }
    })?;
    Ok(fit::report(policy, aim, &sift, &shapes))
}

fn each<E, I: Iterator<Item = Result<Record, E>>>(
    read: &mut impl FnMut() -> Result<I, E>,
    pass: u8,
    progress: &mut dyn FnMut(Progress),
    mut take: impl FnMut(&Record),
) -> Result<(), E> {
    let mut events = 0;
    for record in read()? {
        take(&record?);
        events += 1;
        if events % PROGRESS_EVENTS == 0 {
            progress(Progress { pass, events });
        }
    }
    progress(Progress { pass, events });
    Ok(())
}
