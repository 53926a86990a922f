//! Interim answers (RFC 9110, section 15.2) on their way to a client.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};

use crate::http1::field;
use crate::respond::{remove_hop_by_hop, remove_ours};

/// Of one request as many are passed on; the rest is left out. Applications send one or two.
pub(crate) const INTERIM_MAX: u32 = 8;
/// Fields of more bytes are left out with their head: an interim answer that costs more than the final one helps nobody.
const BYTES_MAX: usize = 16 << 10;

/// Whoever passes the interim answers to one request on.
pub(crate) trait Interims {
    /// The application sent one.
    fn hear(&self, status: StatusCode, headers: &HeaderMap);

    /// Ready when the final answer may follow.
    fn poll_passed(&self, context: &mut Context<'_>) -> Poll<()>;
}

/// Waits for `asking`, and then until every interim answer that came before it is passed on; `interims` is `None` where
/// none can be.
pub(crate) async fn before<T>(
    interims: Option<&dyn Interims>,
    mut asking: Pin<&mut impl Future<Output = T>>,
) -> T {
    let mut answer = None;
    poll_fn(|context| {
        if answer.is_none() {
            answer = Some(ready!(asking.as_mut().poll(context)));
        }
        if let Some(interims) = interims {
            ready!(interims.poll_passed(context));
        }
        answer.take().map_or(Poll::Pending, Poll::Ready)
    })
    .await
}

/// The fields of an interim answer as they are passed on. `None` for what is not: 100 answers an `Expect` that we have
/// answered, and 101 is no interim answer but the end of HTTP on its connection.
pub(crate) fn passed_on(status: StatusCode, headers: &HeaderMap) -> Option<HeaderMap> {
    if !status.is_informational() || matches!(status.as_u16(), 100 | 101) {
        return None;
    }
    let mut headers = headers.clone();
    remove_hop_by_hop(&mut headers);
    remove_ours(&mut headers);
    // They would frame a body (RFC 9110, section 8.6), and there is none.
    headers.remove(header::CONTENT_LENGTH);
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    (bytes <= BYTES_MAX).then_some(headers)
}

/// Those to the request at hand of an HTTP/1.1 client. They stand here until the connection has written them, and the
/// final answer waits for that.
#[derive(Default)]
pub(crate) struct Interim(RefCell<Waiting>);

#[derive(Default)]
struct Waiting {
    heads: VecDeque<Bytes>,
    /// Whether the connection has one that it has not written whole.
    writing: bool,
    heard: u32,
    /// Of the request whose final answer waits for them.
    request: Option<Waker>,
}

impl Interim {
    /// Another request is at hand.
    pub(crate) fn begin(self: &Rc<Self>) -> Rc<dyn Interims> {
        let mut waiting = self.0.borrow_mut();
        waiting.heads.clear();
        waiting.heard = 0;
        self.clone()
    }

    /// The next one to write.
    pub(crate) fn take(&self) -> Option<Bytes> {
        let mut waiting = self.0.borrow_mut();
        let head = waiting.heads.pop_front()?;
        waiting.writing = true;
        Some(head)
    }

    /// The one taken is written whole.
    pub(crate) fn written(&self) {
        let mut waiting = self.0.borrow_mut();
        waiting.writing = false;
        if let Some(request) = waiting.request.take() {
            request.wake();
        }
    }
}

impl Interims for Interim {
    fn hear(&self, status: StatusCode, headers: &HeaderMap) {
        let mut waiting = self.0.borrow_mut();
        if waiting.heard >= INTERIM_MAX {
            return;
        }
        let Some(headers) = passed_on(status, headers) else { return };
        waiting.heard += 1;
        waiting.heads.push_back(head(status, &headers));
    }

    fn poll_passed(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut waiting = self.0.borrow_mut();
        if waiting.heads.is_empty() && !waiting.writing {
            return Poll::Ready(());
        }
        waiting.request = Some(context.waker().clone());
        Poll::Pending
    }
}

/// The head as HTTP/1.1 writes it.
fn head(status: StatusCode, headers: &HeaderMap) -> Bytes {
    let reason = status.canonical_reason().unwrap_or_default();
    let mut head = format!("HTTP/1.1 {} {reason}\r\n", status.as_str()).into_bytes();
    for (name, value) in headers {
        field(&mut head, name.as_str(), value.as_bytes());
    }
    head.extend_from_slice(b"\r\n");
    head.into()
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
            let status = StatusCode::from_u16(status).unwrap();
            let written = passed_on(status, &headers)
                .map(|headers| String::from_utf8(head(status, &headers).to_vec()).unwrap());
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
        assert!(passed_on(StatusCode::EARLY_HINTS, &early(BYTES_MAX)).is_none());
    }

    #[test]
    fn the_final_answer_waits_until_all_are_written() {
        let interim = Rc::new(Interim::default());
        let (mut asking, hints) = (pin!(std::future::ready(7)), early(1));
        let mut context = std::task::Context::from_waker(Waker::noop());
        // Left over from a request before: forgotten.
        interim.hear(StatusCode::EARLY_HINTS, &hints);
        let interims = interim.begin();
        let mut answer = pin!(before(Some(&*interims), asking.as_mut()));
        assert_eq!(answer.as_mut().poll(&mut context), Poll::Ready(7));

        let (sender, receiver) = tokio::sync::oneshot::channel();
        let mut asking = pin!(receiver);
        let interims = interim.begin();
        let mut answer = pin!(before(Some(&*interims), asking.as_mut()));
        assert!(answer.as_mut().poll(&mut context).is_pending());
        for _ in 0..INTERIM_MAX + 5 {
            interim.hear(StatusCode::EARLY_HINTS, &hints);
        }
        sender.send(8).unwrap();
        for _ in 0..INTERIM_MAX {
            assert!(answer.as_mut().poll(&mut context).is_pending());
            assert!(interim.take().is_some());
            assert!(answer.as_mut().poll(&mut context).is_pending(), "taken is not written");
            interim.written();
        }
        assert!(interim.take().is_none(), "bounded");
        assert_eq!(answer.as_mut().poll(&mut context), Poll::Ready(Ok(8)));
    }
}
