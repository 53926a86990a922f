//! hCaptcha: <https://docs.hcaptcha.com/#verify-the-user-response-server-side>. It knows no actions. With Enterprise it
//! tells a score of which more is worse.

use super::question::{Answer, Asked, Question};
use super::siteverify;
use super::word::{Expected, Word, Yes, risk_of_share, weigh};

pub(super) fn question(asked: &Asked<'_>) -> Question {
    // With the site key, a token from another site of the same account is refused.
    siteverify::question("/siteverify", asked, &[("sitekey", &asked.settings.site_key)])
}

pub(super) fn read(asked: &Asked<'_>, answer: &Answer) -> Word {
    match siteverify::read(answer) {
        Ok(told) => {
            let risk = told.score.and_then(risk_of_share);
            let yes = Yes { host: told.hostname.as_deref(), risk, ..Yes::default() };
            weigh(&yes, &Expected { action: None, carried: None, ..asked.expected() })
        }
        Err(word) => word,
    }
}
