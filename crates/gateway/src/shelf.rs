//! Things that wait for somebody to come back for them: each once, for a time, and no more than there is room for.

use std::collections::{HashMap, VecDeque};

use parking_lot::Mutex;
use spigot_decision::Millis;

/// Beside what a thing holds: its entry here.
const ENTRY_BYTES: u64 = 512;

/// Bounded in bytes and in time; what does not fit is refused.
pub(crate) struct Shelf<T> {
    life_millis: i64,
    inner: Mutex<Inner<T>>,
}

struct Inner<T> {
    things: HashMap<[u8; 16], (T, u64)>,
    order: VecDeque<(Millis, [u8; 16])>,
    bytes: u64,
}

impl<T> Shelf<T> {
    /// Everything waits for at most so long.
    pub(crate) fn new(life_millis: i64) -> Self {
        let inner = Inner { things: HashMap::new(), order: VecDeque::new(), bytes: 0 };
        Self { life_millis, inner: Mutex::new(inner) }
    }

    /// Keeps a thing of so many bytes under an unguessable id; `false` when there is no room.
    pub(crate) fn put(&self, id: [u8; 16], thing: T, bytes: u64, bytes_total: u64, now: Millis) -> bool {
        let mut inner = self.inner.lock();
        while let Some((end, old)) = inner.order.front().copied() {
            if end > now && inner.things.contains_key(&old) {
                break;
            }
            inner.order.pop_front();
            inner.remove(&old);
        }
        let bytes = bytes + ENTRY_BYTES;
        if inner.bytes + bytes > bytes_total {
            return false;
        }
        inner.bytes += bytes;
        inner.things.insert(id, (thing, bytes));
        inner.order.push_back((now.plus(self.life_millis), id));
        true
    }

    /// Takes a thing out, once, for whoever it `fits`.
    pub(crate) fn take(&self, id: &[u8; 16], fits: impl FnOnce(&T) -> bool) -> Option<T> {
        let mut inner = self.inner.lock();
        let fits = inner.things.get(id).is_some_and(|(thing, _)| fits(thing));
        if fits { inner.remove(id) } else { None }
    }
}

impl<T> Inner<T> {
    fn remove(&mut self, id: &[u8; 16]) -> Option<T> {
        let (thing, bytes) = self.things.remove(id)?;
        self.bytes -= bytes;
        Some(thing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn once_for_whom_it_fits_and_bounded() {
        let shelf = Shelf::new(1000);
        let put = |id: u8, bytes: u64, now: i64| shelf.put([id; 16], id, bytes, 4000, Millis(now));
        assert!(put(1, 1000, 0));
        assert!(put(2, 1000, 0));
        assert!(!put(3, 1000, 0), "full");
        assert!(shelf.take(&[1; 16], |_| false).is_none());
        assert_eq!(shelf.take(&[1; 16], |_| true), Some(1));
        assert!(shelf.take(&[1; 16], |_| true).is_none(), "once");
        assert!(put(3, 1000, 1));
        assert!(put(4, 3000, 1001), "what is too old makes room");
    }
}
