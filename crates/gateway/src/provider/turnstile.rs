//! Cloudflare Turnstile: <https://developers.cloudflare.com/turnstile/get-started/server-side-validation/>.
//!
//! The widget carries our challenge's id as `cData`, so a token for one challenge is none for another. The same id is
//! the idempotency key: a verification whose answer was lost may be asked for again.

use super::question::{Answer, Asked, Question};
use super::siteverify;
use super::word::{Word, Yes, weigh};

pub(super) fn question(asked: &Asked<'_>) -> Question {
    let key = uuid(asked.challenge);
    let question = siteverify::question("/turnstile/v0/siteverify", asked, &[("idempotency_key", &key)]);
    Question { repeatable: true, ..question }
}

pub(super) fn read(asked: &Asked<'_>, answer: &Answer) -> Word {
    match siteverify::read(answer) {
        Ok(told) => {
            let yes = Yes {
                host: told.hostname.as_deref(),
                action: told.action.as_deref(),
                carried: told.cdata.as_deref(),
                risk: None,
            };
            weigh(&yes, &asked.expected())
        }
        Err(word) => word,
    }
}

/// 32 hexadecimal digits in the form of a UUID (RFC 9562, section 4).
fn uuid(digits: &str) -> String {
    let mut text = String::with_capacity(36);
    for (index, digit) in digits.chars().enumerate() {
        if matches!(index, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(digit);
    }
    text
}
