//! Posted forms that wait while their senders solve a challenge. After the solve the browser posts the stash's id to
//! where the form was going, and the gateway puts the form back: the application sees it once, byte for byte.
//!
//! Bounded in bytes and in time; what does not fit is refused before the visitor loses anything, and said so.

use bytes::Bytes;
use http::HeaderValue;
use spigot_decision::Millis;

use crate::shelf::Shelf;

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
pub(crate) struct Stash(Shelf<Kept>);

impl Default for Stash {
    fn default() -> Self {
        Self(Shelf::new(LIFE_MILLIS))
    }
}

impl Stash {
    /// Keeps a form under an unguessable id; `false` when there is no room.
    pub(crate) fn keep(&self, id: [u8; 16], kept: Kept, bytes_total: u64, now: Millis) -> bool {
        let bytes = kept.body.len() as u64;
        self.0.put(id, kept, bytes, bytes_total, now)
    }

    /// Takes a form out, once: only for the host, method and target that it was posted to.
    pub(crate) fn take(&self, id: &[u8; 16], host: &str, target: &str) -> Option<Kept> {
        self.0.take(id, |kept| kept.host == host && kept.target == target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_for_its_own_target() {
        let stash = Stash::default();
        let form = Kept {
            host: "a".into(),
            method: http::Method::POST,
            target: "/x".into(),
            content_type: None,
            body: "a=1".into(),
        };
        assert!(stash.keep([1; 16], form, 4000, Millis(0)));
        assert!(stash.take(&[1; 16], "a", "/y").is_none());
        assert!(stash.take(&[1; 16], "b", "/x").is_none());
        assert!(stash.take(&[1; 16], "a", "/x").is_some());
    }
}
