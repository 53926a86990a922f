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
///
/// Apart by who comes for them: clients that were sent on and never come must not take the room of a server that does.
pub(crate) struct Answers {
    for_servers: Shelf<Response<Bytes>>,
    for_clients: Shelf<Response<Bytes>>,
}

/// Who comes for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comes {
    /// The server that asked.
    Server,
    /// The client, by a redirection.
    Client,
}

impl Default for Answers {
    fn default() -> Self {
        Self { for_servers: Shelf::new(LIFE_MILLIS), for_clients: Shelf::new(LIFE_MILLIS) }
    }
}

impl Answers {
    /// Keeps an answer, under a ticket that nobody guesses; `None` when there is no room.
    pub(super) fn keep(&self, answer: Response<Bytes>, who: Comes, now: Millis) -> Option<String> {
        let id = random();
        let fields: usize =
            answer.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        let bytes = (answer.body().len() + fields) as u64;
        self.shelf(who).put(id, answer, bytes, BYTES, now).then(|| to_text(&id))
    }

    /// Takes out the answer of a ticket.
    pub(super) fn take(&self, ticket: &str, who: Comes) -> Option<Response<Bytes>> {
        let id = from_text(ticket)?;
        self.shelf(who).take(id.as_slice().try_into().ok()?, |_| true)
    }

    fn shelf(&self, who: Comes) -> &Shelf<Response<Bytes>> {
        match who {
            Comes::Server => &self.for_servers,
            Comes::Client => &self.for_clients,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_once_and_for_its_ticket() {
        let answers = Answers::default();
        let ticket = answers.keep(Response::new("page".into()), Comes::Server, Millis(0)).unwrap();
        assert!(answers.take("", Comes::Server).is_none());
        assert!(answers.take(&to_text(&[0; 16]), Comes::Server).is_none());
        assert!(answers.take(&ticket, Comes::Client).is_none(), "no client fetches what a server comes for");
        assert_eq!(answers.take(&ticket, Comes::Server).unwrap().body(), "page");
        assert!(answers.take(&ticket, Comes::Server).is_none());
    }

    #[test]
    fn clients_that_do_not_come_take_no_room_of_servers() {
        let answers = Answers::default();
        let page = || Response::new(Bytes::from(vec![b'x'; 1 << 20]));
        let kept = (0..64).take_while(|_| answers.keep(page(), Comes::Client, Millis(0)).is_some()).count();
        assert!((1..64).contains(&kept), "bounded: {kept}");
        assert!(answers.keep(page(), Comes::Server, Millis(0)).is_some());
        assert!(answers.keep(page(), Comes::Client, Millis(LIFE_MILLIS + 1)).is_some(), "their time ends");
    }
}
