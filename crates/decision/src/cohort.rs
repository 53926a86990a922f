//! Cohorts: clients that are counted together, because no single one of a large fleet does anything conspicuous.

use std::net::IpAddr;

use crate::subject::{Hashed, Keys, Prefix, Subject, canonical};

/// What groups a request's client with others, whatever it does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cohort {
    /// The number of the network (ASN) that announces its address, where known.
    pub network: Option<u32>,
    /// Its fingerprints of all layers as one number; `None` where no layer is known, as in a log.
    pub fingerprint: Option<u64>,
}

/// One layer of a fingerprint as a number: that of the header fields is one already, as 16 hexadecimal digits; every
/// other text is hashed. Without a key: whoever finds two texts of one number could as well show the other text.
#[must_use]
pub fn layer_number(text: &str) -> u64 {
    if text.len() == 16
        && let Ok(number) = u64::from_str_radix(text, 16)
    {
        return number;
    }
    let mut hasher = siphasher::sip::SipHasher13::new();
    std::hash::Hasher::write(&mut hasher, text.as_bytes());
    std::hash::Hasher::finish(&hasher)
}

/// Where no network is known, addresses that lie so close together stand for one.
const UNKNOWN_NETWORK_LENGTHS: (u8, u8) = (24, 48);

impl Cohort {
    /// The network, hashed: the autonomous system, or the /24 or /48 around an address of an unknown one.
    #[must_use]
    pub fn network_of(&self, address: IpAddr, keys: &Keys) -> Hashed {
        let (v4, v6) = UNKNOWN_NETWORK_LENGTHS;
        match self.network {
            Some(number) => keys.subject(Subject::Number(number.into())),
            None => {
                let length = if canonical(address).is_ipv4() { v4 } else { v6 };
                keys.subject(Subject::Address(Prefix::of(address, length)))
            }
        }
    }

    /// The fingerprint, hashed.
    #[must_use]
    pub fn fingerprint_of(&self, keys: &Keys) -> Option<Hashed> {
        self.fingerprint.map(|fingerprint| keys.subject(Subject::Text(&fingerprint.to_le_bytes())))
    }
}

/// How a route is held to its usual volume: no cohort of clients may do more than so many times what it usually does
/// in this hour of the day, and all of them together neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// How many times the usual, in thousandths.
    pub times_milli: u32,
    /// Requests in the hour below which nobody is ever over budget.
    pub at_least: u32,
    /// Days of which the hour must have been seen before anything is usual.
    pub needs_days: u8,
}

impl Budget {
    /// What holds where nothing is said: large enough for the chances of a small site.
    pub const USUAL: Self = Self { times_milli: 3000, at_least: 500, needs_days: 3 };
}

/// Whom a budget counts together, narrowest first: that is the order in which they are asked, and what a narrower one
/// stops costs the wider ones nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CohortLevel {
    /// One fingerprint in one network.
    Both,
    /// One network, whatever the fingerprints: they cost nothing to change.
    Network,
    /// One fingerprint, whatever the networks: addresses can be rented by the million.
    Fingerprint,
    /// Everybody on the route.
    Route,
}

impl CohortLevel {
    /// Every level, narrowest first.
    pub const ALL: [Self; 4] = [Self::Both, Self::Network, Self::Fingerprint, Self::Route];

    /// Who that is, in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Both => "this fingerprint in this network",
            Self::Network => "this network",
            Self::Fingerprint => "this fingerprint",
            Self::Route => "everybody here",
        }
    }
}

/// What to count for a route's budget.
#[derive(Clone, Copy, Debug)]
pub struct PlannedBudget {
    /// The cohorts of [`CohortLevel::ALL`] but the last, which needs none; `None` where the request has no such part.
    pub keys: [Option<u64>; 3],
    /// What is allowed, before exceptions.
    pub budget: Budget,
    /// What exceptions allow of it, in thousandths.
    pub scale_milli: u32,
    /// The client holds a clearance that is good enough here: it is counted, and over no budget.
    pub cleared: bool,
}

/// A budget that was used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverBudget {
    /// Whose.
    pub level: CohortLevel,
    /// It is that of all who are too rare to have one of their own.
    pub shared: bool,
    /// Requests in this clock hour, this one included.
    pub count: u32,
    /// How many pass.
    pub budget: u32,
}
