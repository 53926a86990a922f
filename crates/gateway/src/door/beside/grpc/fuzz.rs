//! The messages of gRPC as fuzzing reads and writes them.

use bytes::Bytes;

use super::messages::{Check, unframed};
use super::protobuf::{Fields, Message, Value};

/// A call's body: how many of its bytes the question in it holds; `None` when it is none.
#[must_use]
pub fn question(bytes: &[u8]) -> Option<usize> {
    let message = unframed(Bytes::copy_from_slice(bytes)).ok()?;
    Check::read(message).ok().map(|check| check.held())
}

/// A message, read and written again: numbers take their shortest form, and what is skipped is left out. `None` when it is
/// malformed.
#[must_use]
pub fn rewritten(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut again = Message::default();
    for field in Fields(Bytes::copy_from_slice(bytes)) {
        match field.ok()? {
            (field, Value::Number(number)) => again.number(field, number),
            (field, Value::Bytes(bytes)) => again.bytes(field, &bytes),
            (_, Value::Skipped) => {}
        }
    }
    Some(again.0.to_vec())
}
