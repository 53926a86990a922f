//! Texts that only ever have certain values: a comparison with another one is never true, and a mistake.

use cel::common::ast::{Expr, LiteralValue};
use cel::parser::Expression;

use super::{Lowered, Lowering};
use crate::Sender;
use crate::policy::expression::Text;
use crate::policy::source::nearest;

const DEVICES: [&str; 4] = ["desktop", "phone", "tablet", "bot"];

impl Lowering<'_> {
    /// Refuses a value, written at `at`, that `text` never has.
    pub(super) fn possible(&self, text: &Text, at: &Expression) -> Lowered<()> {
        let Expr::Literal(LiteralValue::String(value)) = &at.expr else { return Ok(()) };
        let value = value.inner();
        if value.is_empty() {
            return Ok(());
        }
        let one_of = |what: &str, values: &[&str]| {
            if values.contains(&value) {
                return Ok(());
            }
            let help = format!("it is one of {}, or \"\"{}", values.join(", "), nearest(value, values));
            self.wrong(at, format!("{what} is never \"{value}\""), help)
        };
        match text {
            Text::Country if value.len() != 2 || !value.bytes().all(|b| b.is_ascii_uppercase()) => self.wrong(
                at,
                format!("a country is never \"{value}\""),
                "write its two letters after ISO 3166-1, for example \"DE\", or \"\" where it is not known",
            ),
            Text::Device => one_of("a device", &DEVICES),
            Text::Sender => one_of("a sender", &Sender::ALL.map(Sender::name)),
            _ => Ok(()),
        }
    }
}
