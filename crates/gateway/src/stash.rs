//! Posted forms that wait while their senders solve a challenge. After the solve the browser posts the stash's id to
//! where the form was going, and the gateway puts the form back: the application sees it once, byte for byte.
//!
//! Bounded in bytes and in time; what does not fit is refused before the visitor loses anything, and said so.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use http::HeaderValue;
use parking_lot::Mutex;
use spigot_decision::Millis;

/// How long a form waits: longer than a challenge and the solving of it.
const LIFE_MILLIS: i64 = 10 * 60_000;

/// A kept form.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) host: String,
    pub(crate) method: http::Method,
    pub(crate) target: String,
    pub(crate) content_type: Option<HeaderValue>,
    pub(crate) body: Bytes,
}

/// Why a form is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unkept {
    /// It is larger than any form may be.
    TooLarge,
    /// It did not come whole, or there is no room for it now.
    NoRoom,
}

/// The forms that wait.
#[derive(Default)]
pub(crate) struct Stash {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    forms: HashMap<[u8; 16], Kept>,
    order: VecDeque<(Millis, [u8; 16])>,
    bytes: u64,
}

impl Stash {
    /// Keeps a form under an unguessable id; `false` when there is no room.
    pub(crate) fn keep(&self, id: [u8; 16], kept: Kept, bytes_total: u64, now: Millis) -> bool {
        let mut inner = self.inner.lock();
        while let Some((end, old)) = inner.order.front().copied() {
            if end > now && inner.forms.contains_key(&old) {
                break;
            }
            inner.order.pop_front();
            inner.remove(&old);
        }
        let size = kept.body.len() as u64 + 512;
        if inner.bytes + size > bytes_total {
            return false;
        }
        inner.bytes += size;
        inner.forms.insert(id, kept);
        inner.order.push_back((now.plus(LIFE_MILLIS), id));
        true
    }

    /// Takes a form out, once: only for the host, method and target that it was posted to.
    pub(crate) fn take(&self, id: &[u8; 16], host: &str, target: &str) -> Option<Kept> {
        let mut inner = self.inner.lock();
        let fits = inner.forms.get(id).is_some_and(|kept| kept.host == host && kept.target == target);
        if fits { inner.remove(id) } else { None }
    }
}

impl Inner {
    fn remove(&mut self, id: &[u8; 16]) -> Option<Kept> {
        let kept = self.forms.remove(id)?;
        self.bytes -= kept.body.len() as u64 + 512;
        Some(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(size: usize) -> Kept {
        Kept {
            host: "a".into(),
            method: http::Method::POST,
            target: "/x".into(),
            content_type: None,
            body: vec![1; size].into(),
        }
    }

    #[test]
    fn once_for_its_own_target_and_bounded() {
        let stash = Stash::default();
        assert!(stash.keep([1; 16], form(1000), 4000, Millis(0)));
        assert!(stash.keep([2; 16], form(1000), 4000, Millis(0)));
        assert!(!stash.keep([3; 16], form(1000), 4000, Millis(0)), "full");
        assert!(stash.take(&[1; 16], "a", "/y").is_none());
        assert!(stash.take(&[1; 16], "a", "/x").is_some());
        assert!(stash.take(&[1; 16], "a", "/x").is_none(), "once");
        assert!(stash.keep([3; 16], form(1000), 4000, Millis(1)));
        assert!(stash.keep([4; 16], form(3000), 4000, Millis(LIFE_MILLIS + 1)), "expired forms make room");
    }
}
