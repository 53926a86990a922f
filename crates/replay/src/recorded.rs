//! Requests as Spigot's own events tell them, which is more than an access log does.

use std::net::IpAddr;

use hashbrown::HashMap;
use spigot_accesslog::{Record, Reject};
use spigot_decision::policy::Policy;
use spigot_decision::{Keys, Level, Millis, Prefix, Presented, Sender, Subject};

/// One request of Spigot's own events.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// When it was decided.
    pub time: Millis,
    /// The client; `None` where the event holds no address.
    pub client: Option<IpAddr>,
    /// Host in lower case.
    pub host: String,
    /// Method.
    pub method: String,
    /// Normalised path, without query.
    pub path: String,
    /// User agent, empty when there was none.
    pub user_agent: String,
    /// Who waited for the answer; guessed as for an access log when absent.
    pub sender: Option<Sender>,
    /// The device class; read from the user agent when absent.
    pub device: Option<&'static str>,
    /// Network number (ASN), where known.
    pub network: Option<u32>,
    /// ISO 3166-1 country code in upper case, where known.
    pub country: Option<[u8; 2]>,
    /// Its fingerprints as one number, where known.
    pub fingerprint: Option<u64>,
    /// The level of the clearance that came with it.
    pub clearance: Option<Level>,
    /// The clearance that it was answered with.
    pub given: Option<Given>,
    /// The application's answer; `None` when it was not asked, which is no failure of anybody.
    pub status: Option<u16>,
}

/// What a clearance was given for: what remains for browsers that cannot do the puzzle buys less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// The puzzle.
    Puzzle,
    /// The fallback, or a wait.
    Fallback,
}

impl Recorded {
    /// What an access log would have.
    pub(crate) fn line(&self) -> Result<Record<'_>, Reject> {
        Ok(Record {
            time_millis: self.time.0,
            client: self.client.ok_or(Reject::NoClient)?.to_canonical(),
            method: &self.method,
            target: &self.path,
            protocol: "",
            host: Some(&self.host),
            status: self.status.unwrap_or(0),
            bytes: 0,
            referer: None,
            user_agent: Some(&*self.user_agent).filter(|agent| !agent.is_empty()),
            user: None,
            forwarded_for: None,
            request_seconds: None,
            request_malformed: false,
            malformed_request: "",
        })
    }
}

/// What a request's source tells of it beyond a line of a log.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Told {
    pub(crate) sender: Option<Sender>,
    pub(crate) device: Option<&'static str>,
    pub(crate) network: Option<u32>,
    pub(crate) country: Option<[u8; 2]>,
    pub(crate) fingerprint: Option<u64>,
    pub(crate) clearance: Option<Shown>,
}

/// A clearance that came with a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown {
    id: u64,
    level: Level,
    given: Given,
}

impl Shown {
    /// As the policy would have given it.
    pub(crate) fn under(self, policy: &Policy) -> Presented {
        let settings = &policy.challenge;
        let (life_millis, quota) = match self.given {
            Given::Puzzle => (settings.clearance_millis, settings.clearance_quota),
            Given::Fallback => (settings.fallback_clearance_millis, settings.fallback_quota),
        };
        // How old it was is not recorded.
        Presented { id: self.id, level: self.level, quota, life_millis, age_millis: 0 }
    }
}

/// Tells clearances apart. Events have their levels and when one was given, not which it is; a clearance belongs to one
/// host and user agent and hardly ever changes its address, so it is the one that was given there last.
pub(crate) struct Clearances {
    /// By host, user agent and client: how many were given, and for what the last one.
    given: HashMap<u64, (u32, Given)>,
    /// Beyond it, clearances of further clients are one each. 24 bytes each.
    clients_max: usize,
}

/// Fixed, so that the same events give the same report.
const KEYS: Keys = Keys(0x5370_6967_6f74_2063, 0x6c65_6172_616e_6365);

impl Clearances {
    pub(crate) fn new(clients_max: usize) -> Self {
        Self { given: HashMap::new(), clients_max }
    }

    /// What came with a request, and notes what it was answered with.
    pub(crate) fn of(&mut self, recorded: &Recorded) -> Option<Shown> {
        if recorded.clearance.is_none() && recorded.given.is_none() {
            return None;
        }
        let client = Subject::Address(Prefix::client(recorded.client?));
        let (host, agent) = (recorded.host.as_bytes(), recorded.user_agent.as_bytes());
        let holder = [client, Subject::Text(host), Subject::Text(agent)].map(|part| KEYS.subject(part));
        let holder = KEYS.key(0, &holder);
        let (number, given) = self.given.get(&holder).copied().unwrap_or((0, Given::Puzzle));
        if let Some(now_given) = recorded.given
            && (number > 0 || self.given.len() < self.clients_max)
        {
            self.given.insert(holder, (number.saturating_add(1), now_given));
        }
        let id = holder.wrapping_add(u64::from(number));
        recorded.clearance.map(|level| Shown { id, level, given })
    }
}
