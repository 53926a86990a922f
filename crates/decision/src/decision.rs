use crate::policy::Trigger;
use crate::subject::Prefix;
use crate::{Count, Millis, OverBudget};

/// What is done to a request, weakest first: the order is the order of strength.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// It passes.
    Allow,
    /// It passes and its event is kept and marked.
    Log,
    /// It passes at a trickle, otherwise 429 with `Retry-After`.
    Throttle,
    /// The client has to solve a challenge first.
    Challenge,
    /// A believable success that changes nothing.
    Shadow,
    /// 403 with the decision's id.
    Block,
}

impl Action {
    /// Every action, weakest first.
    pub const ALL: [Self; 6] =
        [Self::Allow, Self::Log, Self::Throttle, Self::Challenge, Self::Shadow, Self::Block];

    /// Its name in configuration, events and headers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Log => "log",
            Self::Throttle => "throttle",
            Self::Challenge => "challenge",
            Self::Shadow => "shadow",
            Self::Block => "block",
        }
    }

    /// Reads a name back.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }
}

/// Whether a route's decisions are carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// They are.
    Enforce,
    /// They are computed and recorded, and nothing is done.
    Monitor,
}

/// How much assurance a clearance carries, and how much a route demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// A short puzzle, or the timed wait without JavaScript.
    Low = 1,
    /// The default puzzle.
    Medium = 2,
    /// A long puzzle.
    High = 3,
}

impl Level {
    /// Every level, weakest first.
    pub const ALL: [Self; 3] = [Self::Low, Self::Medium, Self::High];

    /// Its name in configuration and events.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }

    /// The level with a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }

    /// The level of a number from 1 to 3.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|level| *level as u8 == number)
    }
}

/// What a challenge has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// The level that its clearance will have.
    pub level: Level,
    /// How often the work of that level is doubled because of the risk, at most 3.
    pub doublings: u8,
}

/// Which named thing in the policy gave a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// One of the five triggers.
    Trigger(Trigger),
    /// A signal, by its index in [`crate::signal::SIGNALS`].
    Signal(u8),
    /// A limit, by its index in the policy.
    Limit(u16),
    /// A rule, by its index in the policy.
    Rule(u16),
    /// A list, by its index in the policy.
    List(u16),
    /// An exception of the operator, by its index.
    Exception(u16),
    /// The operator's own allowlist.
    OperatorAllows,
    /// The risk reached a threshold.
    Risk,
    /// The route always asks.
    SensitiveRoute,
    /// The source's failures repeat.
    RepeatedFailures,
    /// A restriction is in force.
    Restriction,
    /// A clearance of sufficient level was presented.
    Clearance,
    /// The clearance has been used as often as it may be.
    QuotaUsedUp,
    /// The clearance is older than the route takes it.
    ClearanceTooOld,
    /// A clearance was presented from a network where it does not hold, or no longer.
    ClearanceElsewhere,
    /// The state could not be asked.
    StateUnavailable,
    /// The client is the crawler that it says it is.
    VerifiedCrawler,
    /// The client's cohort has used up what the route's budget allows it.
    CohortBudget,
    /// The account is locked to this client for a time.
    AccountLocked,
    /// Attempts of this client, or on this account, failed again and again.
    FailedAttempts,
    /// A trusted client, by its index in the policy.
    Trusted(u16),
    /// A trusted client by its API key, by index among the operator's.
    TrustedKey(u16),
}

/// What kind of contribution a reason is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReasonKind {
    /// It asks for an action.
    Asks(Action),
    /// It adds a weight to the risk.
    Adds(u8),
    /// It softens: the request passes because of it, or thresholds were raised by it.
    Softens,
    /// It takes this much from the risk.
    Takes(u8),
    /// It changes nothing and is told for the record.
    Tells,
}

/// One reason of a decision, with the value that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reason {
    /// What gave it.
    pub source: Source,
    /// What it contributed.
    pub kind: ReasonKind,
    /// What was found.
    pub evidence: Evidence,
}

/// The value behind a reason.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Evidence {
    /// The name says it all.
    None,
    /// A count over a sliding window against what is allowed.
    Count {
        /// Events in the window, this one included.
        count: u32,
        /// How many pass.
        limit: u32,
        /// The window in milliseconds.
        window_millis: u64,
    },
    /// This clock hour's volume against the mean of that hour of the day.
    Hour {
        /// Requests in this hour, this one included.
        count: u32,
        /// Mean over the days seen, in thousandths.
        mean_milli: u64,
        /// Days seen.
        days: u8,
    },
    /// Too few days were seen for a mean.
    TooFewDays {
        /// Days seen.
        days: u8,
        /// Days needed.
        needed: u8,
    },
    /// A word or phrase that was recognised.
    Word(&'static str),
    /// The address prefix that matched.
    Prefix(Prefix),
    /// Until when it holds, and which step of the ladder it is, from 1.
    Until {
        /// The end.
        end: Millis,
        /// The step.
        step: u8,
    },
    /// A risk against its threshold.
    Threshold {
        /// The risk.
        risk: u8,
        /// The threshold that it reached.
        threshold: u8,
    },
    /// A clearance's level.
    Level(Level),
    /// Something measured, against what is usual.
    Measured {
        /// What it is, by its name in the documents.
        of: &'static str,
        /// What was measured.
        value: u32,
        /// Where it begins to be unusual.
        bound: u32,
    },
    /// A cohort's requests in this clock hour against its budget.
    OverBudget(OverBudget),
    /// What a user agent says, and what contradicts it.
    Contradiction {
        /// The browser that it names.
        browser: crate::Browser,
        /// What was found instead.
        found: crate::story::Found,
    },
}

/// What is kept of the reasons at most; a policy can name more rules than that, and none is worth an unbounded event.
pub const MAX_REASONS: usize = 48;

/// One request's action, and why.
#[derive(Clone, Debug)]
pub struct Decision {
    /// What the policy asks for.
    pub action: Action,
    /// What is done: the same, or `allow` in monitor mode.
    pub effective: Action,
    /// The route, by its index in the policy.
    pub route: u16,
    /// The risk, 0 to 100.
    pub risk: u8,
    /// The reasons, in the order in which they were found; at most [`MAX_REASONS`].
    pub reasons: Vec<Reason>,
    /// What a challenge has to be, when one is asked for.
    pub demand: Option<Demand>,
    /// How a throttled client trickles: a count to be admitted by the state.
    pub trickle: Option<Count>,
    /// Seconds after which trying again makes sense, when that is known.
    pub retry_after_seconds: Option<u32>,
}

impl Decision {
    /// The reason that decided: the first that asks for the decision's action.
    #[must_use]
    pub fn deciding(&self) -> Option<&Reason> {
        self.reasons.iter().find(|reason| reason.kind == ReasonKind::Asks(self.action))
    }

    /// Whether it is refused only because the state could not be asked: that is our fault, so 503 and not 403.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        self.action == Action::Block
            && self.deciding().is_some_and(|reason| reason.source == Source::StateUnavailable)
    }
}
