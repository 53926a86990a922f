//! Memory that the thread's connections take turns with: a message is mostly handled as soon as it is there, and memory of
//! each connection's own would have left the processor's caches by its next message.

use std::cell::Cell;

use bytes::BytesMut;

/// As much is kept: what nearly every message needs.
const KEPT_MAX: usize = 16 << 10;

thread_local! {
    static OUTPUT: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    static INPUT: Cell<Option<BytesMut>> = const { Cell::new(None) };
}

/// Empty room for what is to be written.
pub(super) fn output() -> Vec<u8> {
    OUTPUT.take()
}

pub(super) fn give_back_output(mut room: Vec<u8>) {
    if room.capacity() <= KEPT_MAX {
        room.clear();
        OUTPUT.set(room);
    }
}

/// Empty room for what comes; once nothing that was split off it is left, it is used again from its beginning.
pub(crate) fn input() -> BytesMut {
    INPUT.take().unwrap_or_default()
}

pub(crate) fn give_back_input(room: BytesMut) {
    if room.capacity() <= KEPT_MAX {
        INPUT.set(Some(room));
    }
}
