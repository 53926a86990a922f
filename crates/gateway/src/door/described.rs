//! A request that somebody else received and describes: another server before it passes it on, or an application.
//!
//! [`Gateway::judge`] is the one way in. It takes a described request through the same stages as the proxy takes its own
//! — one reading, clearance, proofs, plan, facts, decision, event — and says what is to be done: let it pass, with
//! fields for the application, or send an answer in its place. Whoever calls it vouches for what the description says
//! of the client; whether they may is their own question, to be settled before.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, Response};
use spigot_decision::path::has_dot_segment;
use spigot_decision::policy::Policy;
use spigot_decision::{Decision, Sender};
use spigot_event::DecisionId;
use spigot_intel::Software;
use spigot_state::State;

use super::turn::{
    Looked, OTHERWISE, Original, Turn, UNCLEAR, Verdict, authority, carried, is_form, sender, tell,
    understood, user_agent, wanted_upgrade,
};
use crate::accounts::OpenAttempt;
use crate::body::Through;
use crate::challenge_routes::{BELOW, Errand};
use crate::marks::Marks;
use crate::metrics::Metrics;
use crate::pipeline::{Decided, End, Gateway, Seen, Snapshot};
use crate::respond::{Refusal, is_ours};
use crate::stash::Foreign;
use crate::story::{self, Judged, Told};
use crate::wire::order_of;

const DOTS: &str = "its path has a segment . or .., which not every server resolves";

/// A request as somebody else received it.
#[derive(Debug)]
pub struct Described {
    /// Method, target and header fields, all the client's own. `Host` has to be among them; a body's framing need not.
    /// In a box, because they are large and handed on.
    pub parts: Box<Parts>,
    /// Who sent it.
    pub client: IpAddr,
    /// Whether it came over TLS.
    pub secure: bool,
    /// The client's TLS fingerprint (JA4), where whoever describes it knows it.
    pub tls: Option<String>,
    /// Its HTTP/2 fingerprint likewise.
    pub http2: Option<String>,
    /// Order and case of its header fields' names, where they came as the client sent them.
    pub header_order: Option<u64>,
    /// Its body.
    pub body: Shown,
}

/// What is told of a body.
#[derive(Clone, Debug)]
pub enum Shown {
    /// There is none.
    Nothing,
    /// Nothing is told of it.
    Unseen,
    /// Its beginning.
    Begun(Bytes),
    /// All of it.
    Whole(Bytes),
}

/// What is to be done with a described request.
#[derive(Debug)]
pub struct Judgement {
    /// The decision, when there is one: a request that can be read in two ways is refused without.
    pub decision: Option<(DecisionId, Decision)>,
    /// The policy that decided, for the names of its reasons.
    pub policy: Arc<Policy>,
    /// The fields of the request that the application must not see: whatever came under our names, and a proof's.
    pub remove: Vec<HeaderName>,
    /// Who waits for the answer.
    pub sender: Sender,
    /// What is to be done.
    pub answer: Answer,
    /// The attempt that is made once the challenge that was asked for is answered, in the same request.
    pub(in crate::door) asked: Option<Box<OpenAttempt>>,
}

/// What is to be done with a described request.
#[derive(Debug)]
pub enum Answer {
    /// It goes on to the application, with these fields.
    Pass(HeaderMap),
    /// This is the answer to it.
    Instead(Response<Bytes>),
}

/// What an application may tell of a request besides.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// The account that it is about.
    pub account: Option<String>,
    /// It is no request but an action with a name, under `/.spigot/action/`: nobody can send such a one.
    pub is_action: bool,
}

impl Described {
    /// What the client calls itself; nothing when it has characters that no name has.
    #[must_use]
    pub fn user_agent(&self) -> &str {
        user_agent(&self.parts.headers)
    }
}

impl Judgement {
    /// What needs no decision.
    pub(super) fn undecided(snapshot: &Snapshot, answer: Answer) -> Self {
        let policy = snapshot.policy.clone();
        Self { decision: None, policy, remove: Vec::new(), sender: Sender::Other, answer, asked: None }
    }
}

impl<S: State> Gateway<S> {
    /// Judges a described request. `software` is what its user agent names: reading it costs more than the rest, so that
    /// callers keep a [`spigot_intel::Agents`] each.
    pub async fn judge(&self, described: Described, software: Software) -> Judgement {
        self.judge_about(described, software, About::default()).await
    }

    /// The same, with what the application tells of it.
    pub async fn judge_about(&self, described: Described, software: Software, about: About) -> Judgement {
        self.judge_over(&Marks::new(None), described, software, about).await
    }

    /// The same for whoever asks again and again: `nobody`'s marks, which are the same each time.
    pub(super) async fn judge_over(
        &self,
        nobody: &Marks,
        described: Described,
        software: Software,
        about: About,
    ) -> Judgement {
        let snapshot = self.snapshot.load_full();
        let arrived = Instant::now();
        let Described { mut parts, client, secure, tls, http2, header_order, body } = described;
        let mut remove: Vec<HeaderName> =
            parts.headers.keys().filter(|name| is_ours(name)).cloned().collect();
        for name in &remove {
            parts.headers.remove(name);
        }
        let (host, path) = match understood(&parts) {
            Ok(understood) => understood,
            Err(why) => return self.unclear(&snapshot, why),
        };
        // Resolved for ourselves alone: `/a/../log-in` would be judged as `/log-in` and served as `/{name}/log-in`.
        if path.whole() != parts.uri.path() && has_dot_segment(parts.uri.path()) {
            return self.unclear(&snapshot, DOTS);
        }
        if path.whole().starts_with(BELOW) && !about.is_action {
            if path.whole() != parts.uri.path() {
                // Whoever describes it passes on what it received, and that reaches the application, undecided.
                return self.unclear(&snapshot, OTHERWISE);
            }
            // It is ours, wherever it is sent, and whoever is asked for a challenge needs it.
            let answer = Answer::Pass(HeaderMap::new());
            return Judgement { remove, ..Judgement::undecided(&snapshot, answer) };
        }
        let user_agent = user_agent(&parts.headers);
        let told = Told::by_word(tls.as_deref(), http2.as_deref());
        let asked = story::Request {
            agent: &software.agent,
            method: parts.method.as_str(),
            headers: &parts.headers,
            told: Some(&told),
            trustworthy: secure || story::is_own_machine(&host),
        };
        let story = Judged::default().story(&snapshot.settings.browsers, nobody, &asked);
        let seen = Seen {
            client,
            host: &host,
            method: parts.method.as_str(),
            path: path.whole(),
            matched: path.matched(),
            query: parts.uri.query().unwrap_or_default(),
            headers: &parts.headers,
            user_agent,
            software,
            secure,
            marks: nobody,
            told: Some(&told),
            story,
            header_order: header_order.unwrap_or_else(|| names_of(&parts.headers, &self.keys)),
            errand: None,
            behaviour: None,
            now: (self.clock)(),
        };
        // Who asks has put what it vouches for into the description; fields of the client's vouch for nothing.
        let turn =
            Turn { gateway: self, snapshot: &snapshot, seen: &seen, arrived, from_trusted_proxy: false };
        let sender = sender(&parts.headers);
        let (left_out, decided) = turn.described(&parts, &body, &about, sender).await;
        remove.extend(left_out);
        let decision = Some((decided.id, decided.decision.clone()));
        let (answer, asked) = turn.answer(&parts, &body, decided).await;
        Judgement { decision, policy: snapshot.policy.clone(), remove, sender, answer, asked }
    }

    /// It can be read in two ways, and is not decided upon.
    pub(super) fn unclear(&self, snapshot: &Snapshot, why: &'static str) -> Judgement {
        Metrics::one(&self.metrics.requests_refused);
        let response = Refusal { detail: why, ..UNCLEAR }.undecided();
        Judgement::undecided(snapshot, Answer::Instead(response.map(Through::of_ours)))
    }
}

impl<S: State> Turn<'_, S> {
    /// Decides upon a described request.
    async fn described(
        &self,
        parts: &Parts,
        body: &Shown,
        about: &About,
        sender: Sender,
    ) -> (Option<HeaderName>, Box<Decided>) {
        let proofs = self.proofs(parts).await;
        let mut held = self.gateway.clearance(self.snapshot, self.seen).await;
        held.trusted = proofs.trusted;
        // Who cannot show a body hides nothing in it.
        let shown = !matches!(body, Shown::Nothing | Shown::Unseen) || !self.parameters().is_empty();
        let route = shown.then(|| self.route());
        let (mut inspected, complete) = match body {
            Shown::Nothing => (Bytes::new(), true),
            Shown::Unseen => (Bytes::new(), false),
            Shown::Begun(bytes) => (bytes.clone(), false),
            Shown::Whole(bytes) => (bytes.clone(), true),
        };
        let content_type = parts.headers.get(http::header::CONTENT_TYPE);
        // Our own field is looked into; the application gets it as it came.
        let (_, in_trap) = self.take_honeypot(content_type, &mut Through::Empty, &mut inspected, complete);
        let upgrade = wanted_upgrade(parts);
        let original = Original { parts, kept: None, removed: 0, upgrade, left_out: None };
        let unseen = matches!(body, Shown::Unseen);
        let looked =
            Looked { inspected: &inspected, complete, unseen, in_trap, account: about.account.as_deref() };
        let decided = self.decide(&original, looked, route, sender, held).await;
        (proofs.left_out, decided)
    }

    /// What is to be done, recorded; and the attempt behind a challenge.
    async fn answer(
        &self,
        parts: &Parts,
        body: &Shown,
        decided: Box<Decided>,
    ) -> (Answer, Option<Box<OpenAttempt>>) {
        let mut asked = None;
        let response = match self.verdict(&decided).await {
            Verdict::Pass { trickled } => {
                let mut fields = HeaderMap::with_capacity(8);
                tell(self.snapshot, self.seen, &decided, &mut fields);
                self.open_attempt(&decided);
                self.end(decided, End { trickled, ..End::default() });
                return (Answer::Pass(fields), None);
            }
            Verdict::Refuse(refusal) => self.refuse(decided, refusal),
            Verdict::Challenge => {
                asked = self.attempt(&decided).map(Box::new);
                let form = match body {
                    // From our page it would come as this site's own.
                    Shown::Whole(bytes)
                        if is_form(decided.sender, parts)
                            && !Foreign::is_told(&parts.headers, authority(parts)) =>
                    {
                        carried(parts.headers.get(http::header::CONTENT_TYPE), bytes)
                    }
                    _ => None,
                };
                self.ask(decided, |errand| Errand { form, ..errand })
            }
            Verdict::Pretend => self.pretend(decided),
        };
        (Answer::Instead(response.map(Through::of_ours)), asked)
    }
}

/// The header's fingerprint where the order of its fields was lost on the way: of the names alone.
fn names_of(headers: &HeaderMap, keys: &spigot_decision::Keys) -> u64 {
    let mut names: Vec<&[u8]> = headers.keys().map(|name| name.as_str().as_bytes()).collect();
    names.sort_unstable();
    order_of(names.into_iter(), keys)
}
