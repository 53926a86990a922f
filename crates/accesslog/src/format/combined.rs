//! Common and Combined, as nginx, Apache and Traefik write them and as others relay them.
//!
//! ```text
//! 192.0.2.1 - frank [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 2326
//! 192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 2326 "http://example.com/" "curl/8.5.0" "198.51.100.1"
//! example.com:443 192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 2326 "-" "-"
//! Oct 10 13:55:36 host nginx[2869]: 192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 2326 "-" "-"
//! ```
//!
//! The anchor is the bracketed time followed by a quote: a client can put neither into a log, since both servers
//! escape quotes. What is left of it is taken apart by [`head`], what is right of it field by field.

use crate::escape::Draft;
use crate::fields::{leading_number, present, status};
use crate::record::{Record, Reject};
use crate::{address, format::traefik, request};
use std::net::IpAddr;

/// Reads one line; see the module.
#[inline]
pub(crate) fn draft(line: &str) -> Result<Draft<'_>, Reject> {
    let line = unwrapped(line);
    let (head, time_millis, rest) = start(line)?;
    let mut rest = Rest { text: rest, escaped: false };
    let request = rest.quoted(ends_request).ok_or(Reject::NoStatus)?;
    let parts = request::split(request);
    let (method, target, protocol) = parts.unwrap_or_default();
    let status = status(rest.token()).ok_or(Reject::NoStatus)?;
    let bytes = if rest.text.starts_with('"') { 0 } else { leading_number(rest.token()) };
    let referer = rest.next_quoted(ends_referer).and_then(present);
    let user_agent = rest.next_quoted(ends_field).and_then(present);
    let extra = if rest.text.is_empty() { Extra::default() } else { extra(&mut rest) };
    let record = Record {
        time_millis,
        client: head.client,
        method,
        target,
        protocol,
        host: head.host,
        status,
        bytes,
        referer,
        user_agent,
        user: head.user,
        forwarded_for: extra.forwarded_for,
        request_seconds: extra.seconds,
        request_malformed: parts.is_none(),
        malformed_request: if parts.is_none() { request } else { "" },
    };
    let escaped = rest.escaped || head.user.is_some_and(|user| user.contains('\\'));
    Ok(Draft { record, args: None, escaped })
}

/// What some formats have after Combined.
#[derive(Default)]
struct Extra<'a> {
    forwarded_for: Option<&'a str>,
    seconds: Option<f64>,
}

/// nginx's `main` format goes on with `"$http_x_forwarded_for"`, Traefik with a count, names and a duration.
fn extra<'a>(rest: &mut Rest<'a>) -> Extra<'a> {
    let seconds = traefik::clf_seconds(rest.text);
    let quoted = rest.next_quoted(ends_field).and_then(present);
    Extra { seconds, forwarded_for: quoted.filter(|text| address::parse_decorated(text).is_some()) }
}

/// Without the pair of quotes that some exports put around whole lines.
fn unwrapped(line: &str) -> &str {
    line.strip_prefix('"').map_or(line, |inner| inner.strip_suffix('"').unwrap_or(inner))
}

/// Who, when, and what is after the quote that opens the request. Nearly every line begins `address - - [`.
#[inline]
fn start(line: &str) -> Result<(Head<'_>, i64, &str), Reject> {
    if let Some((client, length)) = address::leading_v4(line.as_bytes())
        && line.as_bytes()[length..].starts_with(b" - - [")
        && let Some((time_millis, after)) = timed(&line[length + 6..])
    {
        return Ok((Head { host: None, client, user: None }, time_millis, after));
    }
    let (before, time_millis, after) = at_time(line)?;
    head(before).map(|head| (head, time_millis, after)).ok_or(Reject::NoClient)
}

/// The time that a text begins with, and what is after `] "` behind it.
#[inline]
fn timed(text: &str) -> Option<(i64, &str)> {
    let (millis, length) = crate::time::clf(text.as_bytes())?;
    text.as_bytes()[length..].starts_with(b"] \"").then(|| (millis, &text[length + 3..]))
}

/// What is before the bracketed time, the time, and what is after the quote that opens the request.
fn at_time(line: &str) -> Result<(&str, i64, &str), Reject> {
    let mut reject = Reject::NotThisFormat;
    for open in memchr::memchr_iter(b'[', line.as_bytes()) {
        let text = &line[open + 1..];
        match timed(text).or_else(|| timed_otherwise(text)) {
            Some((millis, after)) => return Ok((&line[..open], millis, after)),
            None if looks_timed(text.as_bytes()) => reject = Reject::NoTime,
            None => {}
        }
    }
    Err(reject)
}

/// The same with `$time_iso8601` or `$msec` in the brackets.
#[cold]
fn timed_otherwise(text: &str) -> Option<(i64, &str)> {
    let (time, after) = text.split_once("] \"").filter(|(time, _)| time.len() <= 40)?;
    Some((crate::time::any(time.as_bytes())?, after))
}

fn looks_timed(text: &[u8]) -> bool {
    memchr::memmem::find(&text[..text.len().min(48)], b"] \"").is_some() && text[0].is_ascii_digit()
}

struct Head<'a> {
    host: Option<&'a str>,
    client: IpAddr,
    user: Option<&'a str>,
}

/// What is left of the time: `client ident user `, after a virtual host or a relay's prefix.
#[inline]
fn head(text: &str) -> Option<Head<'_>> {
    let (first, rest) = token(text);
    match address::parse(first) {
        Some(client) => Some(Head { host: None, client, user: user(rest) }),
        None => head_with_prefix(text),
    }
}

/// After a virtual host or a prefix of syslog, Docker or Kubernetes: the first word that is an address. Syslog's
/// sending host may be one too; a tag (`nginx[1]:`) follows it. Nothing after the client is looked at, since the
/// user's name is whatever was sent.
#[cold]
fn head_with_prefix(text: &str) -> Option<Head<'_>> {
    let (mut host_candidate, mut may_be_host) = (None, true);
    let mut rest = text;
    while !rest.is_empty() {
        let (word, after) = token(rest);
        rest = after;
        if word.is_empty() {
            continue;
        }
        if let Some(client) = address::parse_decorated(word)
            && !token(after).0.ends_with(':')
        {
            let (client, after) = last_of_list(word, client, after);
            return Some(Head { host: host_candidate.and_then(host), client, user: user(after) });
        }
        host_candidate = Some(word).filter(|_| may_be_host);
        may_be_host = word.ends_with(':');
    }
    None
}

/// Of a forwarded list in the client's place (`a, b, c`) the last: the others are as claimed by the client.
fn last_of_list<'a>(mut word: &'a str, mut client: IpAddr, mut rest: &'a str) -> (IpAddr, &'a str) {
    while word.ends_with(',') {
        (word, rest) = token(rest);
        client = address::parse_decorated(word).unwrap_or(client);
    }
    (client, rest)
}

/// A token as a virtual host; `None` where it cannot be one.
fn host(word: &str) -> Option<&str> {
    let name = address::without_port(word);
    let is_name =
        name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_*".contains(&byte) || byte >= 0x80);
    present(name).filter(|name| is_name && *name != "_")
}

/// The user from `ident user `; a user's name may hold spaces.
#[inline]
fn user(text: &str) -> Option<&str> {
    if text == "- - " {
        return None;
    }
    let (_ident, user) = token(text);
    present(user.trim_ascii())
}

/// The text up to the next space, and what is after it.
#[inline]
fn token(text: &str) -> (&str, &str) {
    // Tokens are short: a loop is faster than memchr here.
    match text.bytes().position(|byte| byte == b' ') {
        Some(space) => (&text[..space], &text[space + 1..]),
        None => (text, ""),
    }
}

/// What is still to be read of a line.
struct Rest<'a> {
    text: &'a str,
    /// A quoted field had a backslash.
    escaped: bool,
}

impl<'a> Rest<'a> {
    #[inline]
    fn token(&mut self) -> &'a str {
        let (token, rest) = token(self.text);
        self.text = rest;
        token
    }

    /// The next quoted field, after anything bare (some formats put a duration there).
    #[inline]
    fn next_quoted(&mut self, ends: fn(&[u8]) -> bool) -> Option<&'a str> {
        if let Some(after) = self.text.strip_prefix('"') {
            self.text = after;
        } else {
            let open = memchr::memchr(b'"', self.text.as_bytes())?;
            self.text = &self.text[open + 1..];
        }
        // Without an end it is cut off in the middle: what there is.
        self.quoted(ends).or_else(|| Some(std::mem::take(&mut self.text)))
    }

    /// A field up to its closing quote, and the space behind it. Escaped quotes are no end, nor are quotes after
    /// which the line does not go on as it must (`escape=none`, Apache before 2.0.46).
    #[inline]
    fn quoted(&mut self, ends: fn(&[u8]) -> bool) -> Option<&'a str> {
        let bytes = self.text.as_bytes();
        let mut place = 0;
        loop {
            let Some(found) = bytes.get(place..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) else {
                return self.quoted_without_escapes(ends);
            };
            place += found;
            if bytes[place] == b'\\' {
                self.escaped = true;
                place += 2;
            } else if ends(&bytes[place + 1..]) {
                return Some(self.cut(place));
            } else {
                place += 1;
            }
        }
    }

    /// The same for a log that does not escape, where a backslash before the closing quote means nothing.
    #[cold]
    fn quoted_without_escapes(&mut self, ends: fn(&[u8]) -> bool) -> Option<&'a str> {
        let bytes = self.text.as_bytes();
        let close = memchr::memchr_iter(b'"', bytes).find(|&quote| ends(&bytes[quote + 1..]))?;
        Some(self.cut(close))
    }

    #[inline]
    fn cut(&mut self, close: usize) -> &'a str {
        let field = &self.text[..close];
        self.text = self.text.get(close + 2..).unwrap_or("");
        field
    }
}

/// After the request comes a status.
fn ends_request(after: &[u8]) -> bool {
    match after {
        [b' ', b'-'] | [b' ', b'-', b' ', ..] => true,
        [b' ', a, b, c] | [b' ', a, b, c, b' ', ..] => [a, b, c].iter().all(|byte| byte.is_ascii_digit()),
        _ => false,
    }
}

/// After the referer comes the user agent.
fn ends_referer(after: &[u8]) -> bool {
    matches!(after, [] | [b' ', b'"', ..])
}

/// After any other field comes a space or nothing.
fn ends_field(after: &[u8]) -> bool {
    matches!(after, [] | [b' ', ..])
}
