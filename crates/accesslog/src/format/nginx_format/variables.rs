//! nginx's variables: which of them say something that a record holds, and which exist.

/// What a variable's value is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Variable {
    Client,
    Time,
    Request,
    Method,
    Target,
    Path,
    Args,
    Protocol,
    Host,
    Status,
    Bytes,
    Referer,
    UserAgent,
    User,
    ForwardedFor,
    Seconds,
    Skipped,
}

const USED: [(&str, Variable); 22] = [
    ("remote_addr", Variable::Client),
    ("time_local", Variable::Time),
    ("time_iso8601", Variable::Time),
    ("msec", Variable::Time),
    ("request", Variable::Request),
    ("request_method", Variable::Method),
    ("request_uri", Variable::Target),
    ("uri", Variable::Path),
    ("document_uri", Variable::Path),
    ("args", Variable::Args),
    ("query_string", Variable::Args),
    ("server_protocol", Variable::Protocol),
    ("host", Variable::Host),
    ("http_host", Variable::Host),
    ("status", Variable::Status),
    ("body_bytes_sent", Variable::Bytes),
    ("bytes_sent", Variable::Bytes),
    ("http_referer", Variable::Referer),
    ("http_user_agent", Variable::UserAgent),
    ("remote_user", Variable::User),
    ("http_x_forwarded_for", Variable::ForwardedFor),
    ("request_time", Variable::Seconds),
];

/// Families of variables whose names nginx completes, and whole modules.
const PREFIXES: [&str; 24] = [
    "http_",
    "sent_http_",
    "sent_trailer_",
    "trailer_",
    "arg_",
    "cookie_",
    "upstream_",
    "ssl_",
    "proxy_",
    "geoip_",
    "geoip2_",
    "tcpinfo_",
    "fastcgi_",
    "realip_",
    "server_",
    "request_",
    "connection",
    "gzip_",
    "content_",
    "date_",
    "jwt_",
    "otel_",
    "quic_",
    "spdy",
];

/// The remaining variables of nginx's own modules and of common distributions (ingress-nginx).
const OTHERS: [&str; 27] = [
    "_",
    "ancient_browser",
    "binary_remote_addr",
    "document_root",
    "hostname",
    "http2",
    "http3",
    "https",
    "invalid_referer",
    "is_args",
    "limit_rate",
    "limit_req_status",
    "limit_conn_status",
    "modern_browser",
    "msie",
    "namespace",
    "ingress_name",
    "service_name",
    "service_port",
    "nginx_version",
    "pid",
    "pipe",
    "realpath_root",
    "remote_port",
    "req_id",
    "scheme",
    "the_real_ip",
];

/// What a variable is used for, `None` if nginx has no such variable. Names that begin with `_` are the user's way
/// to say "skip this".
pub(super) fn lookup(name: &str) -> Option<Variable> {
    let lower = name.to_ascii_lowercase();
    if let Some((_, variable)) = USED.iter().find(|(known, _)| *known == lower) {
        return Some(*variable);
    }
    let is_known = lower.starts_with('_')
        || OTHERS.contains(&lower.as_str())
        || PREFIXES.iter().any(|prefix| {
            lower.starts_with(prefix) && (lower.len() > prefix.len() || *prefix == "connection")
        });
    is_known.then_some(Variable::Skipped)
}

/// The used variable whose name is at most three edits away.
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    USED.iter()
        .map(|(known, _)| (distance(&name.to_ascii_lowercase(), known), *known))
        .min()
        .filter(|(edits, _)| *edits <= 3)
        .map(|(_, known)| known)
}

/// Levenshtein's distance, for a message only.
fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.bytes().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}
