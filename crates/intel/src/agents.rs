use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use spigot_decision::{Agent, Device};

use crate::CrawlerId;

/// What is known of the client software that a user agent names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Software {
    /// What it says of itself.
    pub agent: Agent,
    /// The device class that it claims.
    pub device: Option<&'static str>,
    /// The crawler that it says it is, of those that can be verified.
    pub crawler: Option<CrawlerId>,
}

impl Software {
    /// Reads a user agent.
    #[must_use]
    pub fn of(user_agent: &str) -> Self {
        let agent = Agent::of(user_agent);
        Self { agent, device: agent.device.map(Device::name), crawler: CrawlerId::declared(user_agent) }
    }
}

/// User agents that were read lately, so that each is read once and not with every request.
///
/// Bounded: a fixed number of places, each for one user agent of at most 512 bytes. Two that fall on one
/// place take turns in it, and longer ones are read every time: either costs time in proportion to what was sent,
/// nothing else.
#[derive(Debug)]
pub struct Agents {
    places: Box<[Place]>,
    hasher: RandomState,
}

/// Longer than what any browser sends; together with the number of places half a mebibyte per thread at most.
const LENGTH_MAX: usize = 512;
/// A thread meets some hundred different user agents in a minute on a busy site.
const PLACES: usize = 1024;

type Place = Option<(Box<str>, Software)>;

impl Default for Agents {
    fn default() -> Self {
        Self { places: vec![None; PLACES].into(), hasher: RandomState::default() }
    }
}

impl Agents {
    /// What is known of the software that `user_agent` names; the same as [`Software::of`].
    #[must_use]
    pub fn read(&mut self, user_agent: &str) -> Software {
        if user_agent.len() > LENGTH_MAX {
            return Software::of(user_agent);
        }
        let place = &mut self.places[self.hasher.hash_one(user_agent) as usize % PLACES];
        match place {
            Some((known, software)) if **known == *user_agent => *software,
            _ => place.insert((user_agent.into(), Software::of(user_agent))).1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_as_reading() {
        let mut agents = Agents::default();
        let long = "sqlmap/1.8 ".repeat(100);
        // Twice as many as there are places, so that some take turns; each is asked again at once and once more later.
        let all: Vec<String> =
            (0..2 * PLACES).map(|n| format!("curl/8.{n}")).chain([long, String::new()]).collect();
        for user_agent in all.iter().flat_map(|one| [one, one]).chain(&all) {
            assert_eq!(agents.read(user_agent), Software::of(user_agent), "{user_agent}");
        }
        assert!(agents.places.iter().flatten().all(|(known, _)| known.len() <= LENGTH_MAX));
    }
}
