//! Futures in boxes.

use std::pin::Pin;

/// A future in a box, made where it stands, whose code stands apart as well.
///
/// `Box::pin(future)` makes it on the stack and copies the room of all its states from there: for a request's future,
/// as many kilobytes as there are to write in the whole request. Here the box comes first and only what the future
/// captures is written.
///
/// Nobody who polls it knows what it is. Otherwise the compiler would put its code, and on the stack its room, into
/// whoever polls it: a TLS handshake with each server into every request.
#[inline]
pub(crate) fn in_box<'a, F>(make: impl FnOnce() -> F) -> Pin<Box<dyn Future<Output = F::Output> + 'a>>
where
    F: Future + 'a,
{
    let room = Box::<F>::new_uninit();
    let future: Box<F> = Box::write(room, make());
    Box::into_pin(future)
}
