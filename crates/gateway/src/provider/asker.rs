//! The one thread that asks vendors. Requests wait for it as they wait for verification: never for a look-up of a name,
//! never beyond the provider's deadline. All threads share its connections; it starts with the first question.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, Version, header};
use http_body_util::{BodyExt, Limited};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::question::{Answer, Question};
use crate::body::Through;
use crate::settings::Bounds;
use crate::upstream::{Fields, Head, Outgoing, Pool, Times, Upstream};

/// Questions on their way to the thread: more than all providers together may have open.
const QUEUE: usize = 2048;
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
    let outgoing = Outgoing {
        head: &Asking { vendor, question },
        body: if question.body.is_empty() { Through::Empty } else { Through::Bytes(question.body.clone()) },
        // A POST is not; but one with a key against repetition may be sent twice.
        idempotent: question.repeatable,
        http1_only: false,
        interim: None,
    };
    let response = pool.send(std::slice::from_ref(vendor), outgoing, times).await.ok()?;
    let status = response.status().as_u16();
    let body: Bytes =
        Limited::new(response.into_body(), question.answer_bytes).collect().await.ok()?.to_bytes();
    Some(Answer { status, body })
}

/// A question as a request.
struct Asking<'a> {
    vendor: &'a Upstream,
    question: &'a Question,
}

impl Head for Asking<'_> {
    fn method(&self) -> &Method {
        &self.question.method
    }

    fn http1(&self, _: &Through, into: &mut Vec<u8>) -> Option<u64> {
        for part in [self.question.method.as_str(), " ", self.target().as_str(), " HTTP/1.1\r\n"] {
            into.extend_from_slice(part.as_bytes());
        }
        into.set(&header::HOST, self.vendor.authority().as_bytes());
        self.write(into);
        (!self.question.body.is_empty()).then_some(self.question.body.len() as u64)
    }

    fn http2(&self, _: &Through) -> Request<()> {
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(if self.vendor.is_secure() { Scheme::HTTPS } else { Scheme::HTTP });
        parts.authority = Authority::try_from(self.vendor.authority().as_str()).ok();
        parts.path_and_query = Some(self.target());
        let mut headers = HeaderMap::new();
        self.write(&mut headers);
        let mut request = Request::new(());
        *request.method_mut() = self.question.method.clone();
        *request.uri_mut() = Uri::from_parts(parts).unwrap_or_default();
        *request.version_mut() = Version::HTTP_2;
        *request.headers_mut() = headers;
        request
    }
}

impl Asking<'_> {
    fn target(&self) -> PathAndQuery {
        PathAndQuery::try_from(self.question.target.as_str()).unwrap_or(PathAndQuery::from_static("/"))
    }

    fn write(&self, fields: &mut impl Fields) {
        if self.question.method == Method::POST {
            fields.set(&header::CONTENT_TYPE, self.question.media_type.as_bytes());
            fields.set(&header::CONTENT_LENGTH, self.question.body.len().to_string().as_bytes());
            fields.set(&header::ACCEPT, b"application/json");
        }
        fields.set(&header::USER_AGENT, concat!("Spigot/", env!("CARGO_PKG_VERSION")).as_bytes());
        for (name, value) in &self.question.headers {
            let named = HeaderName::from_bytes(name.as_bytes());
            if let (Ok(name), Ok(mut value)) = (named, HeaderValue::from_str(value)) {
                value.set_sensitive(true);
                fields.keep(&name, &value);
            }
        }
    }
}

#[cfg(test)]
#[path = "asker_tests.rs"]
mod tests;
