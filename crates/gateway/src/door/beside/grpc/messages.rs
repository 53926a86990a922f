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
        for field in messages(message) {
            let (number, value) = field?;
            if number == 1 {
                check.attributes(value)?;
            }
        }
        Ok(check)
    }

    /// How many of a message's bytes it holds.
    #[cfg(any(test, fuzzing))]
    pub(super) fn held(&self) -> usize {
        let texts = [&self.method, &self.path, &self.host, &self.scheme].map(String::len);
        let headers = self.headers.iter().map(|(name, value)| name.as_str().len() + value.len());
        texts.into_iter().chain(headers).sum::<usize>() + self.body.len()
    }

    fn attributes(&mut self, message: Bytes) -> Result<(), Malformed> {
        for field in messages(message) {
            let (number, value) = field?;
            match number {
                // Peer.address.socket_address.address
                1 => self.client = nested(value, &[1, 1, 2])?.and_then(|text| one_address(&text)),
                4 => {
                    for field in messages(value) {
                        let (number, value) = field?;
                        if number == 2 {
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
        for field in messages(message) {
            let (number, value) = field?;
            match number {
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
        for field in messages(message) {
            let (number, value) = field?;
            match number {
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
        // A map holds fewer than a message may name, and would end the thread that asks for more.
        self.headers.try_append(name, content).map_err(|_| Malformed)?;
        Ok(())
    }
}

/// The fields of a message that are text, bytes or messages themselves. They are parts of it; nothing is copied.
fn messages(message: Bytes) -> impl Iterator<Item = Result<(u64, Bytes), Malformed>> {
    Fields(message).filter_map(|field| match field {
        Ok((number, Value::Bytes(bytes))) => Some(Ok((number, bytes))),
        Ok(_) => None,
        Err(malformed) => Some(Err(malformed)),
    })
}

/// A text some messages deep; of fields that stand there twice the last counts, as everywhere.
fn nested(message: Bytes, path: &[u64]) -> Result<Option<String>, Malformed> {
    let mut at = message;
    for wanted in path {
        let mut found = None;
        for field in messages(at) {
            let (number, value) = field?;
            if number == *wanted {
                found = Some(value);
            }
        }
        let Some(value) = found else { return Ok(None) };
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A message of one field, which is a message of one field, and so on.
    fn within(path: &[u64], content: &[u8]) -> Message {
        path.iter().rev().fold(Message(content.into()), |inner, number| {
            let mut outer = Message::default();
            outer.bytes(*number, &inner.0);
            outer
        })
    }

    /// A `CheckRequest` as Envoy writes one.
    fn question(path: &str, headers: &[(String, String)], body: &[u8]) -> Bytes {
        let mut http = Message::default();
        http.bytes(2, b"POST");
        for (name, value) in headers {
            let mut header = Message::default();
            header.bytes(1, name.as_bytes());
            header.bytes(2, value.as_bytes());
            http.bytes(3, &header.0);
        }
        http.bytes(4, path.as_bytes());
        http.bytes(12, body);
        let mut attributes = within(&[1, 1, 1, 2], b"192.0.2.7");
        attributes.0.extend_from_slice(&within(&[4, 2], &http.0).0);
        within(&[1], &attributes.0).0.freeze()
    }

    /// What stands in a message under a path of field numbers; a number that is not text is told as one byte.
    fn told(message: Bytes, path: &[u64]) -> Vec<Bytes> {
        let Some((wanted, rest)) = path.split_first() else { return vec![message] };
        let found = Fields(message).map(Result::unwrap).filter(|(number, _)| number == wanted);
        found
            .flat_map(|(_, value)| match value {
                Value::Bytes(bytes) => told(bytes, rest),
                Value::Number(number) => vec![Bytes::from(vec![u8::try_from(number).unwrap()])],
                _ => Vec::new(),
            })
            .collect()
    }

    /// Envoy has fields of its own in an answer, and the application's client has what came under our names: what Spigot
    /// says stands in their place, whichever way it decided.
    #[test]
    fn what_is_told_overwrites() {
        let mut answer = Response::new(Bytes::from_static(b"no"));
        answer.headers_mut().insert("content-type", HeaderValue::from_static("text/plain"));
        answer.headers_mut().append("set-cookie", HeaderValue::from_static("a=1"));
        answer.headers_mut().append("set-cookie", HeaderValue::from_static("b=2"));
        let check = |message: Bytes, option: &[u64], names: &[&str]| {
            let message = unframed(message).unwrap();
            let within = |path: &[u64]| told(message.clone(), &[option, path].concat());
            assert_eq!(within(&[1, 1]), names);
            assert_eq!(within(&[3]), vec![Bytes::from_static(&[2]); names.len()]);
            // The field before, which is deprecated, would be heeded if it stood there.
            assert_eq!(within(&[2]), Vec::<Bytes>::new());
        };
        check(denied(&answer), &[2, 2], &["content-type", "set-cookie", "set-cookie"]);
        check(allowed(answer.headers(), &[]), &[3, 2], &["content-type", "set-cookie", "set-cookie"]);
    }

    #[test]
    fn more_headers_than_a_map_holds_are_malformed() {
        let check = |count: usize, good: bool| {
            let headers: Vec<_> = (0..count).map(|number| (format!("a{number}"), String::new())).collect();
            assert_eq!(Check::read(question("/", &headers, b"")).is_ok(), good, "{count}");
        };
        check(1000, true);
        check(40_000, false);
    }

    proptest! {
        #[test]
        fn what_envoy_writes_is_read(
            path in "/[a-z/%]{0,40}",
            headers in prop::collection::vec(("[a-z][a-z-]{0,20}", "[ -~]{0,40}"), 0..30),
            body: Vec<u8>,
        ) {
            let read = Check::read(question(&path, &headers, &body)).unwrap();
            prop_assert_eq!(read.client, one_address("192.0.2.7"));
            prop_assert_eq!((read.method, read.path), ("POST".to_owned(), path));
            prop_assert_eq!(read.body, body);
            prop_assert_eq!(read.headers.len(), headers.len());
            for (name, value) in &headers {
                prop_assert!(read.headers.get_all(name).iter().any(|found| found == value), "{}", name);
            }
        }

        /// A question with bytes turned, cut or put in is read or refused, and holds no more than came.
        #[test]
        fn whatever_comes_is_bounded(
            turned in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
            cut: prop::sample::Index,
            behind in prop::collection::vec(any::<u8>(), 0..64),
        ) {
            let headers = [("accept".to_owned(), "*/*".to_owned()), ("cookie".to_owned(), "a=b".to_owned())];
            let mut bytes = question("/page", &headers, b"name=value").to_vec();
            for (at, byte) in turned {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            bytes.truncate(cut.index(bytes.len() + 1));
            bytes.extend(behind);
            let came = bytes.len();
            if let Ok(check) = Check::read(bytes.into()) {
                prop_assert!(check.held() <= came, "{:?} of {}", check, came);
            }
        }

        #[test]
        fn a_frame_is_one_message(message: Vec<u8>, behind in prop::collection::vec(any::<u8>(), 1..4)) {
            let frame = framed(&message);
            prop_assert_eq!(unframed(frame.clone()), Ok(Bytes::from(message)));
            prop_assert_eq!(unframed([&frame[..], &behind].concat().into()), Err(Malformed));
            prop_assert_eq!(unframed(frame.slice(..frame.len() - 1)), Err(Malformed));
        }
    }
}
