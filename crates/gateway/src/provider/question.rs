//! What a vendor is asked, and what it says, as bytes.

use std::net::IpAddr;

use bytes::Bytes;
use http::{HeaderMap, Method};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::ProviderSettings;
use super::word::{Expected, Unknown};

/// What a question is made of.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) settings: &'a ProviderSettings,
    /// What came back from the widget.
    pub(crate) token: &'a str,
    /// The visitor's address, where the vendor may know it.
    pub(crate) address: Option<IpAddr>,
    /// The id of our challenge, in hexadecimal: the widget carries it where it can.
    pub(crate) challenge: &'a str,
    /// The host that the visitor is on.
    pub(crate) host: &'a str,
}

impl<'a> Asked<'a> {
    /// What a yes has to be about; each vendor leaves out what it does not know.
    pub(crate) fn expected(&self) -> Expected<'a> {
        let settings = self.settings;
        // The vendors answer for their test keys with hosts and actions of their own.
        let checked = !settings.test_keys;
        Expected {
            host: (checked && settings.check_host).then_some(self.host),
            action: checked.then_some(settings.action.as_str()),
            carried: checked.then_some(self.challenge),
            risk_max: settings.risk_max,
        }
    }
}

/// One request to a vendor. Not printable: it holds the secret.
pub(crate) struct Question {
    pub(crate) method: Method,
    pub(crate) target: String,
    pub(crate) media_type: &'static str,
    pub(crate) headers: Vec<(&'static str, Zeroizing<String>)>,
    pub(crate) body: Bytes,
    /// Whether it may be asked again when nobody knows if it was heard.
    pub(crate) repeatable: bool,
    /// Bytes that its answer may have.
    pub(crate) answer_bytes: usize,
}

/// Vendors' answers have hundreds of bytes; a reCAPTCHA assessment some thousand.
const ANSWER_BYTES: usize = 64 << 10;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

impl Question {
    pub(super) fn form(target: &str, fields: &[(&str, &str)]) -> Self {
        Self::post(target, FORM, form(fields).into())
    }

    fn post(target: &str, media_type: &'static str, body: Bytes) -> Self {
        Self {
            method: Method::POST,
            target: target.to_owned(),
            media_type,
            headers: Vec::new(),
            body,
            repeatable: false,
            answer_bytes: ANSWER_BYTES,
        }
    }

    /// One without a body.
    pub(crate) fn get(target: &str, answer_bytes: usize) -> Self {
        Self { method: Method::GET, repeatable: true, answer_bytes, ..Self::post(target, "", Bytes::new()) }
    }

    pub(super) fn json(target: &str, body: &serde_json::Value) -> Self {
        Self::post(target, JSON, body.to_string().into())
    }

    pub(crate) fn with(mut self, header: &'static str, value: &str) -> Self {
        self.headers.push((header, Zeroizing::new(value.to_owned())));
        self
    }
}

/// What a vendor says.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// What it tells. A status of 400 and above blames the question, but for 429: whatever comes with it is no trouble of
    /// the vendor's, because the token, which a client chooses, may have brought it about.
    pub(super) fn told<T: DeserializeOwned>(&self) -> Result<T, Unknown> {
        match self.status {
            200 | 400..=428 | 430..=499 => {
                serde_json::from_slice(&self.body).map_err(|_| self.misunderstood())
            }
            _ => Err(Unknown::Status),
        }
    }

    /// What it comes to where what it tells makes no sense.
    pub(super) fn misunderstood(&self) -> Unknown {
        if self.status == 200 { Unknown::Garbage } else { Unknown::Misconfigured }
    }
}

/// All but the unreserved characters (RFC 3986, section 2.3).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A form's fields.
pub(super) fn form(fields: &[(&str, &str)]) -> String {
    let pairs: Vec<String> =
        fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    pairs.join("&")
}

/// A text as a part of an address.
pub(super) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}
