//! The answer to an attempt on an account: whether it failed, and what its sender may learn from it.

use std::pin::pin;
use std::time::{Duration, Instant};

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
    pub(super) async fn answered(
        &self,
        decided: &Decided,
        response: Box<Response<Through>>,
    ) -> Box<Response<Through>> {
        let (gateway, snapshot, seen) = (self.turn.gateway, self.turn.snapshot, self.turn.seen);
        let status = response.status().as_u16();
        if decided.plan.account.is_none() {
            gateway.report(snapshot, seen, decided, Ending::status(status)).await;
            return response;
        }
        let settings = &snapshot.policy.route(decided.plan.route).settings;
        let (failed, response) = judge(settings, *response).await;
        gateway.report(snapshot, seen, decided, Ending::Answered { status, failed }).await;
        self.turn.open_attempt(decided);
        Box::new(match &settings.same_answer {
            // What cannot be told passes: refused, it would lock out those who are right.
            Some(same) if failed == Some(true) || is_failure(settings, status) || !same.only_failures => {
                same_for_all(same, response).await
            }
            _ => response,
        })
    }

    /// How far apart the moments are at which an attempt is answered, where all of them have to look alike.
    pub(super) fn step(&self, decided: &Decided) -> Option<Duration> {
        decided.plan.account.as_ref()?;
        let settings = &self.turn.snapshot.policy.route(decided.plan.route).settings;
        let millis = settings.same_answer.as_ref()?.time_millis;
        (millis > 0).then(|| Duration::from_millis(millis.into()))
    }
}

/// Does the work, and gives what came of it at the first multiple of `step` after `came` at which it is there.
///
/// The clock is set before the work begins. Set afterwards, answers that are due together would go out in the order in
/// which the application gave them, which tells what their time was to hide.
pub(super) async fn in_steps<F: Future + Unpin>(came: Instant, step: Duration, mut work: F) -> F::Output {
    let mut due = tokio::time::Instant::from_std(came) + step;
    let mut clock = pin!(sleep_until(due));
    let mut done = None;
    loop {
        tokio::select! {
            biased;
            () = &mut clock => {
                if let Some(output) = done.take() {
                    return output;
                }
                while due <= tokio::time::Instant::now() {
                    due += step;
                }
                clock.as_mut().reset(due);
            }
            output = &mut work, if done.is_none() => done = Some(output),
        }
    }
}

/// One answer, whether there is such an account or not. Errors of the application are told as they are.
async fn same_for_all(same: &SameAnswer, response: Response<Through>) -> Response<Through> {
    if response.status().is_server_error() {
        return response;
    }
    // Read to its end, so that the connection to the application is free; the time of that is covered, too.
    let (_, _, rest) = begin(response.into_body(), BEGINNING_BYTES, PAUSE).await;
    drop(rest);
    instead(same)
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
    use tokio::task::JoinSet;
    use tokio::time::sleep;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn answers_go_out_in_the_order_of_their_requests_at_multiples_of_a_time() {
        const STEP: Duration = Duration::from_millis(100);
        // What the work takes, and at which multiple it is answered.
        let check = async |works: &[(u64, u32)]| {
            let begun = tokio::time::Instant::now();
            let mut asked = JoinSet::new();
            for (place, (millis, steps)) in works.iter().copied().enumerate() {
                asked.spawn(async move {
                    let work = Box::pin(sleep(Duration::from_millis(millis)));
                    in_steps(begun.into_std(), STEP, work).await;
                    (steps, begun.elapsed().as_millis() / STEP.as_millis(), place)
                });
            }
            let mut expected: Vec<_> = works.iter().map(|(_, steps)| *steps).enumerate().collect();
            expected.sort_by_key(|(place, steps)| (*steps, *place));
            for (place, steps) in expected {
                let answered = asked.join_next().await.unwrap().unwrap();
                assert_eq!(answered, (steps, u128::from(steps), place), "{works:?}");
            }
        };
        check(&[(5, 1), (0, 1), (90, 1), (1, 1), (50, 1)]).await;
        check(&[(0, 1), (150, 2), (5, 1), (101, 2), (310, 4), (199, 2)]).await;
    }

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
