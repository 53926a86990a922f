use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, RETRY_AFTER};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::base::{Base, NoAddress};
use crate::decision::{Decision, Request};
use crate::error::{Error, Kind};
use crate::exchange::exchange;
use crate::verification::{Expected, Verification};

/// For tests: every token counts, every request passes. Keys for tests count only with a service that has `test_keys`
/// switched on, as `spigot demo` has.
pub const TEST_SECRET_PASSES: &str = "0x0000000000000000000000000000000000000001";
/// For tests: no token is right.
pub const TEST_SECRET_FAILS: &str = "0x0000000000000000000000000000000000000002";
/// For tests: every token is spent.
pub const TEST_SECRET_SPENT: &str = "0x0000000000000000000000000000000000000003";

const TOKEN_LETTERS: usize = 2048;
const TIMEOUT: Duration = Duration::from_secs(3);

/// Asks one service on behalf of one site. Cheap to clone.
#[derive(Clone)]
pub struct Spigot {
    base: Arc<Base>,
    secret: Arc<Zeroizing<String>>,
    timeout: Duration,
    fail_open: bool,
}

impl fmt::Debug for Spigot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spigot").field("base", &self.base).finish_non_exhaustive()
    }
}

impl Spigot {
    /// Asks the service at an address such as `http://127.0.0.1:8082`, within 3 seconds, and fails closed.
    pub fn new(base: &str, secret: &str) -> Result<Self, NoAddress> {
        let sendable = !secret.is_empty() && secret.bytes().all(|b| b.is_ascii_graphic());
        if !sendable {
            return Err(NoAddress);
        }
        let secret = Arc::new(Zeroizing::new(secret.to_owned()));
        Ok(Self { base: Arc::new(Base::read(base)?), secret, timeout: TIMEOUT, fail_open: false })
    }

    /// Bounds a whole call, its second try included.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Lets through what could not be checked; `checked` is false then.
    #[must_use]
    pub fn fail_open(self, fail_open: bool) -> Self {
        Self { fail_open, ..self }
    }

    /// Asks once what a token is worth.
    pub async fn verify(&self, token: &str, expected: Expected<'_>) -> Result<Verification, Error> {
        if token.is_empty() {
            return Ok(Verification::refused("missing-input-response"));
        }
        if token.len() > TOKEN_LETTERS {
            return Ok(Verification::refused("invalid-input-response"));
        }
        // Under the key the same question may be asked again when the connection breaks before the answer.
        let mut question =
            json!({ "secret": self.secret.as_str(), "response": token, "idempotency_key": uuid()? });
        if let Some(address) = expected.address.filter(|address| !address.is_empty()) {
            question["remoteip"] = address.into();
        }
        let answer = self.ask("/turnstile/v0/siteverify", &question, true).await;
        match answer.and_then(|answer| Verification::read(&answer, &expected)) {
            Err(error) if self.passes(&error) => Ok(Verification::unseen()),
            found => found,
        }
    }

    /// Asks what to do. It is not asked again when the connection breaks: it would count twice.
    pub async fn decide(&self, request: &Request) -> Result<Decision, Error> {
        let answer = self.ask("/v1/decide", request, false).await;
        self.or_unseen(answer.and_then(|answer| Decision::read(&answer)))
    }

    /// At most 32 at once; one answer for each, in their order.
    pub async fn decide_all(&self, requests: &[Request]) -> Result<Vec<Result<Decision, Error>>, Error> {
        if requests.is_empty() {
            return Ok(Vec::new());
        }
        let answer = self.ask("/v1/decide", &json!({ "requests": requests }), false).await;
        match answer.and_then(|answer| Decision::read_batch(&answer, requests.len())) {
            Ok(decided) => Ok(decided.into_iter().map(|one| self.or_unseen(one)).collect()),
            Err(error) if self.passes(&error) => {
                Ok(requests.iter().map(|_| Ok(Decision::unseen())).collect())
            }
            Err(error) => Err(error),
        }
    }

    /// Tells how an attempt ended; whether it was counted by this report.
    pub async fn outcome(&self, decision: &str, success: bool) -> Result<bool, Error> {
        let outcome = if success { "success" } else { "failure" };
        let answer =
            self.ask("/v1/outcome", &json!({ "decision": decision, "outcome": outcome }), true).await?;
        answer["counted"].as_bool().ok_or_else(|| Error::unreadable("the answer does not say counted"))
    }

    fn passes(&self, error: &Error) -> bool {
        self.fail_open && error.opens()
    }

    fn or_unseen(&self, decided: Result<Decision, Error>) -> Result<Decision, Error> {
        match decided {
            Err(error) if self.passes(&error) => Ok(Decision::unseen()),
            decided => decided,
        }
    }

    /// A request for Spigot itself, as the proxy before an application would send it.
    pub(crate) async fn hand_on(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, Error> {
        exchange(&self.base, request, Instant::now() + self.timeout).await
    }

    async fn ask(&self, path: &str, question: &impl Serialize, twice: bool) -> Result<Value, Error> {
        let end = Instant::now() + self.timeout;
        let body = serde_json::to_vec(question)
            .map_err(|why| Error::new(Kind::Refused, format!("the question is no JSON: {why}")))?;
        let body = Bytes::from(body);
        let mut answer = exchange(&self.base, self.question(path, body.clone())?, end).await;
        if twice && answer.as_ref().is_err_and(|error| error.kind == Kind::Unreachable) {
            answer = exchange(&self.base, self.question(path, body)?, end).await;
        }
        read(&answer?)
    }

    fn question(&self, path: &str, body: Bytes) -> Result<http::Request<Bytes>, Error> {
        http::Request::post(format!("{}{path}", self.base.path))
            .header(HOST, &self.base.authority)
            .header(CONTENT_TYPE, "application/json")
            .header(AUTHORIZATION, format!("Bearer {}", self.secret.as_str()))
            .body(body)
            .map_err(|why| Error::new(Kind::Refused, why.to_string()))
    }
}

fn read(answer: &http::Response<Bytes>) -> Result<Value, Error> {
    let text = |name| answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let json: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    if answer.status() != 200 {
        let is_problem = text(CONTENT_TYPE).starts_with("application/problem+json");
        let problem = if is_problem { json } else { Value::Null };
        return Err(Error::of_problem(
            &problem,
            answer.status().as_u16(),
            text(RETRY_AFTER).parse().unwrap_or(0),
        ));
    }
    if json.is_object() { Ok(json) } else { Err(Error::unreadable("the answer is no JSON object")) }
}

fn uuid() -> Result<String, Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|why| Error::new(Kind::Refused, format!("the system has no randomness: {why}")))?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let [a, b, c, d, e, f, g, h] =
        std::array::from_fn(|i| u16::from_be_bytes([bytes[2 * i], bytes[2 * i + 1]]));
    Ok(format!("{a:04x}{b:04x}-{c:04x}-{d:04x}-{e:04x}-{f:04x}{g:04x}{h:04x}"))
}
