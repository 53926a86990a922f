//! GeeTest v4: <https://docs.geetest.com/captcha/apirefer/api/server>. The widget gives four values; the question is
//! signed with the captcha's key over the lot number. It knows no actions, and tells where the widget was shown.

use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;

use super::friendly::host;
use super::question::{Answer, Asked, Question, encoded};
use super::word::{Expected, Refusal, Unknown, Word, Yes, weigh};

/// What the widget gives, posted to us as JSON.
#[derive(Deserialize)]
struct Solved {
    lot_number: String,
    captcha_output: String,
    pass_token: String,
    gen_time: String,
}

#[derive(Deserialize)]
struct Told {
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    result: Option<String>,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    captcha_args: Option<Args>,
}

#[derive(Deserialize)]
struct Args {
    #[serde(default)]
    referer: Option<String>,
    #[serde(default)]
    lot_number: Option<String>,
}

pub(super) fn question(asked: &Asked<'_>) -> Result<Question, Word> {
    let solved = solved(asked)?;
    let id = &asked.settings.site_key;
    let signed = sign(asked.settings.secret.expose(), &solved.lot_number);
    let fields = [
        ("lot_number", solved.lot_number.as_str()),
        ("captcha_output", &solved.captcha_output),
        ("pass_token", &solved.pass_token),
        ("gen_time", &solved.gen_time),
        ("captcha_id", id),
        ("sign_token", &signed),
    ];
    Ok(Question::form(&format!("/validate?captcha_id={}", encoded(id)), &fields))
}

pub(super) fn read(asked: &Asked<'_>, answer: &Answer) -> Word {
    let told: Told = match answer.told() {
        Ok(told) => told,
        Err(unknown) => return Word::Unknown(unknown),
    };
    match (told.status.as_deref(), told.result.as_deref()) {
        // An error is about the request: the captcha's id or key.
        (Some("error"), _) => Word::Unknown(Unknown::Misconfigured),
        (None | Some("success"), Some("success")) if answer.status == 200 => {
            let args = told.captcha_args.as_ref();
            let lot = args.and_then(|args| args.lot_number.as_deref());
            if let Some(lot) = lot
                && solved(asked).is_ok_and(|solved| solved.lot_number != lot)
            {
                return Word::Refused(Refusal::OtherChallenge);
            }
            let referer = args.and_then(|args| args.referer.as_deref());
            let yes = Yes { host: referer.and_then(host), ..Yes::default() };
            weigh(&yes, &Expected { action: None, carried: None, ..asked.expected() })
        }
        (None | Some("success"), Some("fail")) => {
            let reason = told.reason.unwrap_or_default();
            Word::Refused(if reason.contains("expire") {
                Refusal::Expired
            } else if reason.contains("used") {
                Refusal::Duplicate
            } else {
                Refusal::Invalid
            })
        }
        _ => Word::Unknown(answer.misunderstood()),
    }
}

fn solved(asked: &Asked<'_>) -> Result<Solved, Word> {
    serde_json::from_str(asked.token).map_err(|_| Word::Refused(Refusal::Invalid))
}

fn sign(key: &str, lot_number: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes any key length");
    hex(&mac.chain_update(lot_number).finalize().into_bytes())
}

/// Bytes in hexadecimal, lower case.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
