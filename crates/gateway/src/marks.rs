//! What a client shows of itself without being asked, and without meaning to.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::wire::{Ja4, Notes};

/// The fingerprints of a connection's client, each of its layer. They can be imitated: one that does not fit the
/// client's story adds suspicion, one that fits grants nothing.
pub(crate) struct Marks {
    /// Of TLS (JA4), when we speak it.
    tls: Option<HeaderValue>,
    /// Of the bytes within.
    pub(crate) notes: Arc<Notes>,
}

impl Marks {
    pub(crate) fn new(ja4: Option<Ja4>) -> Self {
        let tls = ja4.and_then(|ja4| HeaderValue::from_str(ja4.as_str()).ok());
        Self { tls, notes: Arc::default() }
    }

    /// Tells the application.
    pub(crate) fn forward(&self, header_order: u64, headers: &mut HeaderMap) {
        if let Some(tls) = &self.tls {
            headers.insert(HeaderName::from_static("x-spigot-fingerprint-tls"), tls.clone());
        }
        if let Some(http2) = self.notes.http2() {
            headers.insert(HeaderName::from_static("x-spigot-fingerprint-http2"), http2.clone());
        }
        if let Ok(order) = HeaderValue::from_str(&format!("{header_order:016x}")) {
            headers.insert(HeaderName::from_static("x-spigot-fingerprint-header"), order);
        }
    }
}
