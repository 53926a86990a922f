//! The answer to an attempt on an account: whether it failed, and what its sender may learn from it.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use memchr::memmem;
use spigot_decision::Ending;
use spigot_decision::policy::{AttemptSettings, SameAnswer, Settings};
use spigot_state::State;
use tokio::time::sleep_until;

use super::Passing;
use crate::body::{Through, begin};
use crate::door::turn::is_coded;
use crate::pipeline::Decided;

/// How much of an answer is looked at: a page that says that a log-in failed says it here.
const BEGINNING_BYTES: usize = 64 << 10;
/// An answer that pauses for longer is no page.
const PAUSE: Duration = Duration::from_secs(5);

impl<S: State> Passing<'_, S> {
    /// Counts how an attempt ended, and gives the answer that its sender gets.
    pub(super) async fn answered(&self, decided: &Decided, response: Response<Through>) -> Response<Through> {
        let (gateway, snapshot, seen) = (self.turn.gateway, self.turn.snapshot, self.turn.seen);
        let status = response.status().as_u16();
        if decided.plan.account.is_none() {
            gateway.report(snapshot, seen, decided, Ending::status(status)).await;
            return response;
        }
        let settings = &snapshot.policy.route(decided.plan.route).settings;
        let (failed, response) = judge(settings, response).await;
        gateway.report(snapshot, seen, decided, Ending::Answered { status, failed }).await;
        self.turn.open_attempt(decided);
        match &settings.same_answer {
            Some(same) => {
                // What cannot be told passes: refused, it would lock out those who are right.
                self.same(same, failed == Some(true) || is_failure(settings, status), response).await
            }
            None => response,
        }
    }

    /// One answer, at one time, whether there is such an account or not. Errors of the application are told as they are,
    /// at that time.
    async fn same(&self, same: &SameAnswer, failed: bool, response: Response<Through>) -> Response<Through> {
        let replaced = !response.status().is_server_error() && (failed || !same.only_failures);
        let response = if replaced {
            // Read to its end, so that the connection to the application is free; the time of that is covered, too.
            let (_, _, rest) = begin(response.into_body(), BEGINNING_BYTES, PAUSE).await;
            drop(rest);
            instead(same)
        } else {
            response
        };
        let step = Duration::from_millis(u64::from(same.time_millis));
        let spent = self.turn.arrived.elapsed();
        let steps =
            u32::try_from(spent.as_nanos().div_ceil(step.as_nanos().max(1))).unwrap_or(u32::MAX).max(1);
        sleep_until((self.turn.arrived + step.saturating_mul(steps)).into()).await;
        response
    }
}

/// Whether an attempt failed, as far as its answer tells; `None` where the application reports it afterwards, or where
/// only a part of the answer could be read: what did not say so there may say so later.
async fn judge(settings: &Settings, response: Response<Through>) -> (Option<bool>, Response<Through>) {
    let attempt = &settings.attempt;
    if attempt.reported {
        return (None, response);
    }
    let told =
        |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok().map(str::to_owned));
    if is_failure(settings, response.status().as_u16()) || attempt.failed_by(told) {
        return (Some(true), response);
    }
    let Some(wanted) = attempt.failed_body.as_ref().filter(|_| is_page(response.headers())) else {
        return (Some(false), response);
    };
    if is_coded(response.headers()) {
        return (None, response);
    }
    let (parts, body) = response.into_parts();
    let (beginning, whole, body) = begin(body, BEGINNING_BYTES, PAUSE).await;
    let failed = memmem::find(&beginning, wanted.as_bytes()).is_some();
    ((failed || whole).then_some(failed), Response::from_parts(parts, body))
}

fn is_failure(settings: &Settings, status: u16) -> bool {
    settings.failure_status.contains(&status)
}

/// Whether the application has to answer without compression, so that its answer can be read.
pub(super) fn is_read(attempt: &AttemptSettings) -> bool {
    attempt.failed_body.is_some()
}

/// Something that says in words how an attempt ended, and not a download or a stream of events.
fn is_page(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).map_or(&b"text/html"[..], HeaderValue::as_bytes);
    let stream = kind.starts_with(b"text/event-stream");
    !stream
        && (kind.starts_with(b"text/")
            || ["json", "xml"].iter().any(|word| memmem::find(kind, word.as_bytes()).is_some()))
}

fn instead(same: &SameAnswer) -> Response<Through> {
    let mut response = Response::new(Through::Bytes(same.body.clone().into()));
    *response.status_mut() = StatusCode::from_u16(same.status).unwrap_or(StatusCode::OK);
    let headers = response.headers_mut();
    if let Ok(kind) = HeaderValue::from_str(&same.content_type) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn what_was_not_read_whole_is_no_success() {
        let check = async |coding: Option<&str>, body: Vec<u8>, expected: Option<bool>| {
            let mut settings = Settings::preset(spigot_decision::policy::Preset::Low);
            settings.attempt.failed_body = Some("wrong".to_owned());
            let length = body.len();
            let mut response = Response::new(Through::Bytes(body.into()));
            if let Some(coding) = coding {
                response
                    .headers_mut()
                    .insert(header::CONTENT_ENCODING, HeaderValue::from_str(coding).unwrap());
            }
            let (failed, response) = judge(&settings, response).await;
            assert_eq!(failed, expected, "{coding:?}, {length} bytes");
            assert_eq!(response.into_body().collect().await.unwrap().to_bytes().len(), length);
        };
        let long = |end: &str| [vec![b'x'; BEGINNING_BYTES], end.as_bytes().to_vec()].concat();
        check(None, b"welcome".to_vec(), Some(false)).await;
        check(None, b"wrong".to_vec(), Some(true)).await;
        check(None, Vec::new(), Some(false)).await;
        check(None, long(""), Some(false)).await;
        check(None, long("wrong"), None).await;
        check(None, [b"wrong".to_vec(), long("")].concat(), Some(true)).await;
        check(Some("gzip"), b"welcome".to_vec(), None).await;
        check(Some("identity"), b"welcome".to_vec(), Some(false)).await;
    }
}
