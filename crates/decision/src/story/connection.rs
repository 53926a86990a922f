use super::{Found, Rules, claimed};
use crate::{Agent, Browser};

/// What is known of a client's TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tls<'a> {
    /// JA4.
    pub ja4: &'a str,
    /// Whether its hello held reserved values (RFC 8701); not known where somebody else saw it.
    pub grease: Option<bool>,
}

impl Rules {
    /// What of its TLS contradicts a user agent.
    #[must_use]
    pub fn tls(&self, agent: &Agent, tls: &Tls<'_>) -> Option<Found> {
        let browser = claimed(agent)?;
        let ciphers = tls.ja4.split('_').nth(1)?;
        let has = |digests: &[String]| digests.iter().any(|digest| digest == ciphers);
        let own = self.of(browser.engine)?;
        if has(&own.ciphers) {
            return grease(own.knows(&browser), own.grease, tls.grease);
        }
        let tools = self.tools.iter().map(|tool| (&tool.ciphers, tool.called));
        let engines = self.engines.iter().map(|engine| (&engine.ciphers, engine.called));
        if let Some((_, name)) = tools.chain(engines).find(|(digests, _)| has(digests)) {
            return Some(Found::TlsOf(name));
        }
        if own.knows(&browser) && own.strict.contains(&browser.family) {
            return Some(Found::That("its TLS is not that of any such browser"));
        }
        grease(own.knows(&browser), own.grease, tls.grease)
    }

    /// What of its HTTP/2 contradicts a user agent.
    #[must_use]
    pub fn http2(&self, agent: &Agent, fingerprint: &str) -> Option<Found> {
        let browser = claimed(agent)?;
        let begins = |all: &[String]| all.iter().any(|start| fingerprint.starts_with(&**start));
        let ends = |all: &[String]| all.iter().any(|end| fingerprint.ends_with(&**end));
        if let Some(tool) =
            self.tools.iter().find(|tool| begins(&tool.http2_begins) || ends(&tool.http2_ends))
        {
            return Some(Found::Http2Of(tool.called));
        }
        self.unlike(&browser, fingerprint)
    }

    /// Settings, window, priorities, order of pseudo-fields, between bars.
    fn unlike(&self, browser: &Browser, fingerprint: &str) -> Option<Found> {
        let own = self.of(browser.engine)?;
        let mut parts = fingerprint.split('|');
        let (settings, window, priorities, order) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let is_own = |order: &str, own: &[String]| own.iter().any(|known| known == order);
        if !is_own(order, &own.http2_order)
            && let Some(other) = self.engines.iter().find(|other| is_own(order, &other.http2_order))
        {
            return Some(Found::Http2Of(other.called));
        }
        let strange =
            |known: &[String], found: &str| !known.is_empty() && !known.iter().any(|one| one == found);
        let unlike = strange(&own.http2_order, order)
            || strange(&own.http2_windows, window)
            || strange(&own.http2_priorities, priorities)
            || strange_settings(&own.http2_settings, settings);
        (own.knows(browser) && unlike).then_some(Found::That("its HTTP/2 is not that of any such browser"))
    }
}

/// Whether one of the known settings has another value, or none of them is sent. Settings that are not known, reserved ones
/// among them, and any order are left alone.
fn strange_settings(known: &[String], sent: &str) -> bool {
    let id = |setting: &str| setting.split_once(':').map(|(id, _)| id.to_owned());
    let is_known = |setting: &&str| known.iter().any(|one| id(one) == id(setting));
    let mut found = sent.split(';').filter(is_known).peekable();
    !known.is_empty()
        && (found.peek().is_none() || found.any(|setting| known.iter().all(|one| one != setting)))
}

fn grease(known: bool, expected: Option<bool>, found: Option<bool>) -> Option<Found> {
    match (expected?, found?) {
        _ if !known => None,
        (true, false) => Some(Found::That("its TLS offers no reserved values, as such browsers do")),
        (false, true) => Some(Found::That("its TLS offers reserved values, as no such browser does")),
        _ => None,
    }
}
