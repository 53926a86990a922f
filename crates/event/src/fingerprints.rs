use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spigot_decision::{Keys, Subject};

/// The fingerprints of a request's client, each of its layer, as far as they are known. A connection's requests share
/// the texts of its layers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fingerprints {
    /// Of TLS (JA4), where Spigot speaks it. Without spaces.
    pub tls: Option<Arc<str>>,
    /// Of HTTP/2: settings, window, priorities, order of pseudo-fields. Without spaces; cut at 256 bytes.
    pub http2: Option<Arc<str>>,
    /// Of order and case of the header fields' names.
    pub header: Option<u64>,
}

/// [`Fingerprints`] as they are stored and shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RecordFingerprints {
    /// Of TLS: a JA4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<String>,
    /// Of HTTP/2: settings, window, priorities, order of pseudo-fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http2: Option<String>,
    /// Of order and case of the header fields' names: 16 hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
}

/// Longer than those of real clients by half; the longest that one can make are ten times as long.
const HTTP2_MAX: usize = 256;

/// In the place of a layer that is not known.
const UNKNOWN: &str = "-";

impl Fingerprints {
    /// One text for the one column: each layer behind a space, so that a search for a space and the beginning of a
    /// fingerprint finds all that begin so, whatever their layer.
    pub(crate) fn pack(&self, text: &mut String) {
        text.clear();
        for layer in [&self.tls, &self.http2] {
            text.push(' ');
            text.push_str(layer.as_deref().map_or(UNKNOWN, |layer| cut(layer)));
        }
        text.push(' ');
        match self.header {
            Some(header) => {
                text.push_str(std::str::from_utf8(&Self::of_header(header)).expect("digits are ASCII"));
            }
            None => text.push_str(UNKNOWN),
        }
    }

    /// The one of a header as it is shown, in hexadecimal digits.
    #[must_use]
    pub fn of_header(header: u64) -> [u8; 16] {
        std::array::from_fn(|place| b"0123456789abcdef"[(header >> (60 - 4 * place) & 15) as usize])
    }
}

/// They are ASCII; should one not be, it is left out.
fn cut(layer: &str) -> &str {
    layer.get(..layer.len().min(HTTP2_MAX)).unwrap_or(UNKNOWN)
}

impl RecordFingerprints {
    /// From what [`Fingerprints::pack`] wrote.
    pub(crate) fn unpack(text: &str) -> Self {
        let mut layers = text
            .split_ascii_whitespace()
            .map(|layer| (layer != UNKNOWN).then(|| layer.to_owned()))
            .chain(std::iter::repeat(None));
        let mut next = || layers.next().flatten();
        Self { tls: next(), http2: next(), header: next() }
    }

    /// All of them as one number, the same for the same fingerprints; `None` where none is known.
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        // Fixed, so that the same events are replayed alike.
        let keys = Keys(0x6669_6e67_6572_7072, 0x696e_7473_206f_6e65);
        let layers = [&self.tls, &self.http2, &self.header];
        layers.iter().any(|layer| layer.is_some()).then(|| {
            let texts = layers.map(|layer| Subject::Text(layer.as_deref().unwrap_or(UNKNOWN).as_bytes()));
            keys.hash(0, &texts)
        })
    }

    /// Each known layer's name and fingerprint.
    pub(crate) fn known(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let layers = [("TLS", &self.tls), ("HTTP/2", &self.http2), ("header", &self.header)];
        layers.into_iter().filter_map(|(name, layer)| layer.as_deref().map(|layer| (name, layer)))
    }
}

impl From<&Fingerprints> for RecordFingerprints {
    fn from(fingerprints: &Fingerprints) -> Self {
        let layer = |layer: &Option<Arc<str>>| layer.as_deref().map(|layer| cut(layer).to_owned());
        Self {
            tls: layer(&fingerprints.tls),
            http2: layer(&fingerprints.http2),
            header: fingerprints.header.map(|header| format!("{header:016x}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_found_again() {
        let check = |tls: Option<&str>, http2: Option<&str>, header, packed: &str| {
            let fingerprints = Fingerprints { tls: tls.map(Arc::from), http2: http2.map(Arc::from), header };
            let mut text = "left over".to_owned();
            fingerprints.pack(&mut text);
            assert_eq!(text, packed);
            assert_eq!(RecordFingerprints::unpack(&text), RecordFingerprints::from(&fingerprints));
        };
        check(None, None, None, " - - -");
        check(Some("t13d_a_b"), None, Some(0), " t13d_a_b - 0000000000000000");
        check(None, Some("1:2|0|0|m,p"), Some(u64::MAX), " - 1:2|0|0|m,p ffffffffffffffff");
        let long = "1".repeat(300);
        check(None, Some(&long), None, &format!(" - {} -", &long[..256]));
        assert_eq!(RecordFingerprints::unpack(""), RecordFingerprints::default());
    }
}
