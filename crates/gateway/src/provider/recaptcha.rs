//! reCAPTCHA v2 and v3: <https://developers.google.com/recaptcha/docs/verify>. Version 3 tells its action, and a score of
//! which more is better.

use super::ProviderKind;
use super::question::{Answer, Asked, Question};
use super::siteverify;
use super::word::{Expected, Word, Yes, risk_of_share, weigh};

pub(super) fn question(asked: &Asked<'_>) -> Question {
    siteverify::question("/recaptcha/api/siteverify", asked, &[])
}

pub(super) fn read(asked: &Asked<'_>, answer: &Answer) -> Word {
    match siteverify::read(answer) {
        Ok(told) => {
            let risk = told.score.and_then(|score| risk_of_share(1.0 - score));
            let yes =
                Yes { host: told.hostname.as_deref(), action: told.action.as_deref(), carried: None, risk };
            let expected = Expected { carried: None, ..asked.expected() };
            let expected = match asked.settings.kind {
                ProviderKind::RecaptchaV3 => expected,
                _ => Expected { action: None, ..expected },
            };
            weigh(&yes, &expected)
        }
        Err(word) => word,
    }
}
