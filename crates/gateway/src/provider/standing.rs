//! How a provider is doing: how many questions are open, whether it answers, and what is counted of it.

use std::fmt::Write;
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use spigot_decision::Millis;

use super::word::{Refusal, Unknown, Word};

/// Questions open at one provider: as many as a busy log-in has within a vendor's usual quarter of a second, and few
/// enough that a vendor that hangs holds little of our memory.
const OPEN_MAX: u32 = 64;
/// Failures in a row after which a provider is away.
const FAILURES: u32 = 3;
/// How long it is then passed over where something else may be asked. Afterwards visitors get its widget again.
const AWAY_MILLIS: i64 = 30_000;

/// How a provider is doing. It stays the same over changes of other settings.
#[derive(Default)]
pub(crate) struct Standing {
    open: AtomicU32,
    failures: AtomicU32,
    away_until: AtomicI64,
    counts: [AtomicU64; NAMES.len()],
    latency: Histogram<{ LATENCY_MILLIS.len() }>,
    risk: Histogram<{ RISKS.len() }>,
}

/// One open question; dropped, there is room for another.
pub(super) struct Open<'a>(&'a AtomicU32);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Standing {
    /// Room for a question; `None` when too many are open.
    pub(super) fn open(&self) -> Option<Open<'_>> {
        let open = Open(&self.open);
        (self.open.fetch_add(1, Ordering::Relaxed) < OPEN_MAX).then_some(open)
    }

    /// Notes what a question came to.
    pub(super) fn heard(&self, word: Word, took: Duration, now: Millis) {
        match word {
            // What a token alone can bring about says nothing of the provider: otherwise whoever sends rubbish would
            // choose what comes in its place.
            Word::Unknown(Unknown::Silent | Unknown::Status) => {
                if self.failures.fetch_add(1, Ordering::Relaxed) + 1 >= FAILURES {
                    self.away_until.store(now.0.saturating_add(AWAY_MILLIS), Ordering::Relaxed);
                }
            }
            Word::Unknown(_) => {}
            Word::Passed(_) | Word::Refused(_) => self.failures.store(0, Ordering::Relaxed),
        }
        self.count(word.name());
        self.latency.add(u64::try_from(took.as_millis()).unwrap_or(u64::MAX), &LATENCY_MILLIS);
        if let Some(risk) = word.risk() {
            self.risk.add(risk.into(), &RISKS);
        }
    }

    /// Notes that nobody could be asked.
    pub(super) fn was_busy(&self) {
        self.count(BUSY);
    }

    fn count(&self, name: &str) {
        if let Some(index) = NAMES.iter().position(|known| *known == name) {
            self.counts[index].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether it failed to answer several times in a row, a moment ago.
    pub(crate) fn is_away(&self, now: Millis) -> bool {
        now.0 < self.away_until.load(Ordering::Relaxed)
    }

    /// Its series in Prometheus' text format.
    pub(crate) fn render(&self, name: &str, text: &mut String) {
        for (result, count) in NAMES.iter().zip(&self.counts) {
            let count = count.load(Ordering::Relaxed);
            let _ = writeln!(
                text,
                "spigot_provider_answers_total{{provider=\"{name}\",result=\"{result}\"}} {count}"
            );
        }
        self.latency.render("spigot_provider_latency_milliseconds", name, &LATENCY_MILLIS, text);
        self.risk.render("spigot_provider_risk", name, &RISKS, text);
    }
}

/// What stands above the series of all providers.
pub(crate) const HELP: &str = "# HELP spigot_provider_answers_total What third-party providers answered about tokens.\n\
     # TYPE spigot_provider_answers_total counter\n\
     # TYPE spigot_provider_latency_milliseconds histogram\n\
     # TYPE spigot_provider_risk histogram\n";

/// Every name of a word, and the one of none.
const NAMES: [&str; 14] = [
    Word::Passed(None).name(),
    Word::Refused(Refusal::Invalid).name(),
    Word::Refused(Refusal::Expired).name(),
    Word::Refused(Refusal::Duplicate).name(),
    Word::Refused(Refusal::OtherHost).name(),
    Word::Refused(Refusal::OtherAction).name(),
    Word::Refused(Refusal::OtherChallenge).name(),
    Word::Refused(Refusal::TooRisky(0)).name(),
    Word::Unknown(Unknown::Silent).name(),
    Word::Unknown(Unknown::Status).name(),
    Word::Unknown(Unknown::Garbage).name(),
    Word::Unknown(Unknown::Misconfigured).name(),
    Word::Unknown(Unknown::Degraded).name(),
    BUSY,
];
/// Nobody was asked, because too many questions were open.
const BUSY: &str = "busy";

const LATENCY_MILLIS: [u64; 8] = [50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];
const RISKS: [u64; 5] = [20, 40, 60, 80, 100];

/// Counts up to each of some bounds, with their sum.
struct Histogram<const N: usize> {
    counts: [AtomicU64; N],
    all: AtomicU64,
    sum: AtomicU64,
}

impl<const N: usize> Default for Histogram<N> {
    fn default() -> Self {
        Self {
            counts: std::array::from_fn(|_| AtomicU64::default()),
            all: AtomicU64::default(),
            sum: AtomicU64::default(),
        }
    }
}

impl<const N: usize> Histogram<N> {
    fn add(&self, value: u64, bounds: &[u64; N]) {
        if let Some(index) = bounds.iter().position(|bound| value <= *bound) {
            self.counts[index].fetch_add(1, Ordering::Relaxed);
        }
        self.all.fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    fn render(&self, series: &str, provider: &str, bounds: &[u64; N], text: &mut String) {
        let mut below = 0;
        for (bound, count) in bounds.iter().zip(&self.counts) {
            below += count.load(Ordering::Relaxed);
            let _ = writeln!(text, "{series}_bucket{{provider=\"{provider}\",le=\"{bound}\"}} {below}");
        }
        let (all, sum) = (self.all.load(Ordering::Relaxed), self.sum.load(Ordering::Relaxed));
        let _ = writeln!(text, "{series}_bucket{{provider=\"{provider}\",le=\"+Inf\"}} {all}");
        let _ = writeln!(text, "{series}_sum{{provider=\"{provider}\"}} {sum}");
        let _ = writeln!(text, "{series}_count{{provider=\"{provider}\"}} {all}");
    }
}
