//! What a client shows of itself without being asked, and without meaning to.

use std::hash::Hasher;
use std::sync::Arc;

use http::{HeaderName, HeaderValue};
use siphasher::sip::SipHasher13;
use spigot_event::Fingerprints;
use spigot_proof::Certificate;

use crate::upstream::Fields;
use crate::wire::{Ja4, Notes};

/// A layer's fingerprint, as requests carry it and as events keep it.
pub(crate) struct Mark {
    field: HeaderValue,
    text: Arc<str>,
    /// Stands for the text where it is one of several. Without a key: whoever finds two texts of one number could as
    /// well show the other text.
    number: u64,
}

impl Mark {
    /// `None` when it has what no field may have.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let mut hasher = SipHasher13::new();
        hasher.write(text.as_bytes());
        Some(Self { field: HeaderValue::from_str(text).ok()?, text: text.into(), number: hasher.finish() })
    }
}

/// The fingerprints of a connection's client, each of its layer. They can be imitated: one that does not fit the
/// client's story adds suspicion, one that fits grants nothing.
pub(crate) struct Marks {
    /// Of TLS (JA4), when we speak it.
    tls: Option<Mark>,
    /// Of the bytes within.
    pub(crate) notes: Arc<Notes>,
    /// The certificate that it showed and that was verified.
    pub(crate) certificate: Option<Certificate>,
}

impl Marks {
    pub(crate) fn new(ja4: Option<Ja4>) -> Self {
        Self { tls: ja4.and_then(|ja4| Mark::new(ja4.as_str())), notes: Arc::default(), certificate: None }
    }

    /// All layers as one number, for cohorts.
    pub(crate) fn number(&self, header_order: u64) -> u64 {
        let layer = |mark: Option<&Mark>| mark.map_or(0, |mark| mark.number);
        layer(self.tls.as_ref()).rotate_left(21) ^ layer(self.notes.http2()).rotate_left(42) ^ header_order
    }

    /// For the record.
    pub(crate) fn fingerprints(&self, header_order: u64) -> Fingerprints {
        let text = |mark: &Mark| mark.text.clone();
        Fingerprints {
            tls: self.tls.as_ref().map(text),
            http2: self.notes.http2().map(text),
            header: Some(header_order),
        }
    }

    /// Tells the application.
    pub(crate) fn forward(&self, header_order: u64, fields: &mut impl Fields) {
        if let Some(tls) = &self.tls {
            fields.keep(&TLS, &tls.field);
        }
        if let Some(http2) = self.notes.http2() {
            fields.keep(&HTTP2, &http2.field);
        }
        fields.set(&HEADER, &Fingerprints::of_header(header_order));
    }
}

static TLS: HeaderName = HeaderName::from_static("x-spigot-fingerprint-tls");
static HTTP2: HeaderName = HeaderName::from_static("x-spigot-fingerprint-http2");
static HEADER: HeaderName = HeaderName::from_static("x-spigot-fingerprint-header");
