//! Does the story hold: what a user agent says of a browser, against the connection and the headers that came with it.
//! A contradiction adds to the risk; agreement grants nothing, because all of it can be imitated. What is not known, and
//! what a browser newer than the rules does otherwise, is no contradiction.
//!
//! Declared programs are not judged: a crawler that renders with Chromium says both, and is honest. Neither are apps'
//! web views and browsers built on others' engines, which bring networks of their own.

mod connection;
mod headers;
mod hints;
mod rules;

use std::fmt;

use arrayvec::ArrayString;

pub use self::connection::Tls;
pub use self::headers::Sent;
pub use self::rules::Rules;
use crate::{Agent, Browser, Engine, Family};

/// What contradicts a request's user agent, by where it was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Story {
    /// TLS.
    pub tls: Option<Found>,
    /// HTTP/2.
    pub http2: Option<Found>,
    /// Presence and order of headers.
    pub headers: Option<Found>,
    /// Client hints.
    pub hints: Option<Found>,
}

/// A name out of the rules.
pub type Name = ArrayString<20>;

/// What was found in place of what the user agent leads to expect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// TLS of something that is recognised.
    TlsOf(Name),
    /// HTTP/2 of something that is recognised.
    Http2Of(Name),
    /// Something else, in words that follow "but".
    That(&'static str),
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TlsOf(name) => write!(f, "its TLS is that of {name}"),
            Self::Http2Of(name) => write!(f, "its HTTP/2 is that of {name}"),
            Self::That(words) => f.write_str(words),
        }
    }
}

/// The browser whose story can be judged, if an agent claims one.
#[must_use]
pub fn claimed(agent: &Agent) -> Option<Browser> {
    let browser = agent.browser?;
    let foreign = matches!(browser.family, Family::WebView | Family::Other);
    (!foreign && browser.engine != Engine::Old && !agent.is_program()).then_some(browser)
}

#[cfg(test)]
mod tests;
