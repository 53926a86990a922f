//! The check against robots in a form: a site key for the page, and one question to the service about what came with it.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use tokio::net::TcpStream;

/// The hidden field in which the widget puts its token.
pub(crate) const FIELD: &str = "spigot-response";
/// What people wait at most for an answer about their form.
const DEADLINE: Duration = Duration::from_secs(5);
/// Answers have a few hundred bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// What the shop needs to know of the service.
pub struct Check {
    /// Of the site, public.
    pub site_key: String,
    /// Of the site, the shop's own.
    pub secret: String,
    /// Where it is asked.
    pub service: SocketAddr,
}

/// What the service said of a token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Word {
    Good,
    Refused,
    /// Nothing that can be relied on.
    Away,
}

#[derive(Deserialize)]
struct Answer {
    success: bool,
}

impl Check {
    /// Asks about a token. Only a clear yes is one.
    pub(crate) async fn ask(&self, token: &str) -> Word {
        match tokio::time::timeout(DEADLINE, self.answer(token)).await {
            Ok(Some(Answer { success: true })) => Word::Good,
            Ok(Some(Answer { success: false })) => Word::Refused,
            Ok(None) | Err(_) => Word::Away,
        }
    }

    async fn answer(&self, token: &str) -> Option<Answer> {
        let stream = TcpStream::connect(self.service).await.ok()?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
        let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
        let body = format!("secret={}&response={}", encoded(&self.secret), encoded(token));
        let request = Request::post("/siteverify")
            .header(header::HOST, self.service.to_string())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::new(Bytes::from(body)))
            .ok()?;
        let asking = async {
            let body = sender.send_request(request).await.ok()?.into_body();
            let whole = Limited::new(body, ANSWER_BYTES_MAX).collect().await.ok()?;
            serde_json::from_slice(&whole.to_bytes()).ok()
        };
        let mut asking = std::pin::pin!(asking);
        tokio::select! {
            answer = &mut asking => answer,
            // The connection may end with the answer already read.
            _ = connection => asking.await,
        }
    }
}
