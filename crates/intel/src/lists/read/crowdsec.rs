use std::collections::HashSet;

use foldhash::fast::RandomState;
use serde::Deserialize;
use spigot_decision::policy::Wide;

use super::{Entries, Span, too_many};

/// `GET /v1/decisions/stream` (CrowdSec LAPI, `GetDecisionsStreamResponse`). Each half may be `null`.
#[derive(Deserialize)]
struct Stream {
    new: Option<Vec<Decided>>,
    deleted: Option<Vec<Decided>>,
}

/// Scopes are `Ip`, `Range`, `Country`, `AS`, or something that Spigot knows nothing of, such as a user's name.
#[derive(Deserialize)]
struct Decided {
    scope: String,
    value: String,
    /// What its author wants: `ban`, `captcha`, `throttle`, or a word of the operator's.
    #[serde(default, rename = "type")]
    kind: String,
}

/// The decisions that are in force, kept up to date by what the stream tells.
#[derive(Clone, Debug, Default)]
pub struct Decisions {
    held: HashSet<(Box<str>, Subject), RandomState>,
    unread: usize,
}

/// What is decided about. One that two types of decisions are about is on the list until both are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Subject {
    Span(Span),
    Wide(Wide),
}

impl Decisions {
    /// Takes one answer: what went goes first, because something that went and came again holds.
    ///
    /// # Errors
    /// Why it cannot be read, or that more than `most` are in force. What is held is not to be used then.
    pub fn follow(&mut self, bytes: &[u8], types: &[String], most: usize) -> Result<(), String> {
        let stream: Stream = serde_json::from_slice(bytes)
            .map_err(|error| format!("it is no answer of CrowdSec's decisions stream: {error}"))?;
        let wanted = |one: &Decided| {
            types.is_empty() || types.iter().any(|wanted| wanted.eq_ignore_ascii_case(&one.kind))
        };
        for one in stream.deleted.into_iter().flatten().filter(wanted) {
            if let Some(Some(subject)) = one.subject() {
                self.held.remove(&(one.kind.to_ascii_lowercase().into(), subject));
            }
        }
        for one in stream.new.into_iter().flatten().filter(wanted) {
            match one.subject() {
                None => {}
                Some(None) => self.unread += 1,
                Some(Some(subject)) => {
                    self.held.insert((one.kind.to_ascii_lowercase().into(), subject));
                    if self.held.len() > most {
                        return Err(too_many(most));
                    }
                }
            }
        }
        Ok(())
    }

    /// Whom they are about.
    #[must_use]
    pub fn entries(&self) -> Entries {
        let mut entries = Entries { unread: self.unread, ..Entries::default() };
        for (_, subject) in &self.held {
            match subject {
                Subject::Span(span) => entries.push(*span),
                Subject::Wide(wide) => entries.wide.push(*wide),
            }
        }
        entries.settle();
        entries
    }
}

impl Decided {
    /// `None` when the scope is not known, `Some(None)` when its value cannot be read.
    fn subject(&self) -> Option<Option<Subject>> {
        let value = self.value.trim();
        Some(match self.scope.to_ascii_lowercase().as_str() {
            "ip" | "range" => Span::parse(value).map(Subject::Span),
            "country" => Wide::parse(&format!("country:{value}")).map(Subject::Wide),
            "as" => {
                let number = value.trim_start_matches(['A', 'a', 'S', 's']);
                Wide::parse(&format!("AS{number}")).map(Subject::Wide)
            }
            _ => return None,
        })
    }
}
