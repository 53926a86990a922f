use std::fmt;

use serde::de::{Deserializer, Error, Unexpected, Visitor};

/// No count or time beyond this says more; the widget sends none.
const MOST: u32 = 1_000_000;

/// Reads a whole number from nought. A larger one than any widget sends is taken as the largest; a negative one, a
/// fraction, a text is no widget's.
pub(super) fn whole<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    struct Whole;
    impl Visitor<'_> for Whole {
        type Value = u32;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a whole number from 0")
        }

        fn visit_u64<E: Error>(self, number: u64) -> Result<u32, E> {
            Ok(u32::try_from(number).unwrap_or(MOST).min(MOST))
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<u32, E> {
            let number =
                u64::try_from(number).map_err(|_| E::invalid_value(Unexpected::Signed(number), &self))?;
            self.visit_u64(number)
        }
    }
    from.deserialize_u64(Whole)
}
