use std::collections::HashMap;

use foldhash::fast::RandomState;
use serde::Deserialize;
use spigot_decision::Millis;
use spigot_decision::policy::Wide;

use super::{Ends, Entries, Span, go_duration, too_many};

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
    /// How long it is still in force.
    #[serde(default)]
    duration: Option<String>,
}

/// The decisions that are in force, kept up to date by what the stream tells, each with its end where it told one.
#[derive(Clone, Debug, Default)]
pub struct Decisions {
    held: HashMap<(Box<str>, Subject), Option<Millis>, RandomState>,
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
    pub fn follow(&mut self, bytes: &[u8], types: &[String], most: usize, now: Millis) -> Result<(), String> {
        let stream: Stream = serde_json::from_slice(bytes)
            .map_err(|error| format!("it is no answer of CrowdSec's decisions stream: {error}"))?;
        let wanted = |one: &Decided| {
            types.is_empty() || types.iter().any(|wanted| wanted.eq_ignore_ascii_case(&one.kind))
        };
        // That something has ended is told, too; should the answer have been lost, it ends all the same.
        self.held.retain(|_, end| end.is_none_or(|end| now < end));
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
                    let end = one.end(now);
                    if end.is_some_and(|end| end <= now) {
                        continue;
                    }
                    // Several decisions may be the same but for their end: it holds until the last of them.
                    let later = |held: &mut Option<Millis>| *held = held.zip(end).map(|(a, b)| a.max(b));
                    let key = (one.kind.to_ascii_lowercase().into(), subject);
                    self.held.entry(key).and_modify(later).or_insert(end);
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
        for (_, subject) in self.held.keys() {
            match subject {
                Subject::Span(span) => entries.push(*span),
                Subject::Wide(wide) => entries.wide.push(*wide),
            }
        }
        entries.settle();
        entries
    }

    /// When they end, those that do: what several types of decisions are about, with the last of them.
    #[must_use]
    pub fn ends(&self) -> Ends {
        let mut ends: HashMap<Subject, Option<Millis>, RandomState> = HashMap::default();
        for ((_, subject), end) in &self.held {
            let later = |before: &mut Option<Millis>| *before = before.zip(*end).map(|(a, b)| a.max(b));
            ends.entry(*subject).and_modify(later).or_insert(*end);
        }
        let written = |(subject, end): (Subject, Option<Millis>)| {
            let text = match subject {
                Subject::Span(span) => span.to_string(),
                Subject::Wide(wide) => wide.to_string(),
            };
            Some((text, end?))
        };
        ends.into_iter().filter_map(written).collect()
    }
}

impl Decided {
    /// `None` when it tells none that can be read: it holds until it is taken away.
    fn end(&self, now: Millis) -> Option<Millis> {
        self.duration.as_deref().and_then(go_duration).map(|millis| Millis(now.0.saturating_add(millis)))
    }

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
