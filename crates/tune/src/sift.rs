//! Who somebody was.

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use spigot_decision::{Keys, Subject};
use spigot_event::{Record, RecordChallenge};

use crate::CLIENTS_MAX;

/// What a client is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A person.
    Person,
    /// A program that nobody asked for.
    Bot,
}

/// An address with a user agent on a host: as near to a client as events tell.
pub(crate) type Client = u64;

/// Fixed, so that the same events give the same report.
const KEYS: Keys = Keys(0x7769_6c6c_2062_6520, 0x7475_6e65_6420_6279);

/// `None` for events that tell no address.
pub(crate) fn client(record: &Record) -> Option<Client> {
    let parts = [&record.client, &record.user_agent, &record.host].map(|text| Subject::Text(text.as_bytes()));
    (!record.client.is_empty()).then(|| KEYS.hash(0, &parts))
}

const PERSON: u8 = 1;
const BOT: u8 = 2;
const MARKED_PERSON: u8 = 4;
const MARKED_BOT: u8 = 8;
/// It proved who it is, such as a verified crawler: neither of both.
const PROVEN: u8 = 16;

/// Findings that no person brings about. They make somebody a bot, so they say nothing about their own weight.
pub(crate) const TELLING: [&str; 2] = ["spam_detected", "failures_behind"];
/// Refusals of submissions that no honest client comes to.
const FORGED: [&str; 4] = ["forged", "malformed", "wrong", "not_vouched"];

pub(crate) struct Sift<'m> {
    marks: &'m HashMap<String, Kind>,
    seen: HashMap<Client, u8>,
    pub(crate) marks_found: u64,
    pub(crate) events: u64,
}

impl<'m> Sift<'m> {
    pub(crate) fn new(marks: &'m HashMap<String, Kind>) -> Self {
        Self { marks, seen: HashMap::new(), marks_found: 0, events: 0 }
    }

    pub(crate) fn take(&mut self, record: &Record) {
        self.events += 1;
        let mut found = told(record);
        if let Some(kind) = self.marks.get(&record.id) {
            self.marks_found += 1;
            found |= if *kind == Kind::Person { MARKED_PERSON } else { MARKED_BOT };
        }
        let Some(client) = client(record).filter(|_| found != 0) else { return };
        if self.seen.len() < CLIENTS_MAX || self.seen.contains_key(&client) {
            *self.seen.entry(client).or_default() |= found;
        }
    }

    /// What a client is taken for; `None` when nothing is known, or one thing and its contrary.
    pub(crate) fn kind(&self, client: Client) -> Option<Kind> {
        let seen = *self.seen.get(&client)?;
        match seen & (MARKED_PERSON | MARKED_BOT) {
            MARKED_PERSON => return Some(Kind::Person),
            MARKED_BOT => return Some(Kind::Bot),
            0 => {}
            _ => return None,
        }
        match seen {
            PERSON => Some(Kind::Person),
            BOT => Some(Kind::Bot),
            _ => None,
        }
    }

    /// Clients that are taken for people, for bots, and for neither because what they did contradicts itself.
    pub(crate) fn counts(&self) -> (u64, u64, u64) {
        self.seen.keys().fold((0, 0, 0), |(people, bots, unclear), client| match self.kind(*client) {
            Some(Kind::Person) => (people + 1, bots, unclear),
            Some(Kind::Bot) => (people, bots + 1, unclear),
            None => (people, bots, unclear + 1),
        })
    }
}

fn told(record: &Record) -> u8 {
    let mut found = 0;
    for reason in &record.reasons {
        found |= match (reason.kind.as_str(), reason.name.as_str()) {
            ("signal", name) if TELLING.contains(&name) => BOT,
            ("flow", "repeated_failures" | "restriction") => BOT,
            ("proof", _) => PROVEN,
            _ => 0,
        };
    }
    if let Some(RecordChallenge { kind, result, .. }) = &record.challenge {
        // A wait proves patience and nothing else.
        if result == "solved" && kind != "wait" {
            found |= PERSON;
        }
        if kind != "token" && FORGED.contains(&result.as_str()) {
            found |= BOT;
        }
    }
    found
}
