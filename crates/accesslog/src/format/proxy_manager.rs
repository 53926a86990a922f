//! nginx-proxy-manager's two formats, `standard` and `proxy`:
//!
//! ```text
//! [10/Oct/2000:13:55:36 +0000] 404 - GET https example.com "/a" [Client 192.0.2.1] [Length 150] [Gzip -] "curl/8.5.0" "-"
//! [10/Oct/2000:13:55:36 +0000] - 200 200 - GET https example.com "/a" [Client 192.0.2.1] [Length 150] [Gzip -] [Sent-to app] "curl/8.5.0" "-"
//! ```

use crate::escape::Draft;
use crate::fields::Fields;
use crate::record::Reject;

/// Reads one line. Its fallback host logs Combined, which is not read here.
pub(crate) fn draft(line: &str) -> Result<Draft<'_>, Reject> {
    let mut fields = Fields::default();
    let inner = line.strip_prefix('[').ok_or(Reject::NotThisFormat)?;
    let (time, rest) = inner.split_once("] ").ok_or(Reject::NotThisFormat)?;
    let (before, rest) = rest.split_once(" \"").ok_or(Reject::NotThisFormat)?;
    let (target, rest) = rest.split_once("\" [Client ").ok_or(Reject::NotThisFormat)?;
    let (client, rest) = rest.split_once(']').ok_or(Reject::NotThisFormat)?;

    // `… status - method scheme host`, read from the right: what comes before differs.
    let mut words = before.rsplitn(5, ' ');
    (fields.host, _) = (words.next(), words.next());
    (fields.method, _) = (words.next(), words.next());
    fields.status = words.next().and_then(|left| left.rsplit(' ').next());

    fields.time(time);
    (fields.target, fields.client) = (Some(target), Some(client));
    fields.bytes =
        rest.split_once("[Length ").and_then(|(_, rest)| rest.split_once(']')).map(|(bytes, _)| bytes);
    if let Some((_, quoted)) = rest.split_once(" \"") {
        let quoted = quoted.strip_suffix('"').unwrap_or(quoted);
        let (user_agent, referer) = quoted.rsplit_once("\" \"").unwrap_or((quoted, "-"));
        (fields.user_agent, fields.referer) = (Some(user_agent), Some(referer));
    }
    fields.draft(memchr::memchr(b'\\', line.as_bytes()).is_some())
}
