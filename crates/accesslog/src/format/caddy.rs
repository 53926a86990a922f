//! Caddy's JSON access log (`log { format json }`), versions 2.0 and later.

use crate::escape::Draft;
use crate::fields::{Fields, seconds};
use crate::json::{self, Members, Value};
use crate::record::Reject;

/// Reads one line. Caddy writes other messages into the same stream, `http.log.error` even with the request of a
/// line that follows; only access lines are records.
pub(crate) fn draft(line: &str) -> Result<Draft<'_>, Reject> {
    let mut fields = Fields::default();
    let mut request_seen = false;
    let mut members = json::object(line).ok_or(Reject::NotThisFormat)?;
    while let Some((key, value)) = members.next() {
        match (key, value) {
            ("request", Value::Nested) => {
                request_seen = true;
                request(&mut members, &mut fields);
            }
            ("logger", Value::Text(name)) if !name.starts_with("http.log.access") => {
                return Err(Reject::NotThisFormat);
            }
            _ => top(key, value, &mut fields),
        }
    }
    if !request_seen {
        return Err(Reject::NotThisFormat);
    }
    fields.draft(memchr::memchr(b'\\', line.as_bytes()).is_some())
}

fn top<'a>(key: &str, value: Value<'a>, fields: &mut Fields<'a>) {
    let Some(text) = value.scalar() else { return };
    match key {
        "ts" | "time" => fields.time(text),
        "status" => fields.status = Some(text),
        "size" => fields.bytes = Some(text),
        "duration" => fields.request_seconds = seconds(text),
        "user_id" => fields.user = Some(text),
        _ => {}
    }
}

/// `client_ip` (2.7 and later) already takes trusted proxies into account; `remote_addr` is from before 2.5.
fn request<'a>(members: &mut Members<'a>, fields: &mut Fields<'a>) {
    let (mut client, mut remote) = (None, None);
    members.each_inside(|members, key, value| {
        if key == "headers" {
            return headers(members, fields);
        }
        let Some(text) = value.scalar() else { return };
        match key {
            "client_ip" => client = Some(text),
            "remote_ip" | "remote_addr" => remote = Some(text),
            "proto" => fields.protocol = Some(text),
            "method" => fields.method = Some(text),
            "host" => fields.host = Some(text),
            "uri" => fields.target = Some(text),
            _ => {}
        }
    });
    fields.client = client.or(remote);
}

fn headers<'a>(members: &mut Members<'a>, fields: &mut Fields<'a>) {
    members.each_inside(|members, name, value| match name {
        "User-Agent" => fields.user_agent = members.first(value),
        "Referer" => fields.referer = members.first(value),
        "X-Forwarded-For" => fields.forwarded_for = members.first(value),
        _ => {}
    });
}
