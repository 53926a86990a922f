//! Evaluating a checked condition: no allocation, no error, time bounded by its length.

use crate::subject::canonical;

use super::{Bool, Flag, Int, Order, Past, Sight, Text};

impl Bool {
    pub(super) fn eval(&self, sight: &impl Sight) -> bool {
        match self {
            Self::Constant(value) => *value,
            Self::And(a, b) => a.eval(sight) && b.eval(sight),
            Self::Or(a, b) => a.eval(sight) || b.eval(sight),
            Self::Not(a) => !a.eval(sight),
            Self::SameTruth(a, b) => a.eval(sight) == b.eval(sight),
            Self::Compare(a, order, b) => {
                let (a, b) = (a.eval(sight), b.eval(sight));
                match order {
                    Order::Equal => a == b,
                    Order::Less => a < b,
                    Order::LessOrEqual => a <= b,
                }
            }
            Self::SameText(a, b) => a.eval(sight) == b.eval(sight),
            Self::OneOfTexts(text, all) => all.iter().any(|t| t == text.eval(sight)),
            Self::OneOfInts(int, all) => all.contains(&int.eval(sight)),
            Self::StartsWith(text, part) => text.eval(sight).starts_with(part.as_str()),
            Self::EndsWith(text, part) => text.eval(sight).ends_with(part.as_str()),
            Self::Contains(text, part) => part.find(text.eval(sight).as_bytes()).is_some(),
            Self::Matches(text, regex) => regex.is_match(text.eval(sight)),
            Self::InNetworks(prefixes) => {
                let client = canonical(sight.observation().client);
                prefixes.iter().any(|block| block.contains(client))
            }
            Self::InList(list) => sight.listed(*list),
            Self::HasHeader(name) => sight.observation().headers.value(name).is_some(),
            Self::Signal(index) => sight.signal(*index),
            Self::Known(Flag::Malformed) => sight.observation().malformed,
            Self::Known(Flag::HoneypotFilled) => sight.observation().honeypot_filled,
            Self::Known(Flag::BodyComplete) => sight.observation().body.complete,
        }
    }
}

impl Int {
    pub(super) fn eval(&self, sight: &impl Sight) -> i64 {
        match self {
            Self::Constant(value) => *value,
            Self::BodyBytes => i64::try_from(sight.observation().body.bytes).unwrap_or(i64::MAX),
            Self::ClearanceLevel => sight.observation().clearance.map_or(0, |c| c.level as i64),
            Self::Network => i64::from(sight.network()),
            Self::Status => i64::from(sight.status()),
            Self::History(past) => sight.facts().map_or(0, |facts| past.of(&facts.history)),
            Self::Count(limit) => i64::from(sight.count(*limit)),
            Self::Size(text) => i64::try_from(text.eval(sight).len()).unwrap_or(i64::MAX),
        }
    }
}

impl Past {
    fn of(self, history: &crate::History) -> i64 {
        match self {
            Self::Seconds => history.known_seconds.into(),
            Self::Solves => history.solves.into(),
            Self::Failures => history.failures.into(),
            Self::Restrictions => history.restrictions.into(),
        }
    }
}

impl Text {
    pub(super) fn eval<'s>(&'s self, sight: &'s impl Sight) -> &'s str {
        let observation = sight.observation();
        match self {
            Self::Constant(value) => value,
            Self::Method => observation.method,
            Self::Host => observation.host,
            Self::Path => observation.matched,
            Self::Query => observation.query,
            Self::UserAgent => observation.user_agent,
            Self::Sender => observation.sender.name(),
            Self::Account => observation.account.unwrap_or_default(),
            Self::Country => sight.country(),
            Self::Device => sight.device(),
            Self::Crawler => sight.facts().and_then(|facts| facts.reputation.verified()).unwrap_or_default(),
            // A header that is not UTF-8 compares as empty; the gateway refuses control characters before.
            Self::Header(name) => {
                observation.headers.value(name).and_then(|v| std::str::from_utf8(v).ok()).unwrap_or_default()
            }
        }
    }
}
