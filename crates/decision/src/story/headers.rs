use super::{Found, Rules, claimed};
use crate::Agent;

/// A header field whose presence or place tells something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Accept,
    AcceptEncoding,
    AcceptLanguage,
    UserAgent,
    SecFetchSite,
    SecFetchMode,
}

/// A request's header fields, noted in one pass in the order in which they came.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sent<'r> {
    /// Places from 1 on; 0 where a field is absent.
    places: [u8; 6],
    count: u8,
    any_language: bool,
    /// The client cannot know less of itself: a report, a preflight, a switch of protocols.
    special: bool,
    /// Somebody between may have changed the order.
    relayed: bool,
    /// `Sec-CH-UA`, `-Mobile`, `-Platform`; empty where absent.
    pub(super) brands: &'r [u8],
    pub(super) mobile: &'r [u8],
    pub(super) platform: &'r [u8],
}

impl Field {
    pub(super) const NAMES: &'static str =
        "accept, accept-encoding, accept-language, user-agent, sec-fetch-site, sec-fetch-mode";

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "accept" => Self::Accept,
            "accept-encoding" => Self::AcceptEncoding,
            "accept-language" => Self::AcceptLanguage,
            "user-agent" => Self::UserAgent,
            "sec-fetch-site" => Self::SecFetchSite,
            "sec-fetch-mode" => Self::SecFetchMode,
            _ => return None,
        })
    }
}

impl<'r> Sent<'r> {
    /// The header fields of a request with this method, by names in lower case.
    pub fn of(method: &str, fields: impl Iterator<Item = (&'r str, &'r [u8])>) -> Self {
        let mut sent = Self { special: method == "OPTIONS", ..Self::default() };
        fields.for_each(|(name, value)| sent.note(name, value));
        sent
    }

    /// The same, by way of a proxy, which may have put them into another order.
    #[must_use]
    pub fn relayed(self) -> Self {
        Self { relayed: true, ..self }
    }

    fn note(&mut self, name: &str, value: &'r [u8]) {
        self.count = self.count.saturating_add(1);
        // By length first: most fields are none of these.
        match name.len() {
            3 if name == "via" => self.relayed = true,
            6 if name == "accept" => self.place(Field::Accept),
            7 if name == "upgrade" => self.special = true,
            9 if name == "sec-ch-ua" => self.brands = value,
            10 if name == "user-agent" => self.place(Field::UserAgent),
            12 if name == "content-type" => self.special |= is_report(value),
            14 if name == "sec-fetch-site" => self.place(Field::SecFetchSite),
            14 if name == "sec-fetch-mode" => self.place(Field::SecFetchMode),
            15 if name == "accept-encoding" => self.place(Field::AcceptEncoding),
            15 if name == "accept-language" => {
                self.any_language = value == b"*";
                self.place(Field::AcceptLanguage);
            }
            16 if name == "sec-ch-ua-mobile" => self.mobile = value,
            18 if name == "sec-ch-ua-platform" => self.platform = value,
            _ => {}
        }
    }

    fn place(&mut self, field: Field) {
        let place = &mut self.places[field as usize];
        if *place == 0 {
            *place = self.count;
        }
    }

    fn at(&self, field: Field) -> u8 {
        self.places[field as usize]
    }

    fn has(&self, field: Field) -> bool {
        self.at(field) != 0
    }
}

/// What a browser itself reports, with fewer fields than what it asks for pages.
fn is_report(content_type: &[u8]) -> bool {
    let starts =
        |with: &[u8]| content_type.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
    starts(b"application/reports") || starts(b"application/csp-report") || starts(b"application/expect-ct")
}

impl Rules {
    /// What of its header fields contradicts a user agent. `trustworthy`: the client reached the site over TLS or on its
    /// own machine, where browsers tell more. One field alone that is missing says nothing: proxies and extensions
    /// remove some.
    #[must_use]
    pub fn headers(&self, agent: &Agent, sent: &Sent<'_>, trustworthy: bool) -> Option<Found> {
        let browser = claimed(agent)?;
        let own = self.of(browser.engine).filter(|_| !sent.special)?;
        if sent.any_language {
            return Some(Found::That("it takes any language, which no browser sends"));
        }
        if sent.has(Field::SecFetchMode) && !sent.has(Field::SecFetchSite) {
            return Some(Found::That("it sends Sec-Fetch-Mode without Sec-Fetch-Site"));
        }
        let general = [Field::Accept, Field::AcceptEncoding, Field::AcceptLanguage];
        if general.iter().filter(|field| !sent.has(**field)).count() >= 2 {
            return Some(Found::That("it sends hardly any of Accept, Accept-Encoding and Accept-Language"));
        }
        let tells = own.fetch_metadata_from.is_some_and(|from| browser.engine_major >= from);
        let told = [Field::AcceptLanguage, Field::SecFetchSite].iter().any(|field| sent.has(*field));
        if tells && trustworthy && !told && sent.brands.is_empty() {
            return Some(Found::That("it sends none of Accept-Language, Sec-Fetch-Site and Sec-CH-UA"));
        }
        let reversed = |(first, then): &(Field, Field)| {
            let (first, then) = (sent.at(*first), sent.at(*then));
            first != 0 && then != 0 && first > then
        };
        (own.knows(&browser) && !sent.relayed && own.order.iter().any(reversed))
            .then_some(Found::That("its header fields come in an order that no such browser has"))
    }
}
