//! Reports that are posted to somebody else's server. For a thread of its own, never on the way of a request.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::body::Through;
use crate::fetch::Remote;
use crate::provider::Hidden;
use crate::settings::Bounds;
use crate::upstream::{Outgoing, OwnRequest, Pool, Times};

/// What is posted, and within which time.
pub struct Posted<'a> {
    /// Where to. Where its answers lead is not followed: what is posted is for that server.
    pub to: &'a Remote,
    /// JSON.
    pub body: Bytes,
    /// Goes with it as a bearer token.
    pub key: Option<&'a Hidden>,
    /// For all of it.
    pub time: Duration,
}

/// Posts. Inside a `LocalSet`.
///
/// # Errors
/// Why it is not known to have arrived, in words for people.
pub async fn post(posted: &Posted<'_>) -> Result<(), String> {
    let seconds = posted.time.as_secs_f32();
    timeout(posted.time, exchange(posted))
        .await
        .unwrap_or_else(|_| Err(format!("it was not answered within {seconds} s")))
}

async fn exchange(posted: &Posted<'_>) -> Result<(), String> {
    let server = posted.to.server.clone();
    if let Ok(Err(error)) = tokio::task::spawn_blocking(move || server.resolve()).await {
        return Err(format!("its name is not found: {error}"));
    }
    let key = posted.key.map(|key| ("authorization", Zeroizing::new(format!("Bearer {}", key.expose()))));
    let headers: Vec<_> = key.into_iter().collect();
    let server = &posted.to.server;
    let head = OwnRequest {
        server,
        method: Method::POST,
        target: &posted.to.target,
        accept: "*/*",
        content: Some(("application/json", posted.body.len())),
        headers: &headers,
    };
    let body = Through::Bytes(posted.body.clone());
    let outgoing = Outgoing { head: &head, body, idempotent: false, http1_only: false, interim: None };
    let times = Times { answer: posted.time, ..Times::from(&Bounds::default()) };
    let response = Pool::new(Arc::default())
        .send(std::slice::from_ref(server), outgoing, times)
        .await
        .map_err(|_| format!("{server} does not answer"))?;
    if response.status().is_success() {
        Ok(())
    } else {
        Err(format!("{server} answers with status {}", response.status().as_u16()))
    }
}
