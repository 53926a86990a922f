use std::fmt;

use http::Uri;

/// Where the service is.
#[derive(Clone, Debug)]
pub struct Base {
    pub(crate) secure: bool,
    pub(crate) host: String,
    pub(crate) port: u16,
    /// As it goes into `Host`.
    pub(crate) authority: String,
    pub(crate) path: String,
}

/// What was given is no address of a service.
#[derive(Debug)]
pub struct NoAddress;

impl fmt::Display for NoAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the service is at an address like http://127.0.0.1:8082, and the secret is not empty")
    }
}

impl std::error::Error for NoAddress {}

impl Base {
    /// Reads an address such as `http://127.0.0.1:8082`.
    pub fn read(written: &str) -> Result<Self, NoAddress> {
        let uri: Uri = written.trim_end_matches('/').parse().map_err(|_| NoAddress)?;
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(NoAddress),
        };
        if secure && !cfg!(feature = "tls") {
            return Err(NoAddress);
        }
        let authority = uri.authority().ok_or(NoAddress)?;
        Ok(Self {
            secure,
            host: authority.host().trim_matches(['[', ']']).to_owned(),
            port: authority.port_u16().unwrap_or(if secure { 443 } else { 80 }),
            authority: authority.as_str().to_owned(),
            path: uri.path().trim_end_matches('/').to_owned(),
        })
    }
}
