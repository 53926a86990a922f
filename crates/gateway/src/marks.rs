//! What a client shows of itself without being asked, and without meaning to.

use std::sync::{Arc, OnceLock};

use http::{HeaderName, HeaderValue};
use parking_lot::Mutex;
use spigot_decision::story::Tls;
use spigot_event::Fingerprints;
use spigot_proof::Certificate;

use crate::story::Told;
use crate::upstream::Fields;
use crate::wire::Hello;

/// A layer's fingerprint, as requests carry it and as events keep it.
pub(crate) struct Mark {
    field: HeaderValue,
    text: Arc<str>,
    /// Stands for the text where it is one of several.
    number: u64,
}

impl Mark {
    /// `None` when it has what no field may have.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let number = spigot_decision::layer_number(text);
        Some(Self { field: HeaderValue::from_str(text).ok()?, text: text.into(), number })
    }
}

/// The fingerprints of a connection's client, each of its layer. They can be imitated: one that does not fit the
/// client's story adds suspicion, one that fits grants nothing.
pub(crate) struct Marks {
    /// Of TLS (JA4), when we speak it.
    tls: Option<Mark>,
    /// Whether TLS offered reserved values.
    grease: bool,
    /// Of HTTP/2, as soon as it is known: settings, window, priorities, order of pseudo-fields.
    pub(crate) http2: Arc<OnceLock<Mark>>,
    /// The certificate that it showed and that was verified.
    pub(crate) certificate: Option<Certificate>,
    pub(crate) said: Said,
}

/// What the connection's last request said of itself. Most say the same again, so that their events share it: texts of
/// their own would be memory that each request takes anew and another thread gives back.
#[derive(Default)]
pub(crate) struct Said {
    host: Mutex<Option<Arc<str>>>,
    user_agent: Mutex<Option<Arc<str>>>,
}

impl Said {
    pub(crate) fn host(&self, text: &str) -> Arc<str> {
        shared(&self.host, text)
    }

    pub(crate) fn user_agent(&self, text: &str) -> Arc<str> {
        shared(&self.user_agent, text)
    }
}

fn shared(last: &Mutex<Option<Arc<str>>>, text: &str) -> Arc<str> {
    let mut last = last.lock();
    match &*last {
        Some(same) if **same == *text => same.clone(),
        _ => last.insert(text.into()).clone(),
    }
}

/// The layers of a connection.
#[derive(Clone, Copy)]
pub(crate) struct Layers<'r> {
    pub(crate) tls: Option<Tls<'r>>,
    pub(crate) http2: Option<&'r str>,
}

impl Marks {
    pub(crate) fn new(hello: Option<&Hello>) -> Self {
        Self {
            tls: hello.and_then(|hello| Mark::new(hello.ja4.as_str())),
            grease: hello.is_some_and(|hello| hello.grease),
            http2: Arc::default(),
            certificate: None,
            said: Said::default(),
        }
    }

    /// The client's, which are a trusted proxy's word where there is one before it.
    fn pair<'r>(&'r self, told: Option<&'r Told>) -> (Option<&'r Mark>, Option<&'r Mark>) {
        match told {
            Some(told) => (told.tls.as_ref(), told.http2.as_ref()),
            None => (self.tls.as_ref(), self.http2.get()),
        }
    }

    /// To be held against what the client says of itself. HTTP/2 without TLS is a proxy's that nobody told us of.
    pub(crate) fn layers(&self) -> Layers<'_> {
        let tls = self.tls.as_ref();
        Layers {
            tls: tls.map(|tls| Tls { ja4: &tls.text, grease: Some(self.grease) }),
            http2: tls.and_then(|_| self.http2.get()).map(|http2| &*http2.text),
        }
    }

    /// The same of what a trusted proxy told.
    pub(crate) fn of(told: &Told) -> Layers<'_> {
        Layers {
            tls: told.tls.as_ref().map(|tls| Tls { ja4: &tls.text, grease: None }),
            http2: told.http2.as_ref().map(|http2| &*http2.text),
        }
    }

    /// Each layer as a number, for the operator's lists.
    pub(crate) fn numbers(&self, told: Option<&Told>, header_order: u64) -> [u64; 3] {
        let (tls, http2) = self.pair(told);
        let layer = |mark: Option<&Mark>| mark.map_or(0, |mark| mark.number);
        [layer(tls), layer(http2), header_order]
    }

    /// All layers as one number, for cohorts.
    pub(crate) fn together([tls, http2, header]: [u64; 3]) -> u64 {
        tls.rotate_left(21) ^ http2.rotate_left(42) ^ header
    }

    /// For the record.
    pub(crate) fn fingerprints(&self, told: Option<&Told>, header_order: u64) -> Fingerprints {
        let text = |mark: &Mark| mark.text.clone();
        let (tls, http2) = self.pair(told);
        Fingerprints { tls: tls.map(text), http2: http2.map(text), header: Some(header_order) }
    }

    /// Tells the application.
    pub(crate) fn forward(&self, told: Option<&Told>, header_order: u64, fields: &mut impl Fields) {
        let (tls, http2) = self.pair(told);
        if let Some(tls) = tls {
            fields.keep(&TLS, &tls.field);
        }
        if let Some(http2) = http2 {
            fields.keep(&HTTP2, &http2.field);
        }
        fields.set(&HEADER, &Fingerprints::of_header(header_order));
    }
}

static TLS: HeaderName = HeaderName::from_static("x-spigot-fingerprint-tls");
static HTTP2: HeaderName = HeaderName::from_static("x-spigot-fingerprint-http2");
static HEADER: HeaderName = HeaderName::from_static("x-spigot-fingerprint-header");
