use std::sync::Arc;

use spigot_decision::Reputation;
use spigot_decision::policy::Policy;
use spigot_intel::{Named, Networks, Place, Reputations, Software};

use crate::request::Held;

/// A policy, and what is known of addresses beside it, as it is now: a log does not hold what lists said then.
#[derive(Clone, Debug)]
pub struct Ruled {
    /// The policy.
    pub policy: Arc<Policy>,
    /// What its lists hold that come from files and addresses.
    pub reputations: Arc<Reputations>,
    /// Networks and countries, for logs that do not tell them.
    pub networks: Arc<Networks>,
    /// DNS would be asked about crawlers: where it decides, nothing is known in a replay.
    pub asks_dns: bool,
}

/// A policy alone: lists hold what stands in it.
impl From<Arc<Policy>> for Ruled {
    fn from(policy: Arc<Policy>) -> Self {
        Self { policy, reputations: Arc::default(), networks: Arc::default(), asks_dns: false }
    }
}

impl Ruled {
    /// Where a client is: what the log tells, or else what the data files say now.
    pub(crate) fn place(&self, held: &Held) -> Place {
        let told = Place { network: held.told.network, country: held.told.country };
        if told == Place::default() { self.networks.place(held.client) } else { told }
    }

    /// What lists say of a client, and whether it is the crawler that it says it is.
    pub(crate) fn reputation(&self, held: &Held, software: Software, place: Place) -> Reputation {
        // Neither logs nor events tell the layers of a fingerprint apart.
        let lists = self.reputations.find(held.client, &[0; 3], place);
        let named = || if self.asks_dns { Named::Unknown } else { Named::Off };
        let on = lists | self.policy.lists_of(held.client, &[0; 3], place.network, place.country);
        let known = !self.networks.is_empty();
        let crawler = software
            .crawler
            .and_then(|id| self.reputations.crawler(id, held.client, on, place, known, named));
        Reputation { lists, crawler }
    }
}
