//! What Spigot remembers between requests: counts over sliding windows, what was spent, restrictions, and each route's
//! hours. [`State`] is the trait, [`Memory`] keeps everything on one node; every implementation passes [`conformance`].
//!
//! Time is an argument everywhere. Every collection is bounded; each bound stands beside its collection.

mod accounts;
mod breaker;
mod cohorts;
pub mod conformance;
mod history;
mod hours;
mod memory;
mod restrictions;
mod spends;
mod table;
mod zeroed;

use std::future::Future;

use spigot_decision::policy::{Ladder, Strike};
use spigot_decision::{Action, Count, Facts, Millis, Outcome, Plan};

pub use accounts::{Accounts, Acquainted, Begun, Crowds, OpenPlace, Opens, SUCCESSES_MAX, Successes};
pub use breaker::{Breaker, KeptReason, Turn};
pub use cohorts::{CLIENT_MOST, Cohorts, KeptCohorts, KeptLevel};
pub use history::{Histories, Mark};
pub use hours::{HourChanges, HourCount, Hours};
pub use memory::{Memory, MemorySettings};
pub use restrictions::{Changes, RESTRICTIONS_MAX, Restricted, Restrictions, Struck};
pub use spends::Spends;
pub use table::{EXACT_LIMIT, Table, TableStats};

/// What requests leave behind, and what the next ones find.
pub trait State: Send + Sync + 'static {
    /// Counts a request and reads what its plan asks for, under one deadline of the implementation's own. When it is
    /// away the facts say so ([`Facts::available`]); that is a fact, not an error.
    fn fetch(&self, plan: &Plan, route: &str, now: Millis) -> impl Future<Output = Facts> + Send;

    /// Counts an attempt to log in among those whose end is not known, until its place is dropped, and says what is known
    /// of the account and of the client besides them; `None` where there is nothing to count, or the state is away.
    fn begin(&self, plan: &Plan, now: Millis) -> impl Future<Output = Option<Begun>> + Send;

    /// Counts one more event and returns the count including it; `None` when the state is away.
    fn count(&self, count: &Count, now: Millis) -> impl Future<Output = Option<u32>> + Send;

    /// Records what followed from an answer: counts it, and restricts whose failures reach the ladder. Returns the
    /// restriction that began, if one did.
    fn report(
        &self,
        outcome: &Outcome,
        ladder: &Ladder,
        now: Millis,
    ) -> impl Future<Output = Option<Strike>> + Send;

    /// Remembers that a client solved a challenge, under each of the keys that it is known by.
    fn solved(&self, clients: &[u64], now: Millis) -> impl Future<Output = ()> + Send;

    /// Whether a single-use thing was spent, without spending it: so that what would be refused anyway costs no more.
    /// Between this question and [`State::spend`] another may spend it; only the spend decides.
    fn is_spent(&self, id: &[u8; 16], now: Millis) -> impl Future<Output = Result<bool, SpendError>> + Send;

    /// Uses up a single-use thing until `end`, atomically, in the name of `claimant`: whoever asks again under the same
    /// name is told so. What may have been spent and forgotten, because others asked at or after `end`, counts as spent,
    /// however early `now` is: requests that began before `end` may arrive at any time.
    fn claim(
        &self,
        id: &[u8; 16],
        claimant: u64,
        end: Millis,
        now: Millis,
    ) -> impl Future<Output = Result<Claim, SpendError>> + Send;

    /// Uses up a single-use thing until `end`, atomically, in nobody's name.
    fn spend(
        &self,
        id: &[u8; 16],
        end: Millis,
        now: Millis,
    ) -> impl Future<Output = Result<Spend, SpendError>> + Send {
        async move {
            Ok(match self.claim(id, NOBODY, end, now).await? {
                Claim::First => Spend::First,
                Claim::Again | Claim::Other => Spend::Replay,
            })
        }
    }
}

/// The name of those who have none: they are never told that it was they.
pub const NOBODY: u64 = 0;

/// What claiming found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Nobody spent it before.
    First,
    /// It was spent already, under the same name.
    Again,
    /// It was spent already, under another name or none.
    Other,
}

/// What spending found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spend {
    /// Nobody spent it before.
    First,
    /// It was spent already.
    Replay,
}

/// Why something could not be spent. The caller refuses: verification fails closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpendError {
    /// The set is full of things that have not expired.
    Full,
    /// The state is away.
    Away,
}

/// The action of an automatic restriction: while it lasts the source is refused.
pub const RESTRICTION_ACTION: Action = Action::Block;
