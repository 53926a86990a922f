//! Whether a password is known from a breach: asked of a file in memory, or of a service that hears five digits of its
//! SHA-1 and nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use spigot_intel::{Breached, range_holds};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::Password;
use crate::provider::{Asker, Question};
use crate::upstream::Upstream;

/// Where passwords are looked up.
#[derive(Clone, Debug)]
pub enum BreachSettings {
    /// In a file that `spigot breach build` made.
    File(Arc<Breached>),
    /// At a service that speaks the range protocol of Have I Been Pwned.
    Range {
        /// Its server.
        server: Arc<Upstream>,
        /// The path before the five digits.
        path: String,
        /// How long a request waits for it.
        deadline: Duration,
    },
}

/// The look-up, with what is known of the service.
#[derive(Debug)]
pub struct Breach {
    settings: BreachSettings,
    /// Questions that nobody answered, in a row.
    unanswered: AtomicU32,
    /// Until when nobody is asked.
    rests: Mutex<Option<Instant>>,
    /// Questions that wait for an answer.
    open: Semaphore,
}

/// After so many in a row nobody waits any more for a while: log-ins go on without the look-up.
const UNANSWERED_MAX: u32 = 5;
const REST: Duration = Duration::from_secs(30);
/// A range has some thousand lines of about 40 bytes, with padding more.
const RANGE_BYTES_MAX: usize = 512 << 10;
/// A flood of log-ins is no flood of questions: further log-ins go on without. They share a thread with the questions to
/// providers, which has to have room for those.
const OPEN_MAX: usize = 32;

impl Breach {
    /// A look-up.
    #[must_use]
    pub fn new(settings: BreachSettings) -> Self {
        Self {
            settings,
            unanswered: AtomicU32::new(0),
            rests: Mutex::new(None),
            open: Semaphore::new(OPEN_MAX),
        }
    }

    /// The server that is asked, when there is one.
    #[must_use]
    pub fn server(&self) -> Option<&Arc<Upstream>> {
        match &self.settings {
            BreachSettings::Range { server, .. } => Some(server),
            BreachSettings::File(_) => None,
        }
    }

    /// Whether it is known; whoever cannot be asked in time knows nothing.
    pub(super) async fn holds(&self, asker: &Asker, password: Password) -> bool {
        let digest = password.digest();
        match &self.settings {
            BreachSettings::File(file) => file.contains(&digest),
            BreachSettings::Range { server, path, deadline } => {
                if self.is_resting() {
                    return false;
                }
                let Ok(_open) = self.open.try_acquire() else { return false };
                let (range, suffix) = digest.range();
                drop(digest);
                // Padding makes every answer about as long, so that its length tells nobody on the way the range.
                let question =
                    Question::get(&format!("{path}{range}"), RANGE_BYTES_MAX).with("add-padding", "true");
                let answer = asker.ask(server, question, *deadline).await;
                match answer {
                    Ok(Some(answer)) if answer.status == 200 => {
                        self.unanswered.store(0, Ordering::Relaxed);
                        range_holds(&answer.body, &suffix)
                    }
                    // That the thread has no room says nothing about the service.
                    Err(_) => false,
                    _ => {
                        self.missed();
                        false
                    }
                }
            }
        }
    }

    fn is_resting(&self) -> bool {
        let mut rests = self.rests.lock();
        match *rests {
            Some(until) if Instant::now() < until => true,
            _ => {
                *rests = None;
                false
            }
        }
    }

    fn missed(&self) {
        if self.unanswered.fetch_add(1, Ordering::Relaxed) + 1 >= UNANSWERED_MAX {
            self.unanswered.store(0, Ordering::Relaxed);
            *self.rests.lock() = Some(Instant::now() + REST);
        }
    }
}

#[cfg(test)]
#[path = "breach_tests.rs"]
mod tests;
