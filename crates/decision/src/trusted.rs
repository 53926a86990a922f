//! Trusted clients: what a request proved of its sender, and what that is worth.

use crate::policy::{Policy, Worth};
use crate::{Evidence, Millis, ReasonKind, Source};

/// What a client proved of itself, and what it failed to prove. Nothing of both is the usual.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trusted {
    /// Who it is.
    pub proven: Option<Proven>,
    /// Why a proof that it brought does not hold, in words.
    pub failed: Option<&'static str>,
}

/// Who a client proved to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proven {
    /// The policy's entry, by index.
    pub entry: u16,
    /// Which of the operator's keys it was, by index, where it was one.
    pub key: Option<u16>,
}

impl Proven {
    /// What a reason names.
    pub(crate) fn source(self) -> Source {
        self.key.map_or(Source::Trusted(self.entry), Source::TrustedKey)
    }

    /// Its name in the policy or among the operator's keys.
    #[must_use]
    pub fn name(self, policy: &Policy) -> &str {
        policy.source_name(self.source())
    }

    /// Whether it means anything on a route at `now`.
    #[must_use]
    pub fn is_for(self, policy: &Policy, route: &str, now: Millis) -> bool {
        let among = |routes: &[String]| routes.is_empty() || routes.iter().any(|name| name == route);
        let Some(entry) = policy.trusted.get(usize::from(self.entry)) else { return false };
        let key = match self.key {
            Some(index) => policy.operator.keys.get(usize::from(index)).is_some_and(|key| {
                among(&key.routes) && key.until.is_none_or(|until| now < until) && key.entry == entry.name
            }),
            None => true,
        };
        key && among(&entry.routes)
    }

    /// How many requests it may make, and in how many milliseconds: the key's own rate goes before its entry's.
    pub(crate) fn rate(self, policy: &Policy) -> Option<(u32, u64)> {
        let of_key = self.key.and_then(|index| policy.operator.keys.get(usize::from(index))?.rate);
        of_key.or_else(|| policy.trusted.get(usize::from(self.entry))?.rate)
    }

    /// What it is worth on a route, and how that is told.
    pub(crate) fn worth(
        self,
        policy: &Policy,
        route: &str,
        now: Millis,
    ) -> (Option<Worth>, ReasonKind, Evidence) {
        let entry = policy.trusted.get(usize::from(self.entry));
        match entry.map(|entry| entry.gives).filter(|_| self.is_for(policy, route, now)) {
            Some(worth @ Worth::Pass) => (Some(worth), ReasonKind::Softens, Evidence::None),
            Some(worth @ Worth::Level(level)) => (Some(worth), ReasonKind::Softens, Evidence::Level(level)),
            Some(worth @ Worth::LessRisk(by)) => (Some(worth), ReasonKind::Takes(by), Evidence::None),
            None => (None, ReasonKind::Tells, Evidence::Word("a trusted client of other routes")),
        }
    }
}
