//! What a line says: [`Record`], or why it says nothing: [`Reject`].

use std::net::IpAddr;

/// One request, as an access log tells it. Texts borrow from the line or from the [`Scratch`](crate::Scratch), with
/// the log's own escapes (`\x22`, `\"`, JSON's) undone and percent-encoding left alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Record<'a> {
    /// When, in Unix milliseconds (UTC). Most servers log the end of the request, Apache and Traefik its start.
    pub time_millis: i64,
    /// Who connected. IPv4-mapped IPv6 is given as IPv4. Never a name: those lines are [`Reject::NoClient`].
    pub client: IpAddr,
    /// The method as sent, `""` where the request is malformed or the log has no method.
    pub method: &'a str,
    /// Path and query as sent, still percent-encoded; `""` where the request is malformed. Can be `*`, an absolute
    /// URI (proxy requests) or `host:port` (`CONNECT`).
    pub target: &'a str,
    /// `HTTP/1.1`, `HTTP/2.0`…; `""` where absent (HTTP/0.9, malformed, or not logged).
    pub protocol: &'a str,
    /// The virtual host or `Host` header, without port.
    pub host: Option<&'a str>,
    /// The answer's status; 0 where the log says `-`.
    pub status: u16,
    /// The answer's size in bytes, with or without headers as the server chose to log; 0 where the log says `-`.
    pub bytes: u64,
    /// The `Referer` header; `None` where it is `-` or empty.
    pub referer: Option<&'a str>,
    /// The `User-Agent` header; `None` where it is `-` or empty.
    pub user_agent: Option<&'a str>,
    /// The user of HTTP authentication; `None` where it is `-` or empty.
    pub user: Option<&'a str>,
    /// The `X-Forwarded-For` header as sent, unjudged; `None` where it is `-`, empty or not logged.
    pub forwarded_for: Option<&'a str>,
    /// How long the request took, in seconds, where the log tells.
    pub request_seconds: Option<f64>,
    /// The request line is `-`, empty or not HTTP (a TLS handshake on a plain port, an exploit). It is a record all
    /// the same, since scanners produce such lines; method, target and protocol are `""`.
    pub request_malformed: bool,
    /// The request line as logged where it is malformed, else `""`.
    pub malformed_request: &'a str,
}

/// Why a line gave no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reject {
    /// Nothing but white space.
    Empty,
    /// Begins with `#`: a header or comment, as W3C logs have.
    Comment,
    /// Longer than [`LINE_BYTES_MAX`](crate::LINE_BYTES_MAX).
    TooLong,
    /// No line of this format: another program's line, or another format.
    NotThisFormat,
    /// The shape is right, but the time is absent, impossible or in an unknown notation.
    NoTime,
    /// The shape is right, but there is no client address (a host name instead, or `unix:`).
    NoClient,
    /// The shape is right, but no request, method or target is logged.
    NoRequest,
    /// The shape is right, but the status is absent or no number.
    NoStatus,
}

impl Reject {
    /// Every reason, for tables of counts; `ALL[reason.index()] == reason`.
    pub const ALL: [Reject; 8] = [
        Reject::Empty,
        Reject::Comment,
        Reject::TooLong,
        Reject::NotThisFormat,
        Reject::NoTime,
        Reject::NoClient,
        Reject::NoRequest,
        Reject::NoStatus,
    ];

    /// The place in [`Reject::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }

    /// A stable name for counters and reports.
    pub fn name(self) -> &'static str {
        match self {
            Reject::Empty => "empty",
            Reject::Comment => "comment",
            Reject::TooLong => "too_long",
            Reject::NotThisFormat => "not_this_format",
            Reject::NoTime => "no_time",
            Reject::NoClient => "no_client",
            Reject::NoRequest => "no_request",
            Reject::NoStatus => "no_status",
        }
    }
}

impl std::fmt::Display for Reject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Reject::Empty => "the line is empty",
            Reject::Comment => "the line is a comment",
            Reject::TooLong => "the line is too long",
            Reject::NotThisFormat => "the line is not of this format",
            Reject::NoTime => "the line has no valid time",
            Reject::NoClient => "the line has no client address",
            Reject::NoRequest => "the line has no request",
            Reject::NoStatus => "the line has no status",
        })
    }
}

impl std::error::Error for Reject {}
