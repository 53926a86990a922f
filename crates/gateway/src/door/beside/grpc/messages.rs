//! `envoy.service.auth.v3`, as far as a decision needs it. The numbers of fields are those of Envoy's published interface
//! (`envoy/service/auth/v3/external_auth.proto` and `attribute_context.proto`, `envoy/config/core/v3/base.proto`).

use std::net::IpAddr;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Response};

use super::protobuf::{Fields, Malformed, Message, Value};
use crate::client_ip::one_address;

/// `google.rpc.Code`.
const PERMISSION_DENIED: u64 = 7;
/// `HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD`, for what the application is told.
const OVERWRITE: u64 = 2;

/// What a `CheckRequest` says.
#[derive(Debug, Default)]
pub(super) struct Check {
    pub(super) client: Option<IpAddr>,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) host: String,
    pub(super) scheme: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// The message in a frame of gRPC: one, not compressed, and nothing behind it.
pub(super) fn unframed(mut bytes: Bytes) -> Result<Bytes, Malformed> {
    if bytes.len() < 5 || bytes.get_u8() != 0 {
        return Err(Malformed);
    }
    let length = bytes.get_u32() as usize;
    if bytes.len() == length { Ok(bytes) } else { Err(Malformed) }
}

fn framed(message: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(message.len() + 5);
    frame.put_u8(0);
    frame.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    frame.put_slice(message);
    frame.freeze()
}

impl Check {
    pub(super) fn read(message: Bytes) -> Result<Self, Malformed> {
        let mut check = Self::default();
        for (field, value) in messages(message)? {
            if field == 1 {
                check.attributes(value)?;
            }
        }
        Ok(check)
    }

    fn attributes(&mut self, message: Bytes) -> Result<(), Malformed> {
        for (field, value) in messages(message)? {
            match field {
                // Peer.address.socket_address.address
                1 => self.client = nested(value, &[1, 1, 2])?.and_then(|text| one_address(&text)),
                4 => {
                    for (field, value) in messages(value)? {
                        if field == 2 {
                            self.request(value)?;
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn request(&mut self, message: Bytes) -> Result<(), Malformed> {
        for (field, value) in messages(message)? {
            match field {
                2 => self.method = text(&value)?,
                3 => self.header(value)?,
                4 => self.path = text(&value)?,
                5 => self.host = text(&value)?,
                6 => self.scheme = text(&value)?,
                11 | 12 if !value.is_empty() => self.body = value,
                _ => {}
            }
        }
        Ok(())
    }

    fn header(&mut self, message: Bytes) -> Result<(), Malformed> {
        let (mut name, mut content) = (Bytes::new(), Bytes::new());
        for (field, value) in messages(message)? {
            match field {
                1 => name = value,
                2 => content = value,
                _ => {}
            }
        }
        // Pseudo-fields are told besides.
        if name.first() == Some(&b':') {
            return Ok(());
        }
        let name = HeaderName::from_bytes(&name).map_err(|_| Malformed)?;
        let content = HeaderValue::from_maybe_shared(content).map_err(|_| Malformed)?;
        self.headers.append(name, content);
        Ok(())
    }
}

/// The fields of a message that are text, bytes or messages themselves.
fn messages(message: Bytes) -> Result<Vec<(u64, Bytes)>, Malformed> {
    let mut found = Vec::new();
    for field in Fields(message) {
        if let (number, Value::Bytes(bytes)) = field? {
            found.push((number, bytes));
        }
    }
    Ok(found)
}

/// A text some messages deep.
fn nested(message: Bytes, path: &[u64]) -> Result<Option<String>, Malformed> {
    let mut at = message;
    for wanted in path {
        let fields = messages(at)?;
        let Some((_, value)) = fields.into_iter().find(|(number, _)| number == wanted) else {
            return Ok(None);
        };
        at = value;
    }
    text(&at).map(Some)
}

fn text(bytes: &[u8]) -> Result<String, Malformed> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| Malformed)
}

/// A `CheckResponse` that lets the request pass, with fields for the application in the place of its client's.
pub(super) fn allowed(fields: &HeaderMap, remove: &[&HeaderName]) -> Bytes {
    let mut ok = Message::default();
    for (name, value) in fields {
        ok.bytes(2, &option(name, value));
    }
    for name in remove {
        ok.bytes(5, name.as_str().as_bytes());
    }
    let mut response = Message::default();
    // A status without a field is OK, and has to be there.
    response.bytes(1, b"");
    response.bytes(3, &ok.0);
    framed(&response.0)
}

/// A `CheckResponse` with the answer that the client gets instead.
pub(super) fn denied(answer: &Response<Bytes>) -> Bytes {
    let mut status = Message::default();
    status.number(1, PERMISSION_DENIED);
    let mut http = Message::default();
    http.number(1, u64::from(answer.status().as_u16()));
    let mut denied = Message::default();
    denied.bytes(1, &http.0);
    for (name, value) in answer.headers() {
        denied.bytes(2, &option(name, value));
    }
    denied.bytes(3, answer.body());
    let mut response = Message::default();
    response.bytes(1, &status.0);
    response.bytes(2, &denied.0);
    framed(&response.0)
}

/// A `HeaderValueOption`.
fn option(name: &HeaderName, value: &HeaderValue) -> Bytes {
    let mut header = Message::default();
    header.bytes(1, name.as_str().as_bytes());
    header.bytes(2, value.as_bytes());
    let mut option = Message::default();
    option.bytes(1, &header.0);
    option.number(3, OVERWRITE);
    option.0.freeze()
}
