//! Futures in boxes.

use std::pin::Pin;

/// A future in a box, made where it stands.
///
/// `Box::pin(future)` makes it on the stack and copies the room of all its states from there: for a request's future,
/// as many kilobytes as there are to write in the whole request. Here the box comes first and only what the future
/// captures is written.
#[inline]
pub(crate) fn in_box<F: Future>(make: impl FnOnce() -> F) -> Pin<Box<F>> {
    let room = Box::new_uninit();
    Box::into_pin(Box::write(room, make()))
}
