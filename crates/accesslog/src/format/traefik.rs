//! Traefik: its JSON, and what it adds to Common.

use crate::escape::Draft;
use crate::fields::{Fields, seconds};
use crate::json;
use crate::record::Reject;

/// Reads one line of `accessLog.format: json`.
pub(crate) fn draft(line: &str) -> Result<Draft<'_>, Reject> {
    let mut fields = Fields::default();
    let (mut start, mut fallback_host) = (None, None);
    for (key, value) in json::object(line).ok_or(Reject::NotThisFormat)? {
        let Some(text) = value.scalar() else { continue };
        match key.as_bytes() {
            b"ClientHost" => fields.client = Some(text),
            b"ClientAddr" => fields.client = fields.client.or(Some(text)),
            b"ClientUsername" => fields.user = Some(text),
            b"RequestMethod" => fields.method = Some(text),
            b"RequestPath" => fields.target = Some(text),
            b"RequestProtocol" => fields.protocol = Some(text),
            b"RequestHost" => fields.host = Some(text),
            b"RequestAddr" => fallback_host = Some(text),
            b"DownstreamStatus" => fields.status = Some(text),
            b"OriginStatus" => fields.status = fields.status.or(Some(text)),
            b"DownstreamContentSize" => fields.bytes = Some(text),
            b"Duration" => fields.request_seconds = seconds(text).map(|nanoseconds| nanoseconds / 1e9),
            b"StartUTC" => start = Some(text),
            b"StartLocal" => start = start.or(Some(text)),
            b"time" => fields.time(text),
            b"request_User-Agent" => fields.user_agent = Some(text),
            b"request_Referer" => fields.referer = Some(text),
            b"request_X-Forwarded-For" => fields.forwarded_for = Some(text),
            _ => {}
        }
    }
    if let Some(start) = start {
        fields.time(start);
    }
    fields.host = fields.host.or(fallback_host);
    fields.draft(memchr::memchr(b'\\', line.as_bytes()).is_some())
}

/// The duration at the end of what Traefik adds to Combined: `500 "router@docker" "http://192.0.2.3:80" 12ms`.
pub(crate) fn clf_seconds(rest: &str) -> Option<f64> {
    if !rest.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let (_, last) = rest.trim_ascii_end().rsplit_once(' ')?;
    last.strip_suffix("ms")?.parse().ok().map(|millis: u32| f64::from(millis) / 1e3)
}
