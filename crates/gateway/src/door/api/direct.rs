//! The service without a connection: for measuring it, and for programs that have one of their own.

use std::net::IpAddr;

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use spigot_decision::Story;
use spigot_intel::Software;
use spigot_state::State;

use super::{Call, dialect};
use crate::body::Through;
use crate::marks::Marks;
use crate::pipeline::{Gateway, Seen};

impl<S: State> Gateway<S> {
    /// Answers a question about a token, or a widget's call, that came whole. Paths are taken as they are; 404 for any
    /// other.
    pub async fn ask_service(&self, client: IpAddr, request: &Request<Bytes>) -> Response<Bytes> {
        let snapshot = self.snapshot.load_full();
        let headers = request.headers();
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let marks = Marks::new(None);
        let seen = Seen {
            client,
            host: text(header::HOST),
            method: request.method().as_str(),
            path: request.uri().path(),
            matched: request.uri().path(),
            query: request.uri().query().unwrap_or_default(),
            headers,
            user_agent: text(header::USER_AGENT),
            software: Software::default(),
            secure: false,
            marks: &marks,
            told: None,
            story: Story::default(),
            header_order: 0,
            errand: None,
            behaviour: None,
            now: (self.clock)(),
        };
        let body = request.body();
        let answer = if let Some(name) = seen.path.strip_prefix("/.spigot/widget/") {
            self.widget_call(&snapshot, &seen, name, body).await
        } else if let Some(dialect) = dialect(seen.path) {
            Call { gateway: self, snapshot: &snapshot, seen: &seen, agents: None }.answer(dialect, body).await
        } else {
            let mut response = Response::new(Through::Empty);
            *response.status_mut() = StatusCode::NOT_FOUND;
            response
        };
        answer.map(Through::of_ours)
    }
}
