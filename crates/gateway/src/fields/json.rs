//! The texts and numbers at the top of a JSON object, without a copy of any other value.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroizing;

/// Calls `see` for each wanted name, with its value where that is a text or a number, which many readers take for one;
/// `null` is as good as absent. False when it is no JSON object to the end: what came before was seen, but others may
/// read it otherwise.
pub(super) fn each(
    body: &[u8],
    wanted: impl Fn(&str) -> bool,
    see: impl FnMut(&str, Option<Zeroizing<String>>),
) -> bool {
    // Some readers pass over a mark of byte order.
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    serde_json::Deserializer::from_slice(body).deserialize_map(Object { wanted, see }).is_ok()
}

/// What stands behind a name.
enum Found {
    Text(Zeroizing<String>),
    Nothing,
    Other,
}

struct Object<W, S> {
    wanted: W,
    see: S,
}

impl<'de, W: Fn(&str) -> bool, S: FnMut(&str, Option<Zeroizing<String>>)> Visitor<'de> for Object<W, S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            if (self.wanted)(&name) {
                match map.next_value_seed(Text)? {
                    Found::Text(text) => (self.see)(&name, Some(text)),
                    Found::Other => (self.see)(&name, None),
                    Found::Nothing => {}
                }
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// A value.
struct Text;

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Found;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Found;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Found, E> {
        Ok(Found::Text(Zeroizing::new(text.to_owned())))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Found, E> {
        Ok(Found::Text(Zeroizing::new(number.to_string())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Found, E> {
        Ok(Found::Text(Zeroizing::new(number.to_string())))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Found, E> {
        Ok(Found::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Found, E> {
        Ok(Found::Other)
    }

    fn visit_unit<E>(self) -> Result<Found, E> {
        Ok(Found::Nothing)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Found, A::Error> {
        while sequence.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Found::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Found, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Found::Other)
    }
}
