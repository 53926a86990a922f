//! The one thread that asks vendors. Requests wait for it as they wait for verification: never for a look-up of a name,
//! never beyond the provider's deadline. All threads share its connections; it starts with the first question.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderValue, Method, Request, Uri, Version, header};
use http_body_util::{BodyExt, Limited};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::question::{Answer, Question};
use crate::body::Through;
use crate::settings::Bounds;
use crate::upstream::{Outgoing, Pool, Protocol, Times, Upstream};

/// Questions on their way to the thread: more than all providers together may have open.
const QUEUE: usize = 2048;
/// Bytes of an answer. Vendors' have hundreds; a reCAPTCHA assessment some thousand.
const ANSWER_BYTES_MAX: usize = 64 << 10;
/// Attempts of a question that may be repeated; they share its deadline.
const ATTEMPTS: u32 = 2;

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
pub(super) struct Busy;

impl Asker {
    /// Asks, and waits for the answer; `None` when there is none in time.
    pub(super) async fn ask(
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
                    let asked = ask(&pool, &vendor, &question, deadline);
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

async fn ask(pool: &Pool, vendor: &Arc<Upstream>, question: &Question, deadline: Duration) -> Option<Answer> {
    let attempts = if question.repeatable { ATTEMPTS } else { 1 };
    let each = deadline / attempts;
    let mut answer = None;
    for _ in 0..attempts {
        answer = timeout(each, exchange(pool, vendor, question, each)).await.ok().flatten();
        // A vendor in trouble may be out of it a moment later; anything else it says is its word.
        if answer.as_ref().is_some_and(|answer| answer.status < 500) {
            break;
        }
    }
    answer
}

async fn exchange(
    pool: &Pool,
    vendor: &Arc<Upstream>,
    question: &Question,
    time: Duration,
) -> Option<Answer> {
    let bounds = Bounds::default();
    let times = Times { connect: time.min(bounds.connect_time), answer: time, ..Times::from(&bounds) };
    let head = |protocol| head(vendor, question, protocol);
    let outgoing = Outgoing {
        head: &head,
        body: Through::Bytes(question.body.clone()),
        // A POST is not; but one with a key against repetition may be sent twice.
        idempotent: question.repeatable,
        http1_only: false,
        interim: None,
    };
    let response = pool.send(std::slice::from_ref(vendor), outgoing, times).await.ok()?;
    let status = response.status().as_u16();
    let body: Bytes = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await.ok()?.to_bytes();
    Some(Answer { status, body })
}

fn head(vendor: &Upstream, question: &Question, protocol: Protocol) -> Request<()> {
    let path = PathAndQuery::try_from(question.target.as_str()).unwrap_or(PathAndQuery::from_static("/"));
    let authority = vendor.authority();
    let mut headers = HeaderMap::new();
    let (version, uri) = match protocol {
        Protocol::Http1 => {
            if let Ok(host) = HeaderValue::from_str(&authority) {
                headers.insert(header::HOST, host);
            }
            (Version::HTTP_11, Uri::from(path))
        }
        Protocol::Http2 => {
            let mut parts = http::uri::Parts::default();
            parts.scheme = Some(if vendor.is_secure() { Scheme::HTTPS } else { Scheme::HTTP });
            parts.authority = Authority::try_from(authority.as_str()).ok();
            parts.path_and_query = Some(path);
            (Version::HTTP_2, Uri::from_parts(parts).unwrap_or_default())
        }
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(question.media_type));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(question.body.len()));
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    headers
        .insert(header::USER_AGENT, HeaderValue::from_static(concat!("Spigot/", env!("CARGO_PKG_VERSION"))));
    for (name, value) in &question.headers {
        if let Ok(mut value) = HeaderValue::from_str(value) {
            value.set_sensitive(true);
            headers.insert(*name, value);
        }
    }
    let mut request = Request::new(());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri;
    *request.version_mut() = version;
    *request.headers_mut() = headers;
    request
}
