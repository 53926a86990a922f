//! nginx's JSON, that is a `log_format … escape=json` that somebody wrote: the usual names of its fields.

use crate::escape::Draft;
use crate::fields::{Fields, seconds};
use crate::json;
use crate::record::Reject;

/// Reads one line. Of two names for one thing nginx's own wins over a nickname only by coming later, except that
/// `$host` wins over `$server_name`, `$msec` over the times of whole seconds, and `$request_uri` over `$uri`.
pub(crate) fn draft(line: &str) -> Result<Draft<'_>, Reject> {
    let mut fields = Fields::default();
    let (mut server_name, mut msec) = (None, None);
    for (key, value) in json::object(line).ok_or(Reject::NotThisFormat)? {
        let Some(text) = value.scalar() else { continue };
        match key.as_bytes() {
            b"msec" => msec = Some(text),
            b"time_iso8601" | b"time_local" | b"time" | b"timestamp" | b"@timestamp" | b"ts" | b"date" => {
                fields.time(text);
            }
            b"remote_addr" | b"remote_ip" | b"client_ip" | b"clientip" | b"client" | b"ip" => {
                fields.client = Some(text);
            }
            b"request" => fields.request = Some(text),
            b"request_method" | b"method" | b"verb" => fields.method = Some(text),
            b"request_uri" => fields.target = Some(text),
            b"uri" | b"url" | b"path" | b"document_uri" => fields.path = Some(text),
            b"args" | b"query_string" | b"query" => fields.args = Some(text),
            b"server_protocol" | b"protocol" | b"http_version" => fields.protocol = Some(text),
            b"status" | b"status_code" | b"response" | b"response_code" => fields.status = Some(text),
            b"body_bytes_sent" | b"bytes_sent" | b"bytes" | b"size" | b"response_size" => {
                fields.bytes = Some(text);
            }
            b"http_user_agent" | b"user_agent" | b"agent" | b"useragent" => fields.user_agent = Some(text),
            b"http_referer" | b"http_referrer" | b"referer" | b"referrer" => fields.referer = Some(text),
            b"host" | b"http_host" | b"vhost" => fields.host = Some(text),
            b"server_name" => server_name = Some(text),
            b"request_time" | b"duration" => fields.request_seconds = seconds(text),
            b"remote_user" | b"user" => fields.user = Some(text),
            b"http_x_forwarded_for" | b"x_forwarded_for" | b"forwarded_for" | b"xff" => {
                fields.forwarded_for = Some(text);
            }
            _ => {}
        }
    }
    if let Some(msec) = msec {
        fields.time(msec);
    }
    fields.host = fields.host.or(server_name);
    fields.draft(memchr::memchr(b'\\', line.as_bytes()).is_some())
}
