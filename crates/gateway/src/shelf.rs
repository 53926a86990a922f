//! Things that wait for somebody to come back for them: each once, for a time, and no more than there is room for.

use std::collections::{HashMap, HashSet, VecDeque};

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
        self.room(bytes_total).put(id, thing, bytes, now)
    }

    /// Room for a thing that is still on its way.
    pub(crate) fn room(&self, bytes_total: u64) -> Room<'_, T> {
        Room { shelf: self, bytes_total, bytes: 0 }
    }

    /// Takes a thing out, once, for whoever it `fits`.
    pub(crate) fn take(&self, id: &[u8; 16], fits: impl FnOnce(&T) -> bool) -> Option<T> {
        let mut inner = self.inner.lock();
        let fits = inner.things.get(id).is_some_and(|(thing, _)| fits(thing));
        if fits { inner.remove(id) } else { None }
    }
}

/// Room that nothing else gets, until something is put there or it is dropped.
pub(crate) struct Room<'a, T> {
    shelf: &'a Shelf<T>,
    bytes_total: u64,
    bytes: u64,
}

impl<T> Room<'_, T> {
    /// Makes it so large; `false` when there is no more.
    pub(crate) fn hold(&mut self, bytes: u64, now: Millis) -> bool {
        let mut inner = self.shelf.inner.lock();
        inner.forget(now);
        let bytes = bytes.saturating_add(ENTRY_BYTES);
        let fits = inner.bytes - self.bytes + bytes <= self.bytes_total;
        if fits {
            inner.bytes = inner.bytes - self.bytes + bytes;
            self.bytes = bytes;
        }
        fits
    }

    /// Keeps a thing of so many bytes under an unguessable id; `false` when there is no room.
    pub(crate) fn put(mut self, id: [u8; 16], thing: T, bytes: u64, now: Millis) -> bool {
        if !self.hold(bytes, now) {
            return false;
        }
        let mut inner = self.shelf.inner.lock();
        inner.things.insert(id, (thing, std::mem::take(&mut self.bytes)));
        inner.order.push_back((now.plus(self.shelf.life_millis), id));
        inner.tidy();
        true
    }
}

impl<T> Drop for Room<'_, T> {
    fn drop(&mut self) {
        if self.bytes > 0 {
            self.shelf.inner.lock().bytes -= self.bytes;
        }
    }
}

impl<T> Inner<T> {
    /// What is put back again and again stands in the order many times; the first time counts.
    fn tidy(&mut self) {
        if self.order.len() > 2 * self.things.len() + 1024 {
            let (things, mut met) = (&self.things, HashSet::new());
            self.order.retain(|(_, id)| things.contains_key(id) && met.insert(*id));
        }
    }

    /// Lets go of what is too old.
    fn forget(&mut self, now: Millis) {
        while let Some((end, old)) = self.order.front().copied() {
            if end > now && self.things.contains_key(&old) {
                break;
            }
            self.order.pop_front();
            self.remove(&old);
        }
    }

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

    #[test]
    fn what_is_on_its_way_has_its_room() {
        let shelf = Shelf::new(1000);
        let put = |id: u8, bytes: u64| shelf.put([id; 16], id, bytes, 4000, Millis(0));
        let mut room = shelf.room(4000);
        assert!(room.hold(1000, Millis(0)) && room.hold(3000, Millis(0)));
        assert!(!put(1, 1000), "taken");
        assert!(!room.hold(4000, Millis(0)), "more than there is");
        drop(room);
        assert!(put(1, 1000), "given up");
        let mut room = shelf.room(4000);
        assert!(room.hold(1500, Millis(0)));
        assert!(room.put([2; 16], 2, 100, Millis(0)));
        assert!(put(3, 500), "no more than it took in the end");
        assert_eq!(shelf.inner.lock().bytes, 1000 + 100 + 500 + 3 * ENTRY_BYTES);
    }
}
