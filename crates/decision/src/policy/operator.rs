use super::{Demoted, Pattern, PrefixMap, TrustedKey, Wide};
use crate::subject::Prefix;
use crate::{Action, Facts, Millis, Observation};

/// What operators set while Spigot runs. It is part of the snapshot that decides, so no request sees half of a change.
#[derive(Clone, Debug, Default)]
pub struct Operator {
    /// Challenges forced on endpoints.
    pub forced: Vec<Forced>,
    /// Exceptions, those of the policy's text first.
    pub exceptions: Vec<Exception>,
    /// Entries of the operator's own allowlist.
    pub allow: PrefixMap<Entry>,
    /// Entries of the operator's own denylist.
    pub deny: PrefixMap<Entry>,
    /// Entries of both lists that are about more than addresses.
    pub wide: Vec<WideEntry>,
    /// Restrictions that an operator set by hand.
    pub holds: PrefixMap<Hold>,
    /// What the breaker demoted.
    pub demoted: Vec<Demoted>,
    /// What it must not demote, by the same names; [`EVERYTHING`] for all.
    pub kept: Vec<String>,
    /// API keys of trusted clients.
    pub keys: Vec<TrustedKey>,
    /// Which change of the operator's settings this is; part of the revision.
    pub change: u64,
}

/// Stands for every reason among those that are to stay in force.
pub const EVERYTHING: &str = "everything";

impl Operator {
    /// The entry of one list about the client's network, country or fingerprint, that holds now.
    #[must_use]
    pub fn wide_entry(
        &self,
        allows: bool,
        observation: &Observation<'_>,
        facts: &Facts,
        now: Millis,
    ) -> Option<Wide> {
        let mut entries = self.wide.iter().filter(|wide| wide.allows == allows && wide.entry.holds(now));
        entries
            .find(|wide| wide.wide.is(&observation.layers, facts.network, facts.country))
            .map(|wide| wide.wide)
    }

    /// Whether the breaker must leave a reason alone.
    #[must_use]
    pub fn keeps(&self, name: &str) -> bool {
        self.kept.iter().any(|kept| kept == name || kept == EVERYTHING)
    }
}

/// A challenge forced on everybody at one endpoint: the `manual` trigger.
#[derive(Clone, Debug)]
pub struct Forced {
    /// Which requests.
    pub pattern: Pattern,
    /// On which host; every host when absent.
    pub host: Option<String>,
    /// Until when; without end when absent.
    pub until: Option<Millis>,
    /// Who did it.
    pub author: String,
    /// Why.
    pub reason: String,
}

/// A stored softening.
#[derive(Clone, Debug)]
pub struct Exception {
    /// Its name.
    pub name: String,
    /// For which addresses; everybody when absent.
    pub prefix: Option<Prefix>,
    /// For which routes, by name; every route when empty.
    pub routes: Vec<String>,
    /// From when.
    pub start: Millis,
    /// Until when.
    pub end: Millis,
    /// What it softens.
    pub relief: Relief,
    /// Who made it.
    pub author: String,
    /// Why.
    pub reason: String,
    /// It stands in the policy's text, not in the operator's settings.
    pub from_policy: bool,
    /// It counts for nobody who is denied: who made it may not undo what an operator denies.
    pub yields: bool,
}

/// What an exception softens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relief {
    /// Requests pass.
    Pass,
    /// Triggers and limits allow so many thousandths of what they allow otherwise.
    Scale(u32),
}

/// An entry of the operator's allowlist or denylist.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Until when; without end when absent.
    pub until: Option<Millis>,
    /// Who made it.
    pub author: String,
    /// Why.
    pub note: String,
}

/// A restriction that an operator set by hand.
#[derive(Clone, Debug)]
pub struct Hold {
    /// What it does.
    pub action: Action,
    /// When it ends.
    pub end: Millis,
    /// Who set it.
    pub author: String,
    /// Why.
    pub reason: String,
}

/// An entry about a whole network, a country or a fingerprint.
#[derive(Clone, Debug)]
pub struct WideEntry {
    /// What it is about.
    pub wide: Wide,
    /// It stands on the allowlist; otherwise on the denylist.
    pub allows: bool,
    /// Until when, by whom, and why.
    pub entry: Entry,
}

impl Entry {
    /// Whether it holds at `now`; the end is not included.
    #[must_use]
    pub fn holds(&self, now: Millis) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

impl Exception {
    /// Whether it holds for this client and route at `now`. The start is included, the end is not.
    #[must_use]
    pub fn holds(&self, client: std::net::IpAddr, route: &str, now: Millis) -> bool {
        self.start <= now
            && now < self.end
            && self.prefix.is_none_or(|prefix| prefix.contains(client))
            && (self.routes.is_empty() || self.routes.iter().any(|name| name == route))
    }
}
