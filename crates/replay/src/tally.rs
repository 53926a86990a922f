//! Bookkeeping of one policy's decisions, bounded, and the report that it becomes.

use std::collections::BTreeMap;
use std::net::IpAddr;

use hashbrown::{HashMap, HashSet};
use spigot_decision::policy::Policy;
use spigot_decision::{Action, Mode, Prefix, ReasonKind, Source};

use crate::judge::Judged;
use crate::report::{Day, Input, ReasonReport, Report, RouteReport, SubjectReport};
use crate::treatment::{Treatment, Treatments};

/// Days that are told apart, some eleven years; further ones only count in the totals.
const DAYS_MAX: usize = 4000;
/// Pairs of a client and a reason that are told apart, per client followed; a client meets few reasons.
const PAIRS_PER_CLIENT: usize = 8;
/// What a reason's number is counted under for all routes together.
const ALL_ROUTES: u16 = u16::MAX;

pub(crate) struct Tally {
    clients_max: usize,
    requests: u64,
    malformed: u64,
    requests_of_others: u64,
    treatments: Treatments,
    routes: Vec<RouteTally>,
    reasons: HashMap<(u16, u32), ReasonTally>,
    days: BTreeMap<i64, (u64, Treatments)>,
    /// The place in `clients` by the client's prefix.
    places: HashMap<IpAddr, u32>,
    clients: Vec<Client>,
    /// Requests by client and route.
    visits: HashMap<u64, u32>,
    /// Clients that met a reason, by client and reason.
    met: HashSet<u64>,
}

#[derive(Clone, Default)]
struct RouteTally {
    requests: u64,
    clients: u64,
    treatments: Treatments,
}

struct ReasonTally {
    source: Source,
    number: u32,
    fired: u64,
    told: u64,
    stopped: u64,
    clients: u64,
}

struct Client {
    prefix: Prefix,
    requests: u64,
    stopped: u64,
    first: Option<Box<First>>,
}

/// The first stopped request of a client.
struct First {
    at: spigot_decision::Millis,
    request: u64,
    route: u16,
    request_on_route: u64,
    treatment: Treatment,
    by: Source,
    because_of: Vec<Source>,
}

impl Tally {
    pub(crate) fn new(policy: &Policy, clients_max: usize) -> Self {
        Self {
            clients_max: clients_max.min(u32::MAX as usize),
            requests: 0,
            malformed: 0,
            requests_of_others: 0,
            treatments: Treatments::default(),
            routes: vec![RouteTally::default(); policy.routes.len()],
            reasons: HashMap::new(),
            days: BTreeMap::new(),
            places: HashMap::new(),
            clients: Vec::new(),
            visits: HashMap::new(),
            met: HashSet::new(),
        }
    }

    pub(crate) fn take(&mut self, judged: &Judged<'_>) {
        let treatment = judged.treatment;
        self.requests += 1;
        self.malformed += u64::from(judged.malformed);
        self.treatments.add(treatment);
        let route = &mut self.routes[usize::from(judged.decision.route)];
        route.requests += 1;
        route.treatments.add(treatment);
        let day = judged.at.0.div_euclid(86_400_000);
        if self.days.len() < DAYS_MAX || self.days.contains_key(&day) {
            let (requests, treatments) = self.days.entry(day).or_default();
            *requests += 1;
            treatments.add(treatment);
        }
        let place = self.client(judged);
        if !judged.decision.reasons.is_empty() {
            self.reasons(judged, place);
        }
    }

    /// Counts the request of its client; `None` when the client is beyond the bound.
    fn client(&mut self, judged: &Judged<'_>) -> Option<u32> {
        let known = self.places.get(&judged.client.base).copied();
        let Some(place) = known.or_else(|| self.admit(judged.client)) else {
            self.requests_of_others += 1;
            return None;
        };
        let route = judged.decision.route;
        let visits = self.visits.entry(u64::from(place) << 16 | u64::from(route)).or_insert(0);
        *visits = visits.saturating_add(1);
        let visit = u64::from(*visits);
        self.routes[usize::from(route)].clients += u64::from(visit == 1);
        let client = &mut self.clients[place as usize];
        client.requests += 1;
        if judged.treatment.stops() {
            client.stopped += 1;
            if let (None, Some(by)) = (&client.first, judged.stopped_by) {
                let because_of = if by == Source::Risk { adding(judged) } else { Vec::new() };
                client.first = Some(Box::new(First {
                    at: judged.at,
                    request: client.requests,
                    route,
                    request_on_route: visit,
                    treatment: judged.treatment,
                    by,
                    because_of,
                }));
            }
        }
        Some(place)
    }

    fn admit(&mut self, prefix: Prefix) -> Option<u32> {
        let place = u32::try_from(self.clients.len()).ok()?;
        if self.clients.len() >= self.clients_max {
            return None;
        }
        self.places.insert(prefix.base, place);
        self.clients.push(Client { prefix, requests: 0, stopped: 0, first: None });
        Some(place)
    }

    fn reasons(&mut self, judged: &Judged<'_>, place: Option<u32>) {
        for reason in &judged.decision.reasons {
            for route in [judged.decision.route, ALL_ROUTES] {
                let next = u32::try_from(self.reasons.len()).unwrap_or(u32::MAX);
                let tally = self.reasons.entry((route, number(reason.source))).or_insert(ReasonTally {
                    source: reason.source,
                    number: next,
                    fired: 0,
                    told: 0,
                    stopped: 0,
                    clients: 0,
                });
                if matches!(reason.kind, ReasonKind::Tells | ReasonKind::Asks(Action::Allow)) {
                    tally.told += 1;
                    continue;
                }
                tally.fired += 1;
                tally.stopped += u64::from(judged.stopped_by == Some(reason.source));
                let Some(place) = place else { continue };
                if self.met.len() < self.clients_max.saturating_mul(PAIRS_PER_CLIENT)
                    && self.met.insert(u64::from(place) << 32 | u64::from(tally.number))
                {
                    tally.clients += 1;
                }
            }
        }
    }

    pub(crate) fn into_report(
        mut self,
        policy: &Policy,
        input: Input,
        restrictions_begun: u64,
        listed_max: usize,
    ) -> Report {
        let (subjects, clients_stopped) = self.subjects(policy, listed_max);
        Report {
            policy_revision: policy.revision.clone(),
            not_replayed: input.not_replayed(),
            input,
            requests: self.requests,
            malformed: self.malformed,
            clients: self.clients.len() as u64,
            requests_of_others: self.requests_of_others,
            treatments: self.treatments,
            clients_stopped,
            restrictions_begun,
            routes: self.route_reports(policy),
            reasons: self.reason_reports(policy, ALL_ROUTES),
            days: self
                .days
                .iter()
                .map(|(day, (requests, treatments))| day_report(*day, *requests, *treatments))
                .collect(),
            subjects_left_out: clients_stopped - subjects.len() as u64,
            subjects,
        }
    }

    fn route_reports(&self, policy: &Policy) -> Vec<RouteReport> {
        let asked_for =
            (0..).zip(policy.routes.iter().zip(&self.routes)).filter(|(_, (_, tally))| tally.requests > 0);
        asked_for
            .map(|(index, (route, tally))| RouteReport {
                name: route.name.clone(),
                monitor: route.settings.mode == Mode::Monitor,
                requests: tally.requests,
                clients: tally.clients,
                treatments: tally.treatments,
                reasons: self.reason_reports(policy, index),
            })
            .collect()
    }

    fn reason_reports(&self, policy: &Policy, route: u16) -> Vec<ReasonReport> {
        let here = self.reasons.iter().filter(|((of, _), _)| *of == route);
        let mut reports: Vec<ReasonReport> = here
            .map(|(_, tally)| ReasonReport {
                kind: kind(tally.source).to_owned(),
                name: policy.source_name(tally.source).to_owned(),
                fired: tally.fired,
                told: tally.told,
                stopped: tally.stopped,
                clients: tally.clients,
            })
            .collect();
        reports.sort_by(|a, b| (b.fired, b.told, &a.kind, &a.name).cmp(&(a.fired, a.told, &b.kind, &b.name)));
        reports
    }

    /// The stopped clients that are listed, and how many there are.
    fn subjects(&mut self, policy: &Policy, listed_max: usize) -> (Vec<SubjectReport>, u64) {
        let mut stopped: Vec<&Client> = self.clients.iter().filter(|client| client.first.is_some()).collect();
        stopped.sort_by(|a, b| b.stopped.cmp(&a.stopped).then_with(|| a.prefix.cmp(&b.prefix)));
        let listed = stopped.iter().take(listed_max).filter_map(|client| {
            let first = client.first.as_ref()?;
            let name = |source: &Source| policy.source_name(*source).to_owned();
            Some(SubjectReport {
                address: client.prefix.to_string(),
                first_stopped: first.at.to_string(),
                first_request: first.request,
                route: policy.route(first.route).name.clone(),
                first_request_on_route: first.request_on_route,
                treatment: first.treatment,
                by: name(&first.by),
                because_of: first.because_of.iter().map(name).collect(),
                requests: client.requests,
                stopped: client.stopped,
            })
        });
        (listed.collect(), stopped.len() as u64)
    }
}

/// What added to the risk.
fn adding(judged: &Judged<'_>) -> Vec<Source> {
    let adds = judged.decision.reasons.iter().filter(|reason| matches!(reason.kind, ReasonKind::Adds(_)));
    adds.map(|reason| reason.source).collect()
}

fn day_report(day: i64, requests: u64, treatments: Treatments) -> Day {
    let mut date = spigot_decision::Millis(day.saturating_mul(86_400_000)).to_string();
    date.truncate(date.find('T').unwrap_or(date.len()));
    Day { date, requests, treatments }
}

/// A number for a source, different for different sources.
fn number(source: Source) -> u32 {
    let (tag, index) = match source {
        Source::Trigger(trigger) => (0, trigger as u16),
        Source::Signal(index) => (1, u16::from(index)),
        Source::Limit(index) => (2, index),
        Source::Rule(index) => (3, index),
        Source::List(index) => (4, index),
        Source::Exception(index) => (5, index),
        Source::OperatorAllows => (6, 0),
        Source::Risk => (7, 0),
        Source::SensitiveRoute => (8, 0),
        Source::RepeatedFailures => (9, 0),
        Source::Restriction => (10, 0),
        Source::Clearance => (11, 0),
        Source::QuotaUsedUp => (12, 0),
        Source::StateUnavailable => (13, 0),
        Source::ClearanceElsewhere => (14, 0),
        Source::VerifiedCrawler => (15, 0),
        Source::CohortBudget => (16, 0),
        Source::AccountLocked => (17, 0),
        Source::FailedAttempts => (18, 0),
        Source::Trusted(index) => (19, index),
        Source::TrustedKey(index) => (20, index),
        Source::ClearanceTooOld => (21, 0),
    };
    tag << 16 | u32::from(index)
}

/// What a source is, for people who look for it in the policy.
pub(crate) fn kind(source: Source) -> &'static str {
    match source {
        Source::Trigger(_) => "trigger",
        Source::Signal(_) => "signal",
        Source::Limit(_) => "limit",
        Source::Rule(_) => "rule",
        Source::List(_) => "list",
        Source::Exception(_) | Source::OperatorAllows => "exception",
        Source::Risk => "risk",
        Source::SensitiveRoute => "standing",
        Source::RepeatedFailures | Source::Restriction | Source::AccountLocked | Source::FailedAttempts => {
            "restriction"
        }
        Source::Clearance | Source::QuotaUsedUp | Source::ClearanceElsewhere | Source::ClearanceTooOld => {
            "clearance"
        }
        Source::StateUnavailable => "state",
        Source::VerifiedCrawler => "proof",
        Source::CohortBudget => "budget",
        Source::Trusted(_) | Source::TrustedKey(_) => "trusted",
    }
}
