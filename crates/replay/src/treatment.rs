use serde::{Deserialize, Serialize};

/// What would have happened to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Treatment {
    /// It passes.
    Allow,
    /// It passes and is marked.
    Log,
    /// Its client is slowed, and this one passes at the trickle.
    Trickle,
    /// The route asks everybody once; taken as solved.
    Standing,
    /// Its client is slowed, and this one gets 429.
    Throttle,
    /// A challenge because of what was found.
    Challenge,
    /// A believable success.
    Shadow,
    /// 403.
    Block,
}

impl Treatment {
    /// Every treatment, weakest first.
    pub const ALL: [Self; 8] = [
        Self::Allow,
        Self::Log,
        Self::Trickle,
        Self::Standing,
        Self::Throttle,
        Self::Challenge,
        Self::Shadow,
        Self::Block,
    ];

    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Log => "log",
            Self::Trickle => "trickle",
            Self::Standing => "standing",
            Self::Throttle => "throttle",
            Self::Challenge => "challenge",
            Self::Shadow => "shadow",
            Self::Block => "block",
        }
    }

    /// Whether the request does not reach the application because of what was found.
    #[must_use]
    pub fn stops(self) -> bool {
        self >= Self::Throttle
    }
}

/// How many requests met which treatment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Treatments {
    /// [`Treatment::Allow`].
    pub allow: u64,
    /// [`Treatment::Log`].
    pub log: u64,
    /// [`Treatment::Trickle`].
    pub trickle: u64,
    /// [`Treatment::Standing`].
    pub standing: u64,
    /// [`Treatment::Throttle`].
    pub throttle: u64,
    /// [`Treatment::Challenge`].
    pub challenge: u64,
    /// [`Treatment::Shadow`].
    pub shadow: u64,
    /// [`Treatment::Block`].
    pub block: u64,
}

impl Treatments {
    /// Counts one request.
    pub fn add(&mut self, treatment: Treatment) {
        *self.count_mut(treatment) += 1;
    }

    /// The requests with one treatment.
    #[must_use]
    pub fn count(&self, treatment: Treatment) -> u64 {
        let mut copy = *self;
        *copy.count_mut(treatment)
    }

    /// The requests that would have been stopped.
    #[must_use]
    pub fn stopped(&self) -> u64 {
        self.throttle + self.challenge + self.shadow + self.block
    }

    fn count_mut(&mut self, treatment: Treatment) -> &mut u64 {
        match treatment {
            Treatment::Allow => &mut self.allow,
            Treatment::Log => &mut self.log,
            Treatment::Trickle => &mut self.trickle,
            Treatment::Standing => &mut self.standing,
            Treatment::Throttle => &mut self.throttle,
            Treatment::Challenge => &mut self.challenge,
            Treatment::Shadow => &mut self.shadow,
            Treatment::Block => &mut self.block,
        }
    }
}
