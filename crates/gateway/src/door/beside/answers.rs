//! Answers that wait until somebody comes for them.

use bytes::Bytes;
use http::Response;
use spigot_challenge::{from_text, to_text};
use spigot_decision::Millis;

use crate::entropy::random;
use crate::shelf::Shelf;

/// A server comes back at once, a client by its next request.
const LIFE_MILLIS: i64 = 30_000;
/// A page with a challenge has about 8 KiB: a thousand that were asked for and not yet fetched.
const BYTES: u64 = 16 << 20;

/// The answers, each for whoever knows its ticket, once.
pub(crate) struct Answers(Shelf<Response<Bytes>>);

impl Default for Answers {
    fn default() -> Self {
        Self(Shelf::new(LIFE_MILLIS))
    }
}

impl Answers {
    /// Keeps an answer, under a ticket that nobody guesses; `None` when there is no room.
    pub(super) fn keep(&self, answer: Response<Bytes>, now: Millis) -> Option<String> {
        let id = random();
        let fields: usize =
            answer.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        let bytes = (answer.body().len() + fields) as u64;
        self.0.put(id, answer, bytes, BYTES, now).then(|| to_text(&id))
    }

    /// Takes out the answer of a ticket.
    pub(super) fn take(&self, ticket: &str) -> Option<Response<Bytes>> {
        let id = from_text(ticket)?;
        self.0.take(id.as_slice().try_into().ok()?, |_| true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_once_and_for_its_ticket() {
        let answers = Answers::default();
        let ticket = answers.keep(Response::new("page".into()), Millis(0)).unwrap();
        assert!(answers.take("").is_none());
        assert!(answers.take(&to_text(&[0; 16])).is_none());
        assert_eq!(answers.take(&ticket).unwrap().body(), "page");
        assert!(answers.take(&ticket).is_none());
    }
}
