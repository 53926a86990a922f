//! What clients did: which findings came together, per route.

use hashbrown::HashMap;
use spigot_decision::Action;
use spigot_decision::policy::Policy;
use spigot_decision::signal::{NAMES, SIGNALS};
use spigot_event::Record;

use crate::CLIENTS_MAX;
use crate::sift::{Client, Kind};

/// Combinations of findings that are told apart on one route; real sites have some dozens.
pub(crate) const PATTERNS_MAX: usize = 4096;
/// Combinations that are kept of one client and route.
const OF_CLIENT_MAX: usize = 8;

/// What was found of a request, apart from what it weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Pattern {
    /// Signals, by their place in the table.
    pub(crate) fired: u64,
    /// What rules and lists added with weights of their own.
    pub(crate) fixed: u16,
    /// Something else asked for a challenge or more, whatever the risk.
    pub(crate) asked: bool,
}

impl Pattern {
    fn of(record: &Record) -> Self {
        let mut pattern = Self { fired: 0, fixed: 0, asked: false };
        for reason in &record.reasons {
            let adds = reason.gave.strip_prefix("adds ").and_then(|weight| weight.parse::<u16>().ok());
            let index = NAMES.iter().position(|name| *name == reason.name);
            match (reason.kind.as_str(), index, adds) {
                // The list that an address is on says what that weighs.
                ("signal", Some(_), Some(weight)) if reason.name == "ill_reputed" => pattern.fixed += weight,
                ("signal", Some(index), _) => pattern.fired |= 1 << index,
                (_, _, Some(weight)) => pattern.fixed += weight,
                _ => {
                    let asks = reason.gave.strip_prefix("asks ").and_then(Action::from_name);
                    // The risk is what is asked about, and a standing challenge is nobody's fault.
                    let other = !matches!(reason.name.as_str(), "risk" | "sensitive_route");
                    pattern.asked |= other && asks.is_some_and(|action| action >= Action::Challenge);
                }
            }
        }
        pattern
    }

    /// The risk under these weights.
    pub(crate) fn risk(&self, weights: &[u8]) -> u32 {
        let fired = (0..SIGNALS.len()).filter(|index| self.fired >> index & 1 == 1);
        let sum: u32 = fired.map(|index| u32::from(weights[index])).sum();
        (sum + u32::from(self.fixed)).min(100)
    }
}

/// One route.
#[derive(Default)]
pub(crate) struct Shape {
    pub(crate) patterns: Vec<Pattern>,
    numbers: HashMap<Pattern, u16>,
    /// Requests without a clearance, by pattern: those that a challenge would meet.
    pub(crate) requests: Vec<u64>,
    /// Clients of a known kind, and their patterns.
    pub(crate) clients: HashMap<Client, (Kind, Vec<u16>)>,
}

/// Every route of the policy.
pub(crate) struct Shapes {
    indexes: HashMap<String, usize>,
    pub(crate) routes: Vec<Shape>,
    clients: usize,
}

impl Shapes {
    pub(crate) fn new(policy: &Policy) -> Self {
        let indexes = policy.routes.iter().enumerate().map(|(index, route)| (route.name.clone(), index));
        let routes = policy.routes.iter().map(|_| Shape::default()).collect();
        Self { indexes: indexes.collect(), routes, clients: 0 }
    }

    pub(crate) fn take(&mut self, record: &Record, client: Client, kind: Option<Kind>) {
        let Some(index) = self.indexes.get(&record.route).filter(|_| record.site.is_none()) else { return };
        // Submissions are no visits.
        if record.path.starts_with("/.spigot/") {
            return;
        }
        let shape = &mut self.routes[*index];
        let Some(number) = shape.number(Pattern::of(record)) else { return };
        if record.clearance.is_none() {
            shape.requests[usize::from(number)] += 1;
        }
        let Some(kind) = kind else { return };
        if !shape.clients.contains_key(&client) {
            if self.clients >= CLIENTS_MAX {
                return;
            }
            self.clients += 1;
        }
        let (_, patterns) = shape.clients.entry(client).or_insert_with(|| (kind, Vec::new()));
        if patterns.len() < OF_CLIENT_MAX && !patterns.contains(&number) {
            patterns.push(number);
        }
    }
}

impl Shape {
    fn number(&mut self, pattern: Pattern) -> Option<u16> {
        if let Some(number) = self.numbers.get(&pattern) {
            return Some(*number);
        }
        let number = u16::try_from(self.patterns.len()).ok().filter(|n| usize::from(*n) < PATTERNS_MAX)?;
        self.patterns.push(pattern);
        self.requests.push(0);
        self.numbers.insert(pattern, number);
        Some(number)
    }
}
