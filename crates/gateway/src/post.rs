//! Reports and forms that are posted to somebody else's server. For a thread of its own, never on the way of a request.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Response};
use http_body_util::{BodyExt, Limited};
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

/// A form that is posted, and what its answer may be.
pub struct PostedForm<'a> {
    /// Where to. Where its answers lead is not followed.
    pub to: &'a Remote,
    /// Encoded.
    pub form: Bytes,
    /// The value of `Authorization`.
    pub authorization: Option<String>,
    /// Bytes of the answer.
    pub bytes_max: usize,
    /// For all of it.
    pub time: Duration,
}

/// The answer to a form.
pub struct FormAnswer {
    /// Its status.
    pub status: u16,
    /// All of it.
    pub body: Bytes,
}

/// Posts a form and waits for the answer, whatever its status. Inside a `LocalSet`.
///
/// # Errors
/// Why there is none, in words for people.
pub async fn post_form(posted: PostedForm<'_>) -> Result<FormAnswer, String> {
    let PostedForm { to, form, authorization, bytes_max, time } = posted;
    let authorization = authorization.map(|value| ("authorization", Zeroizing::new(value)));
    let headers: Vec<_> = authorization.into_iter().collect();
    let asking = async {
        let response =
            sent(to, ("application/x-www-form-urlencoded", form), "application/json", &headers, time).await?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), bytes_max).collect().await;
        let body = body.map_err(|_| format!("what {} answers breaks off, or is too long", to.server))?;
        Ok(FormAnswer { status, body: body.to_bytes() })
    };
    let seconds = time.as_secs_f32();
    timeout(time, asking).await.unwrap_or_else(|_| Err(format!("it was not answered within {seconds} s")))
}

async fn exchange(posted: &Posted<'_>) -> Result<(), String> {
    let key = posted.key.map(|key| ("authorization", Zeroizing::new(format!("Bearer {}", key.expose()))));
    let headers: Vec<_> = key.into_iter().collect();
    let content = ("application/json", posted.body.clone());
    let response = sent(posted.to, content, "*/*", &headers, posted.time).await?;
    if response.status().is_success() {
        Ok(())
    } else {
        Err(format!("{} answers with status {}", posted.to.server, response.status().as_u16()))
    }
}

async fn sent(
    to: &Remote,
    (media_type, content): (&'static str, Bytes),
    accept: &'static str,
    headers: &[(&'static str, Zeroizing<String>)],
    time: Duration,
) -> Result<Response<Through>, String> {
    let server = to.server.clone();
    if let Ok(Err(error)) = tokio::task::spawn_blocking(move || server.resolve()).await {
        return Err(format!("its name is not found: {error}"));
    }
    let server = &to.server;
    let head = OwnRequest {
        server,
        method: Method::POST,
        target: &to.target,
        accept,
        content: Some((media_type, content.len())),
        headers,
    };
    let body = Through::Bytes(content);
    let outgoing = Outgoing { head: &head, body, idempotent: false, http1_only: false, interims: None };
    let times = Times { answer: time, ..Times::from(&Bounds::default()) };
    Pool::new(Arc::default())
        .send(std::slice::from_ref(server), outgoing, times)
        .await
        .map(|response| *response)
        .map_err(|_| format!("{server} does not answer"))
}
