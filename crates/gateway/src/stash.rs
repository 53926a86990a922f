//! Posted forms that wait while their senders solve a challenge. After the solve the browser posts the stash's id to
//! where the form was going, and the gateway puts the form back: the application sees it once, byte for byte.
//!
//! Bounded in bytes and in time; what does not fit is refused before the visitor loses anything, and said so.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use spigot_decision::Millis;

use crate::shelf::{Room, Shelf};

/// How long a form waits: longer than a challenge and the solving of it.
const LIFE_MILLIS: i64 = 10 * 60_000;

/// A kept form. What its browser posts is a form, whatever a program may send: nothing else is kept.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) id: [u8; 16],
    pub(crate) host: String,
    pub(crate) target: String,
    pub(crate) content_type: HeaderValue,
    pub(crate) body: Bytes,
    pub(crate) foreign: Option<Foreign>,
}

/// What came with a form that another site's page sent, or nobody can tell whose: the browser leaves cookies out there,
/// and names the site. After the solve it would come from our own page, as if somebody here had filled it in; so the
/// application gets these fields as they were.
#[derive(Clone, Debug)]
pub(crate) struct Foreign(Vec<(HeaderName, HeaderValue)>);

static FIELDS: [HeaderName; 7] = [
    header::COOKIE,
    header::ORIGIN,
    header::REFERER,
    HeaderName::from_static("sec-fetch-site"),
    HeaderName::from_static("sec-fetch-mode"),
    HeaderName::from_static("sec-fetch-dest"),
    HeaderName::from_static("sec-fetch-user"),
];

impl Foreign {
    /// Whether a request to a host, as `Host` has it, says that a page of another one sent it, or none that can be told.
    /// Every browser of the last years says whose page posts.
    pub(crate) fn is_told(headers: &HeaderMap, authority: &[u8]) -> bool {
        let says = headers.contains_key(&FIELDS[3]) || headers.contains_key(header::ORIGIN);
        says && !is_own(headers, authority)
    }

    /// Of a request; nothing when a page of the same host sent it.
    pub(crate) fn of(headers: &HeaderMap, authority: &[u8]) -> Option<Self> {
        let fields = FIELDS.iter().filter_map(|name| {
            let separator: &[u8] = if *name == header::COOKIE { b"; " } else { b", " };
            let lines: Vec<&[u8]> = headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
            // A copy: the whole head would stay for it.
            let value = HeaderValue::from_bytes(&lines.join(separator)).ok();
            value.filter(|_| !lines.is_empty()).map(|value| (name.clone(), value))
        });
        (!is_own(headers, authority)).then(|| Self(fields.collect()))
    }

    /// Whether it says what such a field was.
    pub(crate) fn tells(name: &HeaderName) -> bool {
        FIELDS.contains(name)
    }

    pub(crate) fn fields(&self) -> &[(HeaderName, HeaderValue)] {
        &self.0
    }

    fn bytes(&self) -> usize {
        self.0.iter().map(|(name, value)| name.as_str().len() + value.len() + ENTRY_BYTES).sum()
    }
}

fn is_own(headers: &HeaderMap, authority: &[u8]) -> bool {
    match headers.get(&FIELDS[3]) {
        // "none": nobody but the person at the browser, who loads a page again, for one.
        Some(site) => site == "same-origin" || site == "none",
        None => headers.get(header::ORIGIN).map(HeaderValue::as_bytes).is_some_and(|origin| {
            let host = origin.strip_prefix(b"https://").or(origin.strip_prefix(b"http://"));
            host.is_some_and(|host| host.eq_ignore_ascii_case(authority))
        }),
    }
}

/// A field takes about so much beside its value.
const ENTRY_BYTES: usize = 100;

impl Kept {
    pub(crate) fn bytes(&self) -> u64 {
        let texts = self.host.len() + self.target.len() + self.content_type.len();
        (texts + self.body.len() + self.foreign.as_ref().map_or(0, Foreign::bytes)) as u64
    }
}

/// Whether a browser's form posts such things.
pub(crate) fn is_posted(method: &Method, content_type: Option<&HeaderValue>) -> bool {
    const KINDS: [&[u8]; 3] = [b"application/x-www-form-urlencoded", b"multipart/form-data", b"text/plain"];
    let kind = content_type.and_then(|kind| kind.as_bytes().split(|byte| *byte == b';').next());
    let known =
        kind.is_some_and(|kind| KINDS.iter().any(|known| kind.trim_ascii().eq_ignore_ascii_case(known)));
    *method == Method::POST && known
}

/// Why a form is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unkept {
    /// It is larger than any form may be.
    TooLarge,
    /// It did not come whole, or there is no room for it now.
    NoRoom,
}

/// The forms that wait.
pub(crate) struct Stash(Shelf<Kept>);

impl Default for Stash {
    fn default() -> Self {
        Self(Shelf::new(LIFE_MILLIS))
    }
}

impl Stash {
    /// Room for a form that is coming, of `bytes_total` for all.
    pub(crate) fn room(&self, bytes_total: u64) -> Room<'_, Kept> {
        self.0.room(bytes_total)
    }

    /// Keeps a form; `false` when there is no room.
    pub(crate) fn keep(&self, kept: Kept, bytes_total: u64, now: Millis) -> bool {
        let bytes = kept.bytes();
        self.0.put(kept.id, kept, bytes, bytes_total, now)
    }

    /// Takes a form out, once: only for the host and target that it was posted to.
    pub(crate) fn take(&self, id: &[u8; 16], host: &str, target: &str) -> Option<Kept> {
        self.0.take(id, |kept| kept.host == host && kept.target == target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_for_its_own_target() {
        let stash = Stash::default();
        let form = Kept {
            id: [1; 16],
            host: "a".into(),
            target: "/x".into(),
            content_type: HeaderValue::from_static("application/x-www-form-urlencoded"),
            body: "a=1".into(),
            foreign: None,
        };
        assert!(stash.keep(form, 4000, Millis(0)));
        assert!(stash.take(&[1; 16], "a", "/y").is_none());
        assert!(stash.take(&[1; 16], "b", "/x").is_none());
        assert!(stash.take(&[1; 16], "a", "/x").is_some());
    }

    #[test]
    fn whose_form_it_is() {
        let check = |fields: &[(&'static str, &'static str)], expected: Option<&[(&str, &str)]>| {
            let mut headers = HeaderMap::new();
            for (name, value) in fields {
                headers.append(*name, HeaderValue::from_static(value));
            }
            let found = Foreign::of(&headers, b"shop.example:8080");
            let found = found.as_ref().map(|foreign| {
                let pair = |(name, value): &(HeaderName, HeaderValue)| {
                    (name.as_str().to_owned(), value.to_str().unwrap().to_owned())
                };
                foreign.fields().iter().map(pair).collect::<Vec<_>>()
            });
            let expected = expected.map(|fields| {
                fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
            });
            assert_eq!(found, expected, "{fields:?}");
        };
        check(&[("sec-fetch-site", "same-origin"), ("origin", "null")], None);
        check(&[("sec-fetch-site", "none")], None);
        check(&[("origin", "https://Shop.example:8080"), ("cookie", "a=b")], None);
        check(&[("cookie", "a=b"), ("cookie", "c=d")], Some(&[("cookie", "a=b; c=d")]));
        check(&[("origin", "null"), ("accept", "text/html")], Some(&[("origin", "null")]));
        for origin in ["https://evil.example", "https://shop.example", "shop.example:8080"] {
            check(&[("origin", origin)], Some(&[("origin", origin)]));
        }
        let site = ("sec-fetch-site", "same-site");
        check(
            &[("origin", "https://shop.example:8080"), site],
            Some(&[("origin", "https://shop.example:8080"), site]),
        );
    }

    #[test]
    fn what_a_browser_posts() {
        let check = |method: Method, kind: Option<&'static str>, expected: bool| {
            let kind = kind.map(HeaderValue::from_static);
            assert_eq!(is_posted(&method, kind.as_ref()), expected, "{method} {kind:?}");
        };
        for kind in [
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "Text/Plain; charset=utf-8",
        ] {
            check(Method::POST, Some(kind), true);
            check(Method::PUT, Some(kind), false);
            check(Method::DELETE, Some(kind), false);
        }
        for kind in [None, Some("application/json"), Some("text/plain+json"), Some("")] {
            check(Method::POST, kind, false);
        }
    }
}
