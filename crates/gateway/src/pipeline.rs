use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use arc_swap::ArcSwap;
use http::HeaderMap;
use spigot_challenge::{Binding, Errand, Keyring, Place, clearance};
use spigot_decision::policy::Policy;
use spigot_decision::{
    Action, Behaviour, Body, Cohort, Decision, Ending, Evidence, Headers, Keys, Level, Millis, Observation,
    Plan, Presented, Sender, Story, Subject, Trusted, decide, outcome, without_secrets,
};
use spigot_event::{Asked, ChallengeStep, DecisionId, Event, Recorder};
use spigot_intel::{Networks, Reputations, Software};
use spigot_state::{Breaker, OpenPlace, State};

use crate::accounts::Attempts;
use crate::asked::OpenChallenges;
use crate::crawlers::Proofs;
use crate::door::beside::Answers;
use crate::entropy::random;
use crate::figures::Figures;
use crate::front::Admission;
use crate::held::HeldChallenges;
use crate::honeypot::Honeypot;
use crate::marks::Marks;
use crate::metrics::Metrics;
use crate::provider::Asker;
use crate::settings::{Service, Settings};
use crate::stash::Stash;
use crate::story::Told;
use crate::verifier::Verifier;

/// Where the time comes from: the binary's clock, or a test's.
pub type Clock = Arc<dyn Fn() -> Millis + Send + Sync>;

/// Everything that a request takes once and keeps: it never sees two policies.
#[derive(Debug)]
pub struct Snapshot {
    /// The policy.
    pub policy: Arc<Policy>,
    /// The gateway's settings.
    pub settings: Settings,
    /// The keys of challenges, clearances and tokens.
    pub keyring: Keyring,
    /// What is known of addresses.
    pub networks: Arc<Networks>,
    /// What lists say of addresses.
    pub reputations: Arc<Reputations>,
    /// The challenge service.
    pub service: Arc<Service>,
}

/// What all threads share.
pub struct Gateway<S> {
    /// Swapped as a whole when settings change.
    pub snapshot: ArcSwap<Snapshot>,
    /// Counters, spends, restrictions.
    pub state: Arc<S>,
    /// Where events go.
    pub recorder: Recorder,
    /// Which reasons for challenges ask people.
    pub breaker: Breaker,
    /// Counts about itself.
    pub metrics: Arc<Metrics>,
    /// The time.
    pub clock: Clock,
    /// What it has counted lately, for people to look at.
    pub figures: Figures,
    pub(crate) admission: Arc<Admission>,
    pub(crate) keys: Keys,
    pub(crate) stash: Stash,
    pub(crate) answers: Answers,
    pub(crate) verifier: Verifier,
    pub(crate) asker: Asker,
    pub(crate) attempts: Attempts,
    pub(crate) honeypot: Honeypot,
    pub(crate) proofs: Proofs,
    pub(crate) open: OpenChallenges,
    /// Who holds how many challenges.
    pub(crate) held: HeldChallenges,
    pub(crate) start: Millis,
}

/// The name of the clearance's cookie.
pub(crate) const COOKIE: &str = "spigot_clearance";

/// One request, as far as it is known before its body.
pub(crate) struct Seen<'r> {
    pub(crate) client: IpAddr,
    pub(crate) host: &'r str,
    pub(crate) method: &'r str,
    pub(crate) path: &'r str,
    /// What of it is matched.
    pub(crate) matched: &'r str,
    pub(crate) query: &'r str,
    pub(crate) headers: &'r HeaderMap,
    pub(crate) user_agent: &'r str,
    pub(crate) software: Software,
    pub(crate) secure: bool,
    /// Of its connection.
    pub(crate) marks: &'r Marks,
    /// What a trusted proxy tells of the client before it, in place of these.
    pub(crate) told: Option<&'r Told>,
    /// What contradicts its user agent.
    pub(crate) story: Story,
    /// Order and case of the header fields' names.
    pub(crate) header_order: u64,
    /// What a widget's challenge is for; `host` is its page's then.
    pub(crate) errand: Option<Errand<'r>>,
    /// What a widget saw of its page, with a submission.
    pub(crate) behaviour: Option<&'r Behaviour>,
    pub(crate) now: Millis,
}

impl<'r> Seen<'r> {
    /// Who it is, for challenges and clearances.
    pub(crate) fn binding(&self) -> Binding<'r> {
        Binding { host: self.host, user_agent: self.user_agent, client: self.client, errand: self.errand }
    }

    /// What is decided upon, as far as it is known whatever the body holds and the client keeps.
    fn observation<'o>(
        &'o self,
        headers: &'o Fields<'_>,
        sender: Sender,
        body: Body,
        place: spigot_intel::Place,
    ) -> Observation<'o> {
        let layers = self.marks.numbers(self.told, self.header_order);
        let fingerprint = Some(Marks::together(layers));
        Observation {
            cohort: Cohort { network: place.network, fingerprint },
            layers,
            host: self.host,
            query: self.query,
            sender,
            user_agent: self.user_agent,
            agent: self.software.agent,
            story: self.story,
            headers,
            body,
            behaviour: self.behaviour,
            matched: self.matched,
            ..Observation::of(self.client, self.method, self.path)
        }
    }
}

/// What a request's cookies come to.
#[derive(Clone, Copy, Default)]
pub(crate) struct Held {
    /// A clearance that holds.
    pub(crate) presented: Option<Presented>,
    /// There is one that does not hold where it is presented from, and how often it was used away from home.
    elsewhere: Option<Evidence>,
    /// What was proven besides.
    pub(crate) trusted: Trusted,
}

/// What was decided, and what is needed to act on it and to record it.
pub(crate) struct Decided {
    pub(crate) id: DecisionId,
    pub(crate) decision: Decision,
    /// In a box: it is large, and every future on the way of a request would hold it.
    pub(crate) plan: Box<Plan>,
    pub(crate) sender: Sender,
    pub(crate) place: spigot_intel::Place,
    pub(crate) clearance: Option<Presented>,
    pub(crate) account: Option<String>,
    pub(crate) body: Body,
    /// The password is known from a breach.
    pub(crate) breached: bool,
    /// Counts it among the attempts whose end is not known, until all that hold it are gone.
    pub(crate) open: Option<Arc<OpenPlace>>,
}

/// Header access for conditions.
pub(crate) struct Fields<'a>(pub(crate) &'a HeaderMap);

impl Headers for Fields<'_> {
    fn value(&self, name: &str) -> Option<&[u8]> {
        self.0.get(name).map(http::HeaderValue::as_bytes)
    }
}

impl<S: State> Gateway<S> {
    /// A gateway; `start` is the time at which the state began to remember.
    #[must_use]
    pub fn new(snapshot: Snapshot, state: Arc<S>, recorder: Recorder, clock: Clock, keys: Keys) -> Arc<Self> {
        let start = clock();
        let metrics = Metrics::default();
        metrics.series.follow(&snapshot.policy);
        Arc::new(Self {
            snapshot: ArcSwap::from_pointee(snapshot),
            state,
            recorder,
            breaker: Breaker::default(),
            metrics: Arc::new(metrics),
            clock,
            figures: Figures::default(),
            admission: Arc::default(),
            honeypot: Honeypot::new(&keys),
            keys,
            stash: Stash::default(),
            answers: Answers::default(),
            verifier: Verifier::for_this_machine(),
            asker: Asker::default(),
            attempts: Attempts::default(),
            proofs: Proofs::default(),
            open: OpenChallenges::default(),
            held: HeldChallenges::default(),
            start,
        })
    }

    /// The clearance that a request carries, when it is genuine and its client's.
    pub(crate) async fn clearance(&self, snapshot: &Snapshot, seen: &Seen<'_>) -> Held {
        let binding = seen.binding();
        let best = cookies(seen.headers, COOKIE)
            .filter_map(|value| clearance::open(&snapshot.keyring, value, &binding, seen.now.0).ok())
            .min_by_key(|(_, from)| *from != Place::Home);
        let Some((opened, from)) = best else { return Held::default() };
        if let Err(evidence) = self.belongs(snapshot, seen, &opened, from).await {
            return Held { elsewhere: Some(evidence), ..Held::default() };
        }
        let life = opened.expires_millis.saturating_sub(opened.issued_millis);
        let presented = Level::from_number(opened.level).map(|level| Presented {
            id: opened.id,
            level,
            quota: opened.quota,
            life_millis: u32::try_from(life).unwrap_or(u32::MAX),
            // A clock that was set back makes none of them old.
            age_millis: u32::try_from(seen.now.0.saturating_sub(opened.issued_millis).max(0))
                .unwrap_or(u32::MAX),
        });
        Held { presented, ..Held::default() }
    }

    /// Observation → plan → facts → decision.
    pub(crate) async fn decide(
        &self,
        snapshot: &Snapshot,
        seen: &Seen<'_>,
        body: Body,
        fields: crate::fields::Fields,
        sender: Sender,
        held: Held,
    ) -> Box<Decided> {
        let headers = Fields(seen.headers);
        let place = snapshot.networks.place(seen.client);
        let observation = Observation {
            honeypot_filled: fields.honeypot_filled,
            account_unclear: fields.unclear,
            account: fields.account.as_deref(),
            clearance: held.presented,
            clearance_elsewhere: held.elsewhere,
            trusted: held.trusted,
            ..seen.observation(&headers, sender, body, place)
        };
        let policy = &snapshot.policy;
        let mut plan = Box::<Plan>::default();
        plan.fill(policy, &observation, &self.keys, seen.now);
        let mut facts = self.state.fetch(&plan, &policy.route(plan.route).name, seen.now).await;
        facts.device = seen.software.device;
        (facts.network, facts.country) = (place.network, place.country);
        facts.reputation = self.reputation(snapshot, seen, place, &observation.layers);
        self.look_up_account(snapshot, &mut facts, fields.account.as_deref(), fields.password).await;
        let place_taken = self.begin(&plan, &mut facts, seen.now).await;
        let decision = decide(policy, &observation, &plan, &facts, seen.now);
        self.figures.note(&plan, &facts, seen.now);
        self.figures.note_listed(&decision, policy, &observation, &facts, seen.now);
        // Who is not let through attempts nothing.
        let open = place_taken.filter(|_| policy.lets_through(&decision)).map(Arc::new);
        let action = Action::ALL.iter().position(|action| *action == decision.action).unwrap_or(0);
        Metrics::one(&self.metrics.actions[action]);
        Box::new(Decided {
            id: DecisionId::new(seen.now, random()),
            decision,
            plan,
            sender,
            place,
            clearance: held.presented,
            account: fields.account,
            body,
            breached: facts.account.as_deref().is_some_and(|account| account.breached),
            open,
        })
    }

    /// What follows from the upstream's answer, or from a refused submission.
    pub(crate) async fn report(
        &self,
        snapshot: &Snapshot,
        seen: &Seen<'_>,
        decided: &Decided,
        ending: Ending,
    ) {
        let headers = Fields(seen.headers);
        let observation = Observation {
            account: decided.account.as_deref(),
            clearance: decided.clearance,
            ..seen.observation(&headers, decided.sender, decided.body, decided.place)
        };
        let policy = &snapshot.policy;
        let followed = outcome(policy, &observation, &decided.plan, ending, &self.keys, seen.now);
        if !followed.counts.is_empty() || followed.account.is_some() {
            self.state.report(&followed, policy.ladder_of(decided.plan.route), seen.now).await;
        }
    }

    /// Records what happened.
    pub(crate) fn record(&self, snapshot: &Snapshot, seen: &Seen<'_>, decided: Box<Decided>, end: End) {
        self.met_demoted(snapshot, seen, &decided);
        self.metrics.added_micros.fetch_add(u64::from(end.added_micros), Ordering::Relaxed);
        self.metrics.series.count(&decided.decision, end.added_micros);
        let path = recorded_path(&snapshot.policy, decided.decision.route, seen.path);
        self.recorder.record(Event {
            time: seen.now,
            id: decided.id,
            policy: snapshot.policy.clone(),
            decision: decided.decision,
            client: seen.client,
            host: seen.marks.said.host(seen.host),
            method: method_name(seen.method),
            path: cut(&path, 512).into(),
            user_agent: seen.marks.said.user_agent(cut(seen.user_agent, 256)),
            sender: decided.sender.name(),
            network: decided.place.network,
            country: decided.place.country,
            device: seen.software.device,
            fingerprints: seen.marks.fingerprints(seen.told, seen.header_order),
            account: decided.account.as_deref().map(|name| self.keys.hash(0, &[Subject::Account(name)])),
            clearance: decided.clearance.map(|clearance| clearance.level),
            challenge: end.challenge,
            asked: end.asked,
            site: seen
                .errand
                .and_then(|errand| snapshot.service.sites.site(errand.site))
                .map(|site| site.name.clone()),
            trickled: end.trickled,
            upstream_status: end.upstream_status,
            added_micros: end.added_micros,
        });
    }
}

/// A path as it is kept: without what looks like a token, where paths may hold one.
fn recorded_path<'p>(policy: &Policy, route: u16, path: &'p str) -> Cow<'p, str> {
    if policy.route(route).settings.has_secret_paths() { without_secrets(path) } else { Cow::Borrowed(path) }
}

/// A method as it is kept: without a copy of those that nearly all requests have.
fn method_name(method: &str) -> Cow<'static, str> {
    let mut known = ["GET", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"].into_iter();
    known.find(|known| *known == method).map_or_else(|| Cow::Owned(method.to_owned()), Cow::Borrowed)
}

/// How a request ended.
#[derive(Clone, Default)]
pub(crate) struct End {
    pub(crate) challenge: Option<Box<ChallengeStep>>,
    pub(crate) asked: Option<Arc<Asked>>,
    pub(crate) trickled: bool,
    pub(crate) upstream_status: Option<u16>,
    pub(crate) added_micros: u32,
}

/// The values of a cookie, over all `Cookie` fields. A browser may send several of one name, from different paths.
fn cookies<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a str> {
    // Bytes: the application's own cookies may be no text, and stand in the same field.
    let fields = headers.get_all(http::header::COOKIE).iter().map(http::HeaderValue::as_bytes);
    fields
        .flat_map(|field| field.split(|byte| *byte == b';'))
        .filter_map(move |pair| pair.trim_ascii().strip_prefix(name.as_bytes())?.strip_prefix(b"="))
        .filter_map(|value| std::str::from_utf8(value).ok())
        .take(4)
}

/// At most `most` bytes of a text, whole characters.
pub(crate) fn cut(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    &text[..end]
}
