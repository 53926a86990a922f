//! The one thread that asks vendors. Requests wait for it as they wait for verification: never for a look-up of a name,
//! never beyond the provider's deadline. All threads share its connections; it starts with the first question.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use http_body_util::{BodyExt, Limited};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout};

use super::question::{Answer, Question};
use crate::body::Through;
use crate::settings::Bounds;
use crate::upstream::{Outgoing, OwnRequest, Pool, Times, Upstream, UpstreamError};

/// Questions on their way to the thread: more than all providers together may have open.
const QUEUE: usize = 2048;
/// Attempts of a question that may be repeated; they share its deadline.
const ATTEMPTS: u32 = 2;
/// What passes before a vendor is asked again that took no connection: a server that is started anew may be there then, and
/// nobody notices it while waiting.
const PAUSE: Duration = Duration::from_millis(100);

/// The thread, once it is needed. Dropped, it ends when what is open is answered.
#[derive(Default)]
pub(crate) struct Asker {
    queue: OnceLock<Option<mpsc::Sender<Job>>>,
}

struct Job {
    vendor: Arc<Upstream>,
    question: Question,
    deadline: Duration,
    answer: oneshot::Sender<Option<Answer>>,
}

/// Nobody is free to ask: there is no thread, or too much waits for it. Nothing was asked.
#[derive(Debug)]
pub(crate) struct Busy;

impl Asker {
    /// Asks, and waits for the answer; `None` when there is none in time.
    pub(crate) async fn ask(
        &self,
        vendor: &Arc<Upstream>,
        question: Question,
        deadline: Duration,
    ) -> Result<Option<Answer>, Busy> {
        let queue = self.queue.get_or_init(start).as_ref().ok_or(Busy)?;
        let (answer, answered) = oneshot::channel();
        queue.try_send(Job { vendor: vendor.clone(), question, deadline, answer }).map_err(|_| Busy)?;
        Ok(answered.await.unwrap_or(None))
    }
}

fn start() -> Option<mpsc::Sender<Job>> {
    let (queue, mut jobs) = mpsc::channel::<Job>(QUEUE);
    let work = move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        let asking = async {
            // What happens to vendors is counted with them, not with the protected servers.
            let pool = Pool::new(Arc::default());
            while let Some(job) = jobs.recv().await {
                let pool = pool.clone();
                tokio::task::spawn_local(async move {
                    let Job { vendor, question, deadline, mut answer } = job;
                    let asked = ask(&pool, &vendor, &question, deadline, async || sleep(PAUSE).await);
                    // Whoever waited for it may be gone. Then the vendor need not answer either.
                    let answered = tokio::select! {
                        answered = asked => answered,
                        () = answer.closed() => return,
                    };
                    let _ = answer.send(answered);
                });
            }
        };
        tokio::task::LocalSet::new().block_on(&runtime, asking);
    };
    std::thread::Builder::new().name("providers".to_owned()).spawn(work).ok().map(|_| queue)
}

/// Asks, at most [`ATTEMPTS`] times within the deadline; `between` passes before it is asked again where no connection was to be
/// had.
async fn ask(
    pool: &Pool,
    vendor: &Arc<Upstream>,
    question: &Question,
    deadline: Duration,
    between: impl AsyncFn(),
) -> Option<Answer> {
    let end = Instant::now() + deadline;
    let mut attempt = 1;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let time = if question.repeatable { left / (ATTEMPTS + 1 - attempt) } else { left };
        let asked = timeout(time, exchange(pool, vendor, question, time)).await;
        let asked = asked.unwrap_or(Err(UpstreamError::Timeout));
        let unheard = matches!(asked, Err(UpstreamError::Connect));
        if attempt == ATTEMPTS || !may_repeat(question, &asked) {
            return asked.ok();
        }
        attempt += 1;
        if unheard {
            // It may last until the time is over, and then there is no answer.
            timeout(end.saturating_duration_since(Instant::now()), between()).await.ok()?;
        }
    }
}

/// Whether a question may be asked again. Where no connection was to be had, not a byte of it was sent, so the vendor did not
/// hear it; otherwise only one that the vendor takes twice.
fn may_repeat(question: &Question, asked: &Result<Answer, UpstreamError>) -> bool {
    match asked {
        // A vendor in trouble may be out of it a moment later; anything else it says is its word.
        Ok(answer) => question.repeatable && answer.status >= 500,
        Err(UpstreamError::Connect) => true,
        Err(UpstreamError::Timeout | UpstreamError::Broken) => question.repeatable,
    }
}

async fn exchange(
    pool: &Pool,
    vendor: &Arc<Upstream>,
    question: &Question,
    time: Duration,
) -> Result<Answer, UpstreamError> {
    let bounds = Bounds::default();
    let times = Times { connect: time.min(bounds.connect_time), answer: time, ..Times::from(&bounds) };
    let posts = question.method == Method::POST;
    let head = OwnRequest {
        server: vendor,
        method: question.method.clone(),
        target: &question.target,
        accept: if posts { "application/json" } else { "*/*" },
        content: posts.then_some((question.media_type, question.body.len())),
        headers: &question.headers,
    };
    let outgoing = Outgoing {
        head: &head,
        body: if question.body.is_empty() { Through::Empty } else { Through::Bytes(question.body.clone()) },
        // A POST is not; but one with a key against repetition may be sent twice.
        idempotent: question.repeatable,
        http1_only: false,
        interims: None,
    };
    let response = pool.send(std::slice::from_ref(vendor), outgoing, times).await?;
    let (parts, body) = response.into_parts();
    let body = Limited::new(body, question.answer_bytes).collect().await;
    let body: Bytes = body.map_err(|_| UpstreamError::Broken)?.to_bytes();
    Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
}

#[cfg(test)]
#[path = "asker_tests.rs"]
mod tests;
