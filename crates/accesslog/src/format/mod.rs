//! Which format a line has, and the way from a line to a record.

mod caddy;
mod combined;
mod json_nginx;
mod nginx_format;
mod proxy_manager;
mod traefik;

use crate::LINE_BYTES_MAX;
use crate::escape::{Draft, Scratch, push_lossy, unescape};
use crate::record::{Record, Reject};
pub use nginx_format::{FormatError, NginxFormat};
use std::fmt;

/// How the lines of a log are written. Cheap to share, never changes while parsing.
#[derive(Debug, Clone, PartialEq)]
pub struct Format {
    kind: Kind,
    /// Whether a line that is not of this kind is tried as the others, once each.
    tolerant: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Combined,
    ProxyManager,
    NginxJson,
    Caddy,
    TraefikJson,
    Nginx(NginxFormat),
}

/// In the order in which they are tried.
const KNOWN: [Kind; 5] =
    [Kind::Combined, Kind::TraefikJson, Kind::Caddy, Kind::NginxJson, Kind::ProxyManager];

/// The names that [`Format::from_name`] knows, and what each stands for.
pub const NAMES: [(&str, &str); 9] = [
    ("auto", "whichever of the others fits, line by line"),
    ("common", "Common Log Format, the same as combined"),
    ("combined", "nginx and Apache, with or without virtual host, syslog prefix and further fields"),
    ("vhost_combined", "Combined after `host:port`, the same as combined"),
    ("traefik", "Traefik's default (`common`), the same as combined"),
    ("traefik_json", "Traefik, `accessLog.format: json`"),
    ("caddy", "Caddy 2, JSON"),
    ("nginx_json", "nginx, `log_format … escape=json` with the variables' own names"),
    ("nginx_proxy_manager", "nginx-proxy-manager, `standard` and `proxy`"),
];

/// A format's name that is none of [`NAMES`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownFormat(
    /// The name as given.
    pub String,
);

impl fmt::Display for UnknownFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown log format {:?}; known are", self.0)?;
        NAMES.iter().try_for_each(|(name, _)| write!(f, " {name}"))?;
        f.write_str(", or give nginx's log_format string")
    }
}

impl std::error::Error for UnknownFormat {}

impl Default for Format {
    fn default() -> Self {
        Self::auto()
    }
}

impl Format {
    /// Every known format, tried line by line. What [`Format::detect`] gives is faster for the same lines.
    pub const fn auto() -> Self {
        Self { kind: Kind::Combined, tolerant: true }
    }

    /// A format by its name in [`NAMES`]; case, `-` and `_` do not matter. Except for `auto`, lines of any other
    /// format are then rejected.
    ///
    /// # Errors
    /// The name is not known; the message lists those that are.
    pub fn from_name(name: &str) -> Result<Self, UnknownFormat> {
        let kind = match name.trim().to_ascii_lowercase().replace('-', "_").as_str() {
            "auto" => return Ok(Self::auto()),
            "common" | "clf" | "combined" | "vhost_combined" | "traefik" | "traefik_clf" => Kind::Combined,
            "traefik_json" => Kind::TraefikJson,
            "caddy" | "caddy_json" => Kind::Caddy,
            "nginx_json" => Kind::NginxJson,
            "nginx_proxy_manager" | "npm" => Kind::ProxyManager,
            _ => return Err(UnknownFormat(name.to_owned())),
        };
        Ok(Self { kind, tolerant: false })
    }

    /// A format from nginx's `log_format` string, or from the whole directive as it stands in the configuration.
    ///
    /// # Errors
    /// Says which variable is unknown or missing, and what is needed at least.
    pub fn nginx(log_format: &str) -> Result<Self, FormatError> {
        Ok(Self { kind: Kind::Nginx(NginxFormat::compile(log_format)?), tolerant: false })
    }

    /// The format that most of the lines have, `None` if not one line is a record. A few dozen lines are enough.
    /// Lines of another format are still read: a file can change its format half-way.
    pub fn detect<'l>(lines: impl IntoIterator<Item = &'l [u8]>) -> Option<Self> {
        let mut scratch = Scratch::default();
        let mut votes = [0u32; KNOWN.len()];
        for line in lines {
            let Ok(text) = as_text(line, &mut scratch.line) else { continue };
            if let Some(index) = KNOWN.iter().position(|kind| kind.draft(text).is_ok()) {
                votes[index] += 1;
            }
        }
        let (index, &count) =
            votes.iter().enumerate().max_by_key(|&(index, &count)| (count, usize::MAX - index))?;
        (count > 0).then(|| Self { kind: KNOWN[index].clone(), tolerant: true })
    }

    /// The format's name, one of [`NAMES`], or `nginx` for a given `log_format`.
    pub fn name(&self) -> &'static str {
        match self.kind {
            Kind::Combined => "combined",
            Kind::ProxyManager => "nginx_proxy_manager",
            Kind::NginxJson => "nginx_json",
            Kind::Caddy => "caddy",
            Kind::TraefikJson => "traefik_json",
            Kind::Nginx(_) => "nginx",
        }
    }

    /// Reads one line, with or without its line end. Nothing is allocated once `scratch` has grown to the longest
    /// line that needs it, and it is needed only for escapes, bytes that are not UTF-8 and Docker's wrapping.
    ///
    /// # Errors
    /// Why the line is no record. Of several formats tried, the reason of the one that came closest.
    #[inline]
    pub fn parse<'a>(&self, line: &'a [u8], scratch: &'a mut Scratch) -> Result<Record<'a>, Reject> {
        let text = as_text(line, &mut scratch.line)?;
        let draft = match self.kind.draft(text) {
            Ok(draft) => draft,
            Err(reject) if self.tolerant => self.try_others(text, reject)?,
            Err(reject) => return Err(reject),
        };
        Ok(draft.finish(&mut scratch.texts))
    }

    #[cold]
    fn try_others<'a>(&self, text: &'a str, mut reject: Reject) -> Result<Draft<'a>, Reject> {
        for kind in KNOWN.iter().filter(|kind| **kind != self.kind) {
            match kind.draft(text) {
                Ok(draft) => return Ok(draft),
                Err(other) if reject == Reject::NotThisFormat => reject = other,
                Err(_) => {}
            }
        }
        Err(reject)
    }
}

impl Kind {
    #[inline]
    fn draft<'a>(&self, text: &'a str) -> Result<Draft<'a>, Reject> {
        match self {
            Kind::Combined => combined::draft(text),
            Kind::ProxyManager => proxy_manager::draft(text),
            Kind::NginxJson => json_nginx::draft(without_prefix(text)),
            Kind::Caddy => caddy::draft(without_prefix(text)),
            Kind::TraefikJson => traefik::draft(without_prefix(text)),
            Kind::Nginx(format) => format.draft(text),
        }
    }
}

/// The line as text, trimmed: borrowed as it is nearly always.
#[inline]
fn as_text<'a>(line: &'a [u8], buffer: &'a mut String) -> Result<&'a str, Reject> {
    if line.len() > LINE_BYTES_MAX {
        return Err(Reject::TooLong);
    }
    let line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line).trim_ascii();
    match line.first() {
        None => return Err(Reject::Empty),
        Some(b'#') => return Err(Reject::Comment),
        Some(_) => {}
    }
    match std::str::from_utf8(line) {
        Ok(text) if text.starts_with(DOCKER) => Ok(unwrap_docker(text, buffer)),
        Ok(text) => Ok(text),
        Err(_) => {
            buffer.clear();
            push_lossy(line, buffer);
            Ok(buffer)
        }
    }
}

/// How a line of Docker's `json-file` driver begins; what the container wrote is the string that follows.
const DOCKER: &str = "{\"log\":\"";

#[cold]
fn unwrap_docker<'a>(text: &str, buffer: &'a mut String) -> &'a str {
    buffer.clear();
    let inner = crate::json::object(text)
        .and_then(|mut members| members.next())
        .and_then(|(_, value)| value.scalar());
    let mut bytes = std::mem::take(buffer).into_bytes();
    unescape(inner.unwrap_or(""), &mut bytes);
    *buffer = String::from_utf8(bytes).unwrap_or_default();
    buffer.trim_ascii()
}

/// JSON after a syslog or Kubernetes prefix.
#[inline]
fn without_prefix(text: &str) -> &str {
    const PREFIX_BYTES_MAX: usize = 256;
    match memchr::memchr2(b'{', b'"', text.as_bytes()) {
        Some(open @ 1..PREFIX_BYTES_MAX) if text.as_bytes()[open] == b'{' => &text[open..],
        _ => text,
    }
}
