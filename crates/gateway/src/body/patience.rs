use std::task::{Context, Poll};
use std::time::Duration;

use http::{HeaderMap, header};
use tokio::time::Instant;

use crate::settings::Bounds;
use crate::wire::{Deadline, Pace};

/// How long we wait for the client's body over HTTP/2. Over HTTP/1.1 the connection's reader does; here one connection
/// carries many bodies, and only the one that dribbles is refused.
pub(crate) struct Patience {
    pace: Pace,
    deadline: Deadline,
}

impl Patience {
    pub(crate) fn new(bounds: &Bounds) -> Self {
        let pace = Pace::new(bounds.body_time, bounds.body_bytes_per_second);
        Self { pace, deadline: Deadline::default() }
    }

    /// Nothing came. Ready when it is over.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.deadline.poll(|| self.pace.wait(Instant::now()), context)
    }

    pub(super) fn came(&mut self, bytes: usize) {
        self.deadline.clear();
        if self.pace.waits() {
            self.pace.came(bytes, Instant::now());
        }
    }
}

/// How long an application may pause within an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pauses {
    /// Of a length that was told: a page, a file.
    pub(crate) told: Duration,
    /// Without one: it may be a stream.
    pub(crate) untold: Duration,
}

impl From<&Bounds> for Pauses {
    fn from(bounds: &Bounds) -> Self {
        Self { told: bounds.pause_time, untold: bounds.stream_pause_time }
    }
}

impl Pauses {
    /// The one for an answer with these fields; none for kinds that rest for as long as nothing happens.
    pub(crate) fn within(self, headers: &HeaderMap) -> Option<Duration> {
        if headers.contains_key(header::CONTENT_LENGTH) {
            return Some(self.told);
        }
        let kind = headers.get(header::CONTENT_TYPE).map_or(&b""[..], |kind| kind.as_bytes());
        let rests =
            |name: &[u8]| kind.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
        let rests = rests(b"text/event-stream") || rests(b"application/grpc");
        (!rests).then_some(self.untold)
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn pages_may_pause_and_streams_may_rest() {
        let pauses = Pauses { told: Duration::from_secs(1), untold: Duration::from_secs(2) };
        let check = |fields: &[(header::HeaderName, &'static str)], seconds: Option<u64>| {
            let fields = fields.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
            let headers = HeaderMap::from_iter(fields);
            assert_eq!(pauses.within(&headers), seconds.map(Duration::from_secs), "{headers:?}");
        };
        check(&[(header::CONTENT_LENGTH, "5")], Some(1));
        check(&[(header::CONTENT_LENGTH, "5"), (header::CONTENT_TYPE, "text/event-stream")], Some(1));
        check(&[], Some(2));
        check(&[(header::CONTENT_TYPE, "text/html")], Some(2));
        check(&[(header::CONTENT_TYPE, "Text/Event-Stream; charset=utf-8")], None);
        check(&[(header::CONTENT_TYPE, "application/grpc+proto")], None);
    }
}
