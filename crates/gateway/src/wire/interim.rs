//! Interim answers (RFC 9110, section 15.2) on their way to an HTTP/1.1 client. They stand here until the connection has
//! written them, and the final answer waits for that.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Poll, Waker};

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use parking_lot::Mutex;

use crate::respond::{remove_hop_by_hop, remove_ours};

/// Of one request as many are passed on; the rest is left out. Applications send one or two.
const HEADS_MAX: u32 = 8;
/// A head of more bytes is left out: an interim answer that costs more than the final one helps nobody.
const BYTES_MAX: usize = 16 << 10;

/// The interim answers of the request at hand.
#[derive(Default)]
pub(crate) struct Interim(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    heads: VecDeque<Bytes>,
    /// Whether the connection has one that it has not written whole.
    writing: bool,
    heard: u32,
    /// Of the request that waits for its final answer, or for these to be written.
    request: Option<Waker>,
}

impl Interim {
    /// The application sent one.
    pub(crate) fn hear(&self, status: StatusCode, headers: &HeaderMap) {
        let mut waiting = self.0.lock();
        if waiting.heard >= HEADS_MAX {
            return;
        }
        let Some(head) = head(status, headers) else { return };
        waiting.heard += 1;
        waiting.heads.push_back(head);
        wake(&mut waiting);
    }

    /// Waits for `asking`, and then until every interim answer that came before it is written; `interim` is `None` where
    /// none can be.
    pub(crate) async fn before<T>(
        interim: Option<&Self>,
        mut asking: Pin<&mut impl Future<Output = T>>,
    ) -> T {
        let mut answer = None;
        if let Some(interim) = interim {
            let mut waiting = interim.0.lock();
            waiting.heads.clear();
            waiting.heard = 0;
        }
        poll_fn(|context| {
            if answer.is_none()
                && let Poll::Ready(came) = asking.as_mut().poll(context)
            {
                answer = Some(came);
            }
            let Some(interim) = interim else {
                return answer.take().map_or(Poll::Pending, Poll::Ready);
            };
            let mut waiting = interim.0.lock();
            if waiting.heads.is_empty()
                && !waiting.writing
                && let Some(answer) = answer.take()
            {
                return Poll::Ready(answer);
            }
            match &waiting.request {
                Some(known) if known.will_wake(context.waker()) => {}
                _ => waiting.request = Some(context.waker().clone()),
            }
            Poll::Pending
        })
        .await
    }

    /// The next one to write.
    pub(crate) fn take(&self) -> Option<Bytes> {
        let mut waiting = self.0.lock();
        let head = waiting.heads.pop_front()?;
        waiting.writing = true;
        Some(head)
    }

    /// The one taken is written whole.
    pub(crate) fn written(&self) {
        let mut waiting = self.0.lock();
        waiting.writing = false;
        wake(&mut waiting);
    }
}

fn wake(waiting: &mut Waiting) {
    if let Some(request) = waiting.request.take() {
        request.wake();
    }
}

/// The head as it is written. `None` for what is not passed on: 100 answers an `Expect` that we have answered, and 101
/// is no interim answer but the end of HTTP on its connection.
fn head(status: StatusCode, headers: &HeaderMap) -> Option<Bytes> {
    if !status.is_informational() || matches!(status.as_u16(), 100 | 101) {
        return None;
    }
    let mut headers = headers.clone();
    remove_hop_by_hop(&mut headers);
    remove_ours(&mut headers);
    // They would frame a body (RFC 9110, section 8.6), and there is none.
    headers.remove(header::CONTENT_LENGTH);
    let reason = status.canonical_reason().unwrap_or_default();
    let mut head = format!("HTTP/1.1 {} {reason}\r\n", status.as_str()).into_bytes();
    for (name, value) in &headers {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            head.extend_from_slice(part);
        }
    }
    head.extend_from_slice(b"\r\n");
    (head.len() <= BYTES_MAX).then(|| head.into())
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use http::HeaderValue;

    use super::*;

    fn early(size: usize) -> HeaderMap {
        let link = HeaderValue::try_from(format!("</a.css>; rel={}", "x".repeat(size))).unwrap();
        HeaderMap::from_iter([(header::LINK, link)])
    }

    #[test]
    fn what_is_passed_on() {
        let check = |status: u16, headers: &[(&'static str, &str)], expected: Option<&str>| {
            let headers: HeaderMap = headers
                .iter()
                .map(|(name, value)| {
                    (http::HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
                })
                .collect();
            let written = head(StatusCode::from_u16(status).unwrap(), &headers);
            let written = written.map(|head| String::from_utf8(head.to_vec()).unwrap());
            assert_eq!(written.as_deref(), expected, "{status}");
        };
        check(103, &[("link", "</a>")], Some("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"));
        let ours =
            [("x-spigot-action", "block"), ("connection", "x, y"), ("content-length", "5"), ("upgrade", "z")];
        check(102, &ours, Some("HTTP/1.1 102 Processing\r\n\r\n"));
        check(150, &[], Some("HTTP/1.1 150 \r\n\r\n"));
        check(100, &[], None);
        check(101, &[("upgrade", "websocket")], None);
        check(200, &[], None);
        assert!(head(StatusCode::EARLY_HINTS, &early(BYTES_MAX)).is_none());
    }

    #[test]
    fn the_final_answer_waits_until_all_are_written() {
        let interim = Interim::default();
        let (mut asking, hints) = (pin!(std::future::ready(7)), early(1));
        let mut context = std::task::Context::from_waker(Waker::noop());
        let mut answer = pin!(async {
            // Heard while the application is asked.
            Interim::before(Some(&interim), asking.as_mut()).await
        });
        // Left over from a request before: forgotten.
        interim.hear(StatusCode::EARLY_HINTS, &hints);
        assert_eq!(answer.as_mut().poll(&mut context), Poll::Ready(7));

        let (sender, receiver) = tokio::sync::oneshot::channel();
        let mut asking = pin!(receiver);
        let mut answer = pin!(Interim::before(Some(&interim), asking.as_mut()));
        assert!(answer.as_mut().poll(&mut context).is_pending());
        for _ in 0..HEADS_MAX + 5 {
            interim.hear(StatusCode::EARLY_HINTS, &hints);
        }
        sender.send(8).unwrap();
        for _ in 0..HEADS_MAX {
            assert!(answer.as_mut().poll(&mut context).is_pending());
            assert!(interim.take().is_some());
            assert!(answer.as_mut().poll(&mut context).is_pending(), "taken is not written");
            interim.written();
        }
        assert!(interim.take().is_none(), "bounded");
        assert_eq!(answer.as_mut().poll(&mut context), Poll::Ready(Ok(8)));
    }
}
