//! What the formats with named fields (JSON, `log_format`) collect before it becomes a record.

use crate::escape::Draft;
use crate::record::{Record, Reject};
use crate::{address, request};
use std::net::IpAddr;

/// The fields found so far, as logged. `None` is "not logged"; `-` and empty are dealt with at the end.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Fields<'a> {
    pub(crate) time_millis: Option<i64>,
    /// A time field was there, readable or not.
    pub(crate) time_seen: bool,
    pub(crate) client: Option<&'a str>,
    pub(crate) request: Option<&'a str>,
    pub(crate) method: Option<&'a str>,
    /// Path and query in one.
    pub(crate) target: Option<&'a str>,
    /// The path alone, used with `args` where `target` is absent.
    pub(crate) path: Option<&'a str>,
    pub(crate) args: Option<&'a str>,
    pub(crate) protocol: Option<&'a str>,
    pub(crate) host: Option<&'a str>,
    pub(crate) status: Option<&'a str>,
    pub(crate) bytes: Option<&'a str>,
    pub(crate) referer: Option<&'a str>,
    pub(crate) user_agent: Option<&'a str>,
    pub(crate) user: Option<&'a str>,
    pub(crate) forwarded_for: Option<&'a str>,
    pub(crate) request_seconds: Option<f64>,
}

impl<'a> Fields<'a> {
    /// Notes a time in any notation; an unreadable one does not replace a readable one.
    pub(crate) fn time(&mut self, text: &str) {
        self.time_seen = true;
        self.time_millis = crate::time::any(text.as_bytes()).or(self.time_millis);
    }

    /// The record, if there are a time, a client, a status and something of the request.
    pub(crate) fn draft(self, escaped: bool) -> Result<Draft<'a>, Reject> {
        let has_request = self.request.is_some() || self.target.is_some() || self.path.is_some();
        if !has_request && (self.client.is_none() || !self.time_seen) {
            return Err(Reject::NotThisFormat);
        }
        if !has_request {
            return Err(Reject::NoRequest);
        }
        let time_millis = self.time_millis.ok_or(Reject::NoTime)?;
        let client = self.client.and_then(address::parse_decorated).ok_or(Reject::NoClient)?;
        let status = self.status.and_then(status).ok_or(Reject::NoStatus)?;
        let mut record = blank(time_millis, client);
        let args = self.put_request(&mut record);
        Ok(Draft { record: self.put_rest(record, status), args, escaped })
    }

    /// The request line if there is a good one, otherwise its parts; gives the query that is still apart.
    fn put_request(&self, record: &mut Record<'a>) -> Option<&'a str> {
        if let Some((method, target, protocol)) = self.request.and_then(request::split) {
            (record.method, record.target, record.protocol) = (method, target, protocol);
            return None;
        }
        let method = self.method.and_then(present).unwrap_or("");
        let target = self.target.or(self.path).and_then(present).unwrap_or("");
        if (self.request.is_some() && method.is_empty()) || !request::is_target(method, target) {
            record.request_malformed = true;
            record.malformed_request = self.request.unwrap_or(target);
            return None;
        }
        (record.method, record.target) = (method, target);
        record.protocol = self.protocol.and_then(present).unwrap_or("");
        self.args.and_then(present).filter(|_| self.target.is_none() && !target.contains('?'))
    }

    fn put_rest(&self, record: Record<'a>, status: u16) -> Record<'a> {
        Record {
            status,
            bytes: self.bytes.map_or(0, leading_number),
            host: self.host.and_then(present).map(address::without_port).filter(|host| *host != "_"),
            referer: self.referer.and_then(present),
            user_agent: self.user_agent.and_then(present),
            user: self.user.and_then(present),
            forwarded_for: self.forwarded_for.and_then(present),
            request_seconds: self.request_seconds,
            ..record
        }
    }
}

/// A record with nothing but when and who.
#[inline]
pub(crate) fn blank<'a>(time_millis: i64, client: IpAddr) -> Record<'a> {
    Record {
        time_millis,
        client,
        method: "",
        target: "",
        protocol: "",
        host: None,
        status: 0,
        bytes: 0,
        referer: None,
        user_agent: None,
        user: None,
        forwarded_for: None,
        request_seconds: None,
        request_malformed: false,
        malformed_request: "",
    }
}

/// `None` for how logs write "absent".
#[inline]
pub(crate) fn present(text: &str) -> Option<&str> {
    if text.is_empty() || text == "-" { None } else { Some(text) }
}

/// A status of three digits; 0 for `-` or `000`.
#[inline]
pub(crate) fn status(text: &str) -> Option<u16> {
    match text.as_bytes() {
        [a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] => {
            Some(u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0'))
        }
        b"-" | b"0" => Some(0),
        _ => None,
    }
}

/// The number that a text begins with, 0 if none; of more than 19 digits the first 19.
#[inline]
pub(crate) fn leading_number(text: &str) -> u64 {
    let digits = text.bytes().take(19).map(|byte| byte.wrapping_sub(b'0')).take_while(|digit| *digit < 10);
    digits.fold(0, |value, digit| value * 10 + u64::from(digit))
}

/// Seconds from `0.123`; with a unit of Go's durations (`1.5ms`, `20µs`), as Caddy can write them.
pub(crate) fn seconds(text: &str) -> Option<f64> {
    let number_length =
        text.bytes().take_while(|byte| byte.is_ascii_digit() || b".eE+-".contains(byte)).count();
    let factor = match &text[number_length..] {
        "" | "s" => 1.0,
        "ms" => 1e-3,
        "µs" | "μs" | "us" => 1e-6,
        "ns" => 1e-9,
        _ => return None,
    };
    let value: f64 = text[..number_length].parse().ok()?;
    (value.is_finite() && value >= 0.0).then_some(value * factor)
}
