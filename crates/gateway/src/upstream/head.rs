use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};

use crate::body::Through;
use crate::http1::field;

/// The head of a request on its way out. It can be written several times: another attempt may be over another protocol.
pub(crate) trait Head {
    fn method(&self) -> &Method;

    /// Writes the request line and all fields but those of the body's framing, for HTTP/1.1. Returns the length, when a
    /// field tells it.
    fn http1(&self, body: &Through, into: &mut Vec<u8>) -> Option<u64>;

    /// For HTTP/2.
    fn http2(&self, body: &Through) -> Request<()>;
}

/// Where fields are written, in whichever protocol's form.
pub(crate) trait Fields {
    /// Adds a field that somebody else made.
    fn keep(&mut self, name: &HeaderName, value: &HeaderValue);

    /// Adds a field of our own. One whose value no field may have is left out.
    fn set(&mut self, name: &HeaderName, value: &[u8]);
}

impl Fields for Vec<u8> {
    fn keep(&mut self, name: &HeaderName, value: &HeaderValue) {
        field(self, name.as_str(), value.as_bytes());
    }

    fn set(&mut self, name: &HeaderName, value: &[u8]) {
        // All of it, because a question after each byte costs more than the byte.
        if value.iter().fold(true, |fits, byte| fits & matches!(byte, b'\t' | b' '..=b'~' | 0x80..)) {
            field(self, name.as_str(), value);
        }
    }
}

impl Fields for HeaderMap {
    fn keep(&mut self, name: &HeaderName, value: &HeaderValue) {
        self.append(name.clone(), value.clone());
    }

    fn set(&mut self, name: &HeaderName, value: &[u8]) {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            self.append(name.clone(), value);
        }
    }
}
