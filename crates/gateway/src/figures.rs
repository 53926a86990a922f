//! What the panel shows beside thresholds: the highest counts of single clients per route, and how often entries of the
//! operator's lists were met. It decides nothing, so it may forget.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use spigot_decision::policy::{Policy, Trigger, Wide};
use spigot_decision::{CountKind, Decision, Evidence, Facts, Millis, Observation, Plan, Prefix, Source};

/// Routes that are shown; a policy has some dozen.
const ROUTES: usize = 512;
/// Entries of the operator's lists whose hits are counted: some hundred bytes each.
const HITS_MAX: usize = 20_000;

/// See the module.
pub struct Figures {
    /// Per route: of one client, and of one body. The second at which a count was seen in the upper half, the count below.
    peaks: Box<[[AtomicU64; 2]]>,
    hits: Mutex<HashMap<HitOf, Hits>>,
}

/// Which entry was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HitOf {
    /// One about addresses.
    Prefix(Prefix),
    /// One about more than that.
    Wide(Wide),
}

/// How often, since the program started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hits {
    /// Requests.
    pub count: u64,
    /// When it was met last.
    pub last: Millis,
}

/// The highest count of a route lately, and when it was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Peak {
    /// Requests.
    pub count: u32,
    /// Unix seconds; 0 for never.
    pub second: u32,
}

impl Default for Figures {
    fn default() -> Self {
        Self { peaks: (0..ROUTES).map(|_| Default::default()).collect(), hits: Mutex::default() }
    }
}

impl Figures {
    /// Notes what was counted of a request.
    pub(crate) fn note(&self, plan: &Plan, facts: &Facts, now: Millis) {
        let Some(peaks) = self.peaks.get(usize::from(plan.route)) else { return };
        for (planned, &count) in plan.counts.iter().zip(&facts.counts) {
            let peak = match planned.kind {
                CountKind::Frequency => &peaks[0],
                CountKind::Repetition => &peaks[1],
                _ => continue,
            };
            let kept = unpack(peak.load(Ordering::Relaxed));
            let second = u32::try_from(now.0 / 1000).unwrap_or(0);
            let is_over = u64::from(second.saturating_sub(kept.second)) * 1000 > planned.window_millis;
            // Two at once may lose the smaller one, or now and then the larger: it comes again with the next request.
            if count >= kept.count || is_over {
                peak.store(u64::from(second) << 32 | u64::from(count), Ordering::Relaxed);
            }
        }
    }

    /// Notes the entry of the operator's lists that a decision names.
    pub(crate) fn note_listed(
        &self,
        decision: &Decision,
        policy: &Policy,
        observation: &Observation<'_>,
        facts: &Facts,
        now: Millis,
    ) {
        for reason in &decision.reasons {
            let allows = match reason.source {
                Source::OperatorAllows => true,
                Source::Trigger(Trigger::DenylistedOrigin) => false,
                _ => continue,
            };
            let wide = policy.operator.wide_entry(allows, observation, facts, now).map(HitOf::Wide);
            let of = match reason.evidence {
                Evidence::Prefix(prefix) if wide.is_none() => Some(HitOf::Prefix(prefix)),
                _ => wide,
            };
            let Some(of) = of else { continue };
            let mut hits = self.hits.lock();
            if hits.len() < HITS_MAX || hits.contains_key(&of) {
                let kept = hits.entry(of).or_default();
                *kept = Hits { count: kept.count + 1, last: now };
            }
        }
    }

    /// The highest counts of a route within a window: of one client, and of one body.
    #[must_use]
    pub fn peaks(&self, route: usize) -> [Peak; 2] {
        let peaks = self.peaks.get(route);
        peaks.map_or_else(Default::default, |peaks| {
            [unpack(peaks[0].load(Ordering::Relaxed)), unpack(peaks[1].load(Ordering::Relaxed))]
        })
    }

    /// How often an entry was met.
    #[must_use]
    pub fn hits(&self, of: &HitOf) -> Hits {
        self.hits.lock().get(of).copied().unwrap_or_default()
    }

    /// Forgets the routes' counts: another policy has other routes.
    pub fn routes_changed(&self) {
        for peak in self.peaks.iter().flatten() {
            peak.store(0, Ordering::Relaxed);
        }
    }
}

fn unpack(packed: u64) -> Peak {
    Peak { count: (packed & u64::from(u32::MAX)) as u32, second: (packed >> 32) as u32 }
}
