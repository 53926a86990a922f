//! As much of the protocol buffers' wire format (protobuf.dev, "Encoding") as the messages here need.

use bytes::{BufMut, Bytes, BytesMut};

/// What a message is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// A field's value as it stands on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// A number, or an enumerated value.
    Number(u64),
    /// Text, bytes, or a message within.
    Bytes(Bytes),
    /// Fixed in length, and nothing that these messages have.
    Skipped,
}

/// The fields of a message, in the order in which they stand, as numbers and values.
pub(super) struct Fields(pub(super) Bytes);

impl Iterator for Fields {
    type Item = Result<(u64, Value), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let read = self.read();
        if read.is_err() {
            // Nothing behind it can be made sense of.
            self.0.clear();
        }
        Some(read)
    }
}

impl Fields {
    fn read(&mut self) -> Result<(u64, Value), Malformed> {
        let tag = self.varint()?;
        let value = match tag & 7 {
            0 => Value::Number(self.varint()?),
            1 => self.take(8).map(|_| Value::Skipped)?,
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| Malformed)?;
                Value::Bytes(self.take(length)?)
            }
            5 => self.take(4).map(|_| Value::Skipped)?,
            _ => return Err(Malformed),
        };
        Ok((tag >> 3, value))
    }

    fn varint(&mut self) -> Result<u64, Malformed> {
        let mut number = 0;
        for (at, byte) in self.0.iter().enumerate().take(10) {
            number |= u64::from(byte & 0x7f) << (7 * at);
            if byte & 0x80 == 0 {
                let _ = self.0.split_to(at + 1);
                return Ok(number);
            }
        }
        Err(Malformed)
    }

    fn take(&mut self, length: usize) -> Result<Bytes, Malformed> {
        if length > self.0.len() { Err(Malformed) } else { Ok(self.0.split_to(length)) }
    }
}

/// A message that is written.
#[derive(Default)]
pub(super) struct Message(pub(super) BytesMut);

impl Message {
    pub(super) fn number(&mut self, field: u64, number: u64) {
        self.varint(field << 3);
        self.varint(number);
    }

    /// Text, bytes, or a message within.
    pub(super) fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.put_slice(bytes);
    }

    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            #[allow(clippy::cast_possible_truncation)] // seven bits of it
            self.0.put_u8(number as u8 & 0x7f | 0x80);
            number >>= 7;
        }
        #[allow(clippy::cast_possible_truncation)] // below 128
        self.0.put_u8(number as u8);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut message = Message::default();
        message.number(1, 300);
        message.bytes(2, b"testing");
        message.number(1000, u64::MAX);
        // "Encoding", the document's own examples.
        assert_eq!(&message.0[..12], b"\x08\xac\x02\x12\x07testing");
        let read: Vec<_> = Fields(message.0.freeze()).collect();
        let expected =
            [(1, Value::Number(300)), (2, Value::Bytes("testing".into())), (1000, Value::Number(u64::MAX))];
        assert_eq!(read, expected.map(Ok));
    }

    #[test]
    fn what_is_malformed_ends() {
        let check = |bytes: &'static [u8], good: usize| {
            let read: Vec<_> = Fields(Bytes::from_static(bytes)).collect();
            assert_eq!(read.iter().filter(|field| field.is_ok()).count(), good, "{bytes:?}");
            assert_eq!(read.last(), Some(&Err(Malformed)), "{bytes:?}");
        };
        check(b"\x08", 0);
        check(b"\x08\x01\x12\x05abc", 1);
        check(b"\x0b\x01", 0);
        check(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 0);
        check(b"\x09\x01\x02", 0);
    }
    fn written(fields: &[(u64, Value)]) -> Bytes {
        let mut message = Message::default();
        for (field, value) in fields {
            match value {
                Value::Number(number) => message.number(*field, *number),
                Value::Bytes(bytes) => message.bytes(*field, bytes),
                Value::Skipped => unreachable!("nothing here writes one"),
            }
        }
        message.0.freeze()
    }

    fn value() -> impl Strategy<Value = Value> {
        let bytes = prop::collection::vec(any::<u8>(), 0..300);
        prop_oneof![any::<u64>().prop_map(Value::Number), bytes.prop_map(|bytes| Value::Bytes(bytes.into()))]
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read(fields in prop::collection::vec((1..1u64 << 29, value()), 0..20)) {
            let read: Result<Vec<_>, _> = Fields(written(&fields)).collect();
            prop_assert_eq!(read, Ok(fields));
        }

        /// Bytes of anybody's: no more fields than they have room for, whose values are parts of them, and an end.
        #[test]
        fn whatever_comes_is_bounded(bytes: Vec<u8>) {
            let bytes = Bytes::from(bytes);
            // The least field is a tag of one byte and a number of another.
            let read: Vec<_> = Fields(bytes.clone()).take(bytes.len() + 1).collect();
            let good: Vec<_> = read.iter().flatten().collect();
            prop_assert!(good.len() <= bytes.len() / 2);
            prop_assert!(read.len() - good.len() <= 1, "{:?}", read);
            prop_assert!(read.iter().rev().skip(1).all(Result::is_ok), "{:?}", read);
            let within = bytes.as_ptr_range();
            for (_, value) in good {
                if let Value::Bytes(part) = value {
                    let part = part.as_ptr_range();
                    prop_assert!(part.start >= within.start && part.end <= within.end);
                }
            }
        }
    }
}
