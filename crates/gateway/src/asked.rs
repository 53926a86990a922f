//! What open challenges were asked for. A solution comes to an address of our own; its count belongs to the route that
//! asked, and to the reasons.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use spigot_challenge::Challenge;
use spigot_decision::Millis;
use spigot_event::Asked;

/// As many as the breaker follows. Of what a flood pushes out, solutions are counted under their own address.
const OPEN_MAX: usize = 65_536;

/// Who is late gets a fresh challenge, which is for the same.
const LATE_MILLIS: i64 = 10 * 60_000;

type Id = [u8; 16];

/// Challenges that may still be solved.
#[derive(Default)]
pub(crate) struct OpenChallenges {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    asked: HashMap<Id, Arc<Asked>>,
    /// Oldest first, with their ends.
    order: VecDeque<(i64, Id)>,
}

impl OpenChallenges {
    /// A challenge goes out.
    pub(crate) fn open(&self, challenge: &Challenge, asked: Arc<Asked>, now: Millis) {
        let mut inner = self.inner.lock();
        // Ends are nearly in order; a longer life before others keeps them a while longer, and no more of them.
        while let Some((end, id)) = inner.order.front().copied()
            && (end + LATE_MILLIS <= now.0 || inner.order.len() >= OPEN_MAX)
        {
            inner.order.pop_front();
            inner.asked.remove(&id);
        }
        inner.order.push_back((challenge.expires_millis, challenge.id));
        inner.asked.insert(challenge.id, asked);
    }

    /// Another one takes the place of one, or follows it.
    pub(crate) fn follow(&self, before: &Id, next: &Challenge, now: Millis) {
        if let Some(asked) = self.of(before) {
            self.open(next, asked, now);
        }
    }

    /// What it was asked for. It stays: a wrong answer may be followed by a right one.
    pub(crate) fn of(&self, id: &Id) -> Option<Arc<Asked>> {
        self.inner.lock().asked.get(id).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use spigot_challenge::{Binding, Keyring, Kind, Secret, Terms, issue};
    use spigot_decision::policy::load;

    #[test]
    fn what_is_open_is_bounded_in_time_and_number() {
        let policy = Arc::new(load("test.toml", "").unwrap_or_else(|problems| panic!("{problems}")));
        let asked = |route| Arc::new(Asked { policy: policy.clone(), route, reasons: Vec::new() });
        let keys = Keyring::new(&[(1, Secret::new([1; 32]))]);
        let binding = Binding {
            host: "shop.example",
            user_agent: "",
            client: std::net::IpAddr::from([192, 0, 2, 1]),
            errand: None,
        };
        let terms = Terms { kind: Kind::Sha256 { bits: 1 }, level: 1, life_millis: 1000 };
        let one = |number: usize, now| {
            let id = (number as u128).to_be_bytes();
            issue(&keys, &terms, &binding, id, now)
        };
        let open = OpenChallenges::default();
        open.open(&one(1, 0), asked(7), Millis(0));
        open.follow(&one(1, 0).id, &one(2, 500), Millis(500));
        open.follow(&one(9, 0).id, &one(3, 500), Millis(500));
        let route = |number| open.of(&one(number, 0).id).map(|asked| asked.route);
        assert_eq!((route(1), route(2), route(3)), (Some(7), Some(7), None));
        let late = 1000 + LATE_MILLIS;
        open.open(&one(4, late), asked(8), Millis(late));
        assert_eq!((route(1), route(2), route(4)), (None, Some(7), Some(8)), "the first has ended");
        for number in 0..OPEN_MAX {
            open.open(&one(100 + number, late), asked(9), Millis(late));
        }
        assert_eq!((route(4), open.inner.lock().asked.len()), (None, OPEN_MAX));
    }
}
