//! Files that others publish: fetched with bounds, and only when they have changed. For a thread of its own, never on the
//! way of a request.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, header};
use http_body_util::{BodyExt, Limited};
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::body::Through;
use crate::provider::Hidden;
use crate::settings::Bounds;
use crate::upstream::{Outgoing, OwnRequest, Pool, Times, Trust, Upstream, UpstreamProblem};

/// Answers that lead elsewhere, one after the other.
const REDIRECTS_MAX: usize = 3;

/// Where something is published.
#[derive(Clone, Debug)]
pub struct Remote {
    pub(crate) server: Arc<Upstream>,
    pub(crate) target: String,
}

/// What is fetched, and within which bounds.
pub struct Wanted<'a> {
    /// Where.
    pub from: &'a Remote,
    /// What the last answer was marked with, so that only a newer one is sent.
    pub mark: &'a Mark,
    /// A field that carries a key.
    pub key: Option<(&'static str, &'a Hidden)>,
    /// Bytes of the answer.
    pub bytes_max: u64,
    /// For all of it.
    pub time: Duration,
}

/// What a server marks an answer with (RFC 9110, sections 8.8.2 and 8.8.3), as it sent it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// `ETag`.
    pub tag: Option<String>,
    /// `Last-Modified`.
    pub modified: Option<String>,
}

/// What came.
#[derive(Debug)]
pub enum Fetched {
    /// Nothing has changed.
    Unchanged,
    /// All of it, and its mark.
    New(Bytes, Mark),
}

/// The server alone: the rest of an address can be as good as a key.
impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.server.fmt(f)
    }
}

impl Remote {
    /// Reads `http://HOST[:PORT]/PATH` or `https://…`; `trust` says whose certificates count.
    ///
    /// # Errors
    /// What is wrong, and what may be written instead.
    pub fn parse(
        text: &str,
        trust: impl FnOnce() -> Result<Trust, UpstreamProblem>,
    ) -> Result<Self, UpstreamProblem> {
        let text = text.split('#').next().unwrap_or_default();
        let rest = text.strip_prefix("https://").or(text.strip_prefix("http://"));
        let Some(rest) = rest else {
            return Err(UpstreamProblem {
                what: format!("\"{text}\" is no address that can be fetched from"),
                instead: "write \"https://HOST/PATH\" or \"http://HOST/PATH\"",
            });
        };
        let origin = text.len() - rest.len() + rest.find(['/', '?']).unwrap_or(rest.len());
        let (origin, target) = text.split_at(origin);
        let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
        Ok(Self { server: Arc::new(Upstream::parse(origin, trust)?), target })
    }

    /// Where an answer leads. Never from https to http.
    fn redirected(&self, location: &str) -> Option<Self> {
        if location.starts_with('/') && !location.starts_with("//") {
            return Some(Self { server: self.server.clone(), target: location.to_owned() });
        }
        let next = Self::parse(location, Trust::system).ok()?;
        (next.server.is_secure() || !self.server.is_secure()).then_some(next)
    }
}

/// Fetches. Inside a `LocalSet`.
///
/// # Errors
/// Why there is nothing, in words for people.
pub async fn fetch(wanted: &Wanted<'_>) -> Result<Fetched, String> {
    let pool = Pool::new(Arc::default());
    let fetching = async {
        let mut from = wanted.from.clone();
        for _ in 0..=REDIRECTS_MAX {
            match exchange(&pool, &from, wanted).await? {
                Answered::With(fetched) => return Ok(fetched),
                Answered::Elsewhere(location) => {
                    from = from
                        .redirected(&location)
                        .ok_or_else(|| format!("it leads to \"{location}\", where it is not followed"))?;
                }
            }
        }
        Err(format!("it leads elsewhere more than {REDIRECTS_MAX} times"))
    };
    let seconds = wanted.time.as_secs_f32();
    timeout(wanted.time, fetching)
        .await
        .unwrap_or_else(|_| Err(format!("it did not come within {seconds} s")))
}

enum Answered {
    With(Fetched),
    Elsewhere(String),
}

async fn exchange(pool: &Pool, from: &Remote, wanted: &Wanted<'_>) -> Result<Answered, String> {
    let server = from.server.clone();
    let resolved = tokio::task::spawn_blocking(move || server.resolve()).await;
    if let Ok(Err(error)) = resolved {
        return Err(format!("its name is not found: {error}"));
    }
    let mut headers = vec![("accept-encoding", Zeroizing::new("identity".to_owned()))];
    for (name, value) in [("if-none-match", &wanted.mark.tag), ("if-modified-since", &wanted.mark.modified)] {
        headers.extend(value.clone().map(|value| (name, Zeroizing::new(value))));
    }
    // A key is for the server that it was given for.
    if Arc::ptr_eq(&from.server, &wanted.from.server) {
        headers.extend(wanted.key.map(|(name, key)| (name, Zeroizing::new(key.expose().to_owned()))));
    }
    let head = OwnRequest {
        server: &from.server,
        method: Method::GET,
        target: &from.target,
        accept: "*/*",
        content: None,
        headers: &headers,
    };
    let outgoing =
        Outgoing { head: &head, body: Through::Empty, idempotent: true, http1_only: false, interims: None };
    let times = Times { answer: wanted.time, ..Times::from(&Bounds::default()) };
    let response = pool
        .send(std::slice::from_ref(&from.server), outgoing, times)
        .await
        .map_err(|_| format!("{} does not answer", from.server))?;
    let (parts, body) = response.into_parts();
    match parts.status.as_u16() {
        304 => return Ok(Answered::With(Fetched::Unchanged)),
        301 | 302 | 303 | 307 | 308 => {
            let location = text(&parts.headers, &header::LOCATION).ok_or("it leads nowhere")?;
            return Ok(Answered::Elsewhere(location));
        }
        200 => {}
        status => return Err(format!("it is answered with status {status}")),
    }
    let most = usize::try_from(wanted.bytes_max).unwrap_or(usize::MAX);
    let body = Limited::new(body, most).collect().await.map_err(|error| {
        if error.is::<http_body_util::LengthLimitError>() {
            format!("it is larger than {most} bytes; raise `size_max` if it may be")
        } else {
            "it broke off".to_owned()
        }
    })?;
    let mark = Mark {
        tag: text(&parts.headers, &header::ETAG),
        modified: text(&parts.headers, &header::LAST_MODIFIED),
    };
    Ok(Answered::With(Fetched::New(body.to_bytes(), mark)))
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_from() {
        let check = |text: &str, expected: Option<(&str, &str)>| {
            let parsed = Remote::parse(text, Trust::system).ok();
            let found = parsed.as_ref().map(|remote| (remote.server.to_string(), remote.target.clone()));
            let expected = expected.map(|(server, target)| (server.to_owned(), target.to_owned()));
            assert_eq!(found, expected, "{text}");
        };
        check("http://127.0.0.1:80/a/b?c=d#e", Some(("http://127.0.0.1:80", "/a/b?c=d")));
        check("http://lists.example", Some(("http://lists.example:80", "/")));
        check("http://lists.example?all", Some(("http://lists.example:80", "/?all")));
        check("ftp://lists.example/a", None);
        check("lists.example/a", None);
        check("http://user@lists.example/a", None);
        check("http:///a", None);
    }

    #[test]
    fn where_answers_lead() {
        let from = Remote::parse("https://127.0.0.1/a", Trust::system).unwrap();
        let target = |location| from.redirected(location).map(|next| next.target);
        assert_eq!(target("/b?c"), Some("/b?c".to_owned()));
        assert_eq!(target("https://127.0.0.2/b"), Some("/b".to_owned()));
        for location in ["http://127.0.0.1/b", "//127.0.0.2/b", "b", "file:///etc/passwd", ""] {
            assert_eq!(target(location), None, "{location}");
        }
    }
}
