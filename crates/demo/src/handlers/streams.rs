//! Answers with a shape of their own: events, trailers, delays and any status.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::StreamBody;
use hyper::body::{Body, Frame};
use serde_json::json;
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::answer::{Answer, Fault, bare, json_answer, set, stream};
use crate::request::Visit;
use crate::route::number;
use crate::serve::Stopping;

/// Between two events.
const EVENT_PERIOD: Duration = Duration::from_secs(1);
/// One event in so many comes with a comment that keeps proxies from calling the stream idle.
const KEEP_ALIVE_EVERY: u64 = 5;
const SLOW_MILLIS_DEFAULT: u64 = 1_000;
/// As long as proxies commonly wait for an upstream.
const SLOW_MILLIS_MAX: u64 = 60_000;

/// Server-sent events (WHATWG HTML, section 9.2), one at once and one per second until the client goes or the shop
/// stops. `Last-Event-ID` continues the numbers.
pub(super) fn events(visit: &Visit, stopping: Stopping) -> Answer {
    let last = visit.head.headers.get("last-event-id").and_then(|value| value.to_str().ok()).and_then(number);
    let mut ticks = interval(EVENT_PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let last: u64 = last.unwrap_or(0);
    let events = Events { ticks, sent: 0, last, stopping: Box::pin(stopping.wait()) };
    stream("text/event-stream", events)
}

struct Events {
    ticks: Interval,
    sent: u64,
    /// Number of the event before the first.
    last: u64,
    stopping: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.stopping.as_mut().poll(context).is_ready() {
            return Poll::Ready(None);
        }
        ready!(self.ticks.poll_tick(context));
        let comment = if self.sent.is_multiple_of(KEEP_ALIVE_EVERY) { ": keep-alive\n\n" } else { "" };
        self.sent += 1;
        let number = self.last.saturating_add(self.sent);
        let event = format!("{comment}id: {number}\nevent: drip\ndata: {{\"drip\":{number}}}\n\n");
        Poll::Ready(Some(Ok(Frame::data(event.into()))))
    }
}

/// A chunked answer with a trailer (RFC 9112, section 7.1.2), which is sent when the request says `TE: trailers`.
pub(super) fn trailers() -> Answer {
    let mut fields = HeaderMap::new();
    fields.insert("x-drips", HeaderValue::from_static("3"));
    let frames = [Frame::data(Bytes::from_static(b"drip, drip, drip\n")), Frame::trailers(fields)];
    // Of no known length, so that it is chunked.
    let body = StreamBody::new(futures_util::stream::iter(frames.map(Ok)));
    let mut answer = stream("text/plain; charset=utf-8", body);
    set(&mut answer, header::TRAILER, "x-drips");
    answer
}

pub(super) async fn slow(visit: &Visit) -> Result<Answer, Fault> {
    let millis = if visit.query.contains("millis") {
        number(visit.query.first("millis")).filter(|millis| *millis <= SLOW_MILLIS_MAX)
    } else {
        Some(SLOW_MILLIS_DEFAULT)
    };
    let millis =
        millis.ok_or_else(|| Fault::Malformed("millis is a whole number from 0 to 60000.".into()))?;
    tokio::time::sleep(Duration::from_millis(millis)).await;
    Ok(json_answer(StatusCode::OK, &json!({ "millis": millis })))
}

/// Any final status that HTTP/1.1 knows.
pub(super) fn status(code: u16) -> Result<Answer, Fault> {
    let known = StatusCode::from_u16(code).ok().filter(|_| (200..600).contains(&code));
    let status = known.ok_or(Fault::NotFound)?;
    if matches!(code, 204 | 205 | 304) {
        return Ok(bare(status));
    }
    let mut answer = json_answer(status, &json!({ "status": code }));
    if code == 405 {
        set(&mut answer, header::ALLOW, "GET, HEAD");
    }
    Ok(answer)
}
