//! The texts and numbers at the top of a JSON object, without a copy of any other value.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroizing;

/// What stands behind a wanted name.
pub(super) enum Value {
    Text(Zeroizing<String>),
    /// Which many readers take for a text.
    Number(String),
    /// Several of them, or what asks a database (`{"$ne": ""}`).
    Other,
}

/// Calls `see` for each wanted name whose value may be a field's: `null`, truths and other objects are as good as absent.
/// False when it is no JSON to its end: what came before was seen, but others may read it otherwise.
pub(super) fn each(body: &[u8], wanted: impl Fn(&str) -> bool, see: impl FnMut(&str, Value)) -> bool {
    // Some readers pass over a mark of byte order.
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let read = serde_json::Deserializer::from_slice(body).deserialize_map(Object { wanted, see });
    // What is no object has no fields.
    let first = body.trim_ascii_start().first();
    read.is_ok() || matches!(first, Some(b'[' | b'"' | b'n' | b't' | b'f' | b'0'..=b'9'))
}

struct Object<W, S> {
    wanted: W,
    see: S,
}

impl<'de, W: Fn(&str) -> bool, S: FnMut(&str, Value)> Visitor<'de> for Object<W, S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            if (self.wanted)(&name) {
                if let Some(value) = map.next_value_seed(Any)? {
                    (self.see)(&name, value);
                }
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

struct Any;

impl<'de> DeserializeSeed<'de> for Any {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Any {
    type Value = Option<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Value::Text(Zeroizing::new(text.to_owned()))))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Some(Value::Number(number.to_string())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Some(Value::Number(number.to_string())))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        while sequence.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Some(Value::Other))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut asks = false;
        while let Some((name, _)) = map.next_entry::<Cow<'de, str>, IgnoredAny>()? {
            asks |= name.starts_with('$');
        }
        Ok(asks.then_some(Value::Other))
    }
}
