//! The files that visitors get from us, built from `web/challenge` and `web/widget`, as they are and compressed.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use serde_json::json;

use crate::body::{Incoming, Through};
use crate::respond::{plain, problem};

/// One file.
pub(crate) struct File {
    name: &'static str,
    media_type: &'static str,
    /// What its content hashes to.
    tag: &'static str,
    plain: &'static [u8],
    gzip: &'static [u8],
    /// Nothing where there is none.
    brotli: &'static [u8],
}

static CHALLENGE: &[File] = include!(concat!(env!("OUT_DIR"), "/challenge_files.rs"));
static WIDGET: &[File] = include!(concat!(env!("OUT_DIR"), "/widget_files.rs"));

/// A file of the interstitial by its path below `/.spigot/`.
pub(crate) fn of_challenge(name: &str) -> Option<&'static File> {
    CHALLENGE.iter().find(|file| file.name == name)
}

/// A file of the widget by its path below `/.spigot/widget/`.
pub(crate) fn of_widget(name: &str) -> Option<&'static File> {
    WIDGET.iter().find(|file| file.name == name)
}

impl File {
    /// For our own pages.
    pub(crate) fn answer(&self, request: &Request<Incoming>) -> Response<Through> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return problem(
                StatusCode::METHOD_NOT_ALLOWED,
                "method",
                "This method is not for this address",
                "Files are got.",
                json!({}),
            );
        }
        self.chosen(request.headers())
    }

    /// For pages of other origins, too.
    pub(crate) fn answer_everybody(&self, request: &Request<Incoming>) -> Response<Through> {
        let mut response = self.answer(request);
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
        response
    }

    fn chosen(&self, asked: &HeaderMap) -> Response<Through> {
        let (coding, bytes) = self.form(asked);
        // Each form of a file has a tag of its own (RFC 9110, 8.8.3.3).
        let tag = match coding {
            Some(coding) => format!("\"{}-{coding}\"", self.tag),
            None => format!("\"{}\"", self.tag),
        };
        let known = asked.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
        let mut response = if known {
            let mut response = Response::new(Through::Empty);
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response
        } else {
            plain(StatusCode::OK, self.media_type, Bytes::from_static(bytes))
        };
        let headers = response.headers_mut();
        if let (Some(coding), false) = (coding, known) {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        // A new version of Spigot brings new files under the same names: kept, but asked for each time.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            headers.insert(header::ETAG, tag);
        }
        response
    }

    /// The smallest form that a client takes, and its coding.
    fn form(&self, asked: &HeaderMap) -> (Option<&'static str>, &'static [u8]) {
        [("br", self.brotli), ("gzip", self.gzip)]
            .into_iter()
            .filter(|(coding, bytes)| {
                !bytes.is_empty() && bytes.len() < self.plain.len() && takes(asked, coding)
            })
            .min_by_key(|(_, bytes)| bytes.len())
            .map_or((None, self.plain), |(coding, bytes)| (Some(coding), bytes))
    }
}

/// Whether `Accept-Encoding` names a coding and gives it any weight.
fn takes(asked: &HeaderMap, coding: &str) -> bool {
    let fields = asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    fields.flat_map(|field| field.split(',')).any(|named| {
        let (name, weight) = named.split_once(';').unwrap_or((named, ""));
        let weight = weight.trim().strip_prefix("q=").unwrap_or("1");
        name.trim().eq_ignore_ascii_case(coding) && weight.parse().is_ok_and(|weight: f32| weight > 0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_takes_gzip() {
        let check = |fields: &[&'static str], expected: bool| {
            let mut asked = HeaderMap::new();
            for field in fields {
                asked.append(header::ACCEPT_ENCODING, HeaderValue::from_static(field));
            }
            assert_eq!(takes(&asked, "gzip"), expected, "{fields:?}");
        };
        check(&["gzip, deflate, br, zstd"], true);
        check(&["br", "GZIP"], true);
        check(&["br;q=1.0, gzip;q=0.8"], true);
        check(&["gzip; q=0.001"], true);
        check(&["gzip;q=0"], false);
        check(&["gzip;q=0.000"], false);
        check(&["gzip;q=much"], false);
        check(&["identity", "xgzip"], false);
        check(&[], false);
    }

    #[test]
    fn each_form_has_its_tag_and_comes_once() {
        let file = of_widget("widget.js").expect("web/widget/dist is in the tree");
        let asked = |fields: &[(header::HeaderName, &str)]| {
            let headers = fields.iter().map(|(name, value)| (name.clone(), value.parse().unwrap()));
            file.chosen(&headers.collect())
        };
        let (plain, gzip) = (asked(&[]), asked(&[(header::ACCEPT_ENCODING, "gzip")]));
        let brotli = asked(&[(header::ACCEPT_ENCODING, "gzip, deflate, br, zstd")]);
        assert_eq!(brotli.headers()[header::CONTENT_ENCODING], "br");
        assert!(of_widget("widget.js.br").is_none(), "it is a form, not a file");
        let tag =
            |response: &Response<Through>| response.headers()[header::ETAG].to_str().unwrap().to_owned();
        assert!(tag(&plain) != tag(&gzip) && tag(&gzip) != tag(&brotli));
        assert_eq!(plain.headers().get(header::CONTENT_ENCODING), None);
        assert_eq!(gzip.headers()[header::CONTENT_ENCODING], "gzip");
        let again = asked(&[(header::ACCEPT_ENCODING, "gzip"), (header::IF_NONE_MATCH, &tag(&gzip))]);
        assert_eq!(
            (again.status(), again.headers().get(header::CONTENT_ENCODING)),
            (StatusCode::NOT_MODIFIED, None)
        );
        let other = asked(&[(header::ACCEPT_ENCODING, "gzip"), (header::IF_NONE_MATCH, &tag(&plain))]);
        assert_eq!(other.status(), StatusCode::OK);
        assert!(
            [&plain, &gzip, &brotli, &again].iter().all(|r| r.headers()[header::VARY] == "accept-encoding")
        );
    }
}
