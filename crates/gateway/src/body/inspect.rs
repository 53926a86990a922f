use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::{Body, SizeHint};
use http_body_util::BodyExt;

use super::{BodyBroken, Fault, RequestBody};

/// The beginning of a body, and what is left of it.
pub(crate) struct Inspected {
    pub(crate) bytes: Bytes,
    /// The rest, `None` when that was all.
    pub(crate) rest: Option<RequestBody>,
    /// What came behind the whole body.
    pub(crate) trailers: Option<HeaderMap>,
    /// The client broke off, or was too slow.
    pub(crate) fault: Option<Fault>,
    /// That was the whole body.
    pub(crate) complete: bool,
}

impl Inspected {
    /// The body, when all of it came and it has at most `most` bytes.
    pub(crate) fn whole(&self, most: u64) -> Option<&Bytes> {
        (self.complete && self.bytes.len() as u64 <= most).then_some(&self.bytes)
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        let held = self.bytes.len() as u64;
        let rest = self.rest.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint);
        let mut hint = SizeHint::new();
        // A body with trailers has to be sent in chunks: its length is not told.
        if self.trailers.is_none()
            && let Some(upper) = rest.upper().and_then(|upper| upper.checked_add(held))
        {
            hint.set_upper(upper);
        }
        hint.set_lower(rest.lower().saturating_add(held).min(hint.upper().unwrap_or(u64::MAX)));
        hint
    }
}

/// Reads a body until it ends, until `most` bytes have come, or until `time` is over. Nothing is lost: the caller
/// forwards the bytes and then the rest. At most one frame beyond `most` is held.
pub(crate) async fn inspect(
    body: impl Into<RequestBody>,
    already: Bytes,
    most: u64,
    time: Duration,
) -> Inspected {
    let mut body = body.into();
    let mut collected = BytesMut::new();
    let mut single = already;
    let mut trailers = None;
    let mut fault = None;
    let mut ended = body.is_end_stream();
    let reading = async {
        while !ended && (single.len() + collected.len()) as u64 <= most {
            match body.frame().await {
                None => ended = true,
                Some(Err(error)) => {
                    let slow = matches!(error, BodyBroken::Slow);
                    fault = Some(if slow { Fault::TooSlow } else { Fault::BrokeOff });
                    ended = true;
                }
                Some(Ok(frame)) => match frame.into_data() {
                    // One frame is the usual case and is not copied.
                    Ok(data) if single.is_empty() && collected.is_empty() => single = data,
                    Ok(data) => {
                        if collected.is_empty() {
                            collected.extend_from_slice(&std::mem::take(&mut single));
                        }
                        collected.extend_from_slice(&data);
                    }
                    Err(frame) => {
                        trailers = frame.into_trailers().ok().filter(|trailers| !trailers.is_empty());
                        ended = true;
                    }
                },
            }
            ended = ended || body.is_end_stream();
        }
    };
    // When the time is over the body goes on streaming; what has come is decided upon.
    let _ = tokio::time::timeout(time, reading).await;
    let bytes = if collected.is_empty() { single } else { collected.freeze() };
    Inspected { bytes, rest: (!ended).then_some(body), trailers, fault, complete: ended && fault.is_none() }
}
