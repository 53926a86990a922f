//! What a replay says, in a form that other programs read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::treatment::Treatments;

/// What a log does not hold and a replay therefore cannot see, a sentence each.
pub const NOT_REPLAYED: [&str; 4] = [
    "payload_repetition: access logs hold no bodies",
    "spam_detected (honeypot fields): access logs hold no form fields",
    "limits per account: access logs do not name the account",
    NO_CLEARANCES,
];

const NO_CLEARANCES: &str = "clearances: nobody presents one, so every client is counted by its address";

/// What takes its place when the input has clearances.
const CLEARANCES_BY_HOLDER: &str = "which clearance it was: events tell its level, so it is taken as the one that the same host, user agent and address were given last";

/// What a policy would have done to the requests of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The policy, by its revision.
    pub policy_revision: String,
    /// What was read.
    pub input: Input,
    /// Requests that were decided.
    pub requests: u64,
    /// Of these, requests that were no HTTP or that the gateway refuses.
    pub malformed: u64,
    /// Clients (addresses, for IPv6 their /64) that were followed. Exact when `requests_of_others` is 0.
    pub clients: u64,
    /// Requests of clients beyond the bound on clients: in every count of requests, in no count of clients.
    pub requests_of_others: u64,
    /// What happened to the requests.
    pub treatments: Treatments,
    /// Clients with at least one stopped request.
    pub clients_stopped: u64,
    /// Restrictions that began because of repeated failures.
    pub restrictions_begun: u64,
    /// Each route that was asked for, in the policy's order.
    pub routes: Vec<RouteReport>,
    /// Each reason that was given on any route, most often fired first.
    pub reasons: Vec<ReasonReport>,
    /// Each day (UTC) with a request.
    pub days: Vec<Day>,
    /// Who was stopped, most stopped requests first.
    pub subjects: Vec<SubjectReport>,
    /// Stopped clients that the list leaves out.
    pub subjects_left_out: u64,
    /// What could not be replayed.
    pub not_replayed: Vec<String>,
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Lines.
    pub lines: u64,
    /// Lines that are a record.
    pub records: u64,
    /// Lines that are none, by reason.
    pub rejects: BTreeMap<String, u64>,
    /// Records of connections on which no request came; nothing is decided there.
    pub without_request: u64,
    /// Logs whose compressed stream is cut off or damaged.
    pub damaged_logs: u64,
    /// Records that came before an earlier one.
    pub out_of_order: u64,
    /// Of these, records too late to be put in order, taken at a later time than their own.
    pub clamped: u64,
    /// The first record's time, RFC 3339.
    pub first: Option<String>,
    /// The last record's time.
    pub last: Option<String>,
    /// Records with a clearance, which only Spigot's own events have.
    #[serde(default, skip_serializing_if = "is_none")]
    pub with_clearance: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "what serde calls it with")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

impl Input {
    /// What could not be replayed of this input.
    pub(crate) fn not_replayed(&self) -> Vec<String> {
        let cleared = self.with_clearance > 0;
        let missing = NOT_REPLAYED.into_iter().filter(|text| !(cleared && *text == NO_CLEARANCES));
        missing.chain(cleared.then_some(CLEARANCES_BY_HOLDER)).map(str::to_owned).collect()
    }
}

/// What happened on one route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteReport {
    /// Its name.
    pub name: String,
    /// It is in monitor mode: in truth nothing is done there.
    pub monitor: bool,
    /// Requests.
    pub requests: u64,
    /// Clients.
    pub clients: u64,
    /// What happened to the requests.
    pub treatments: Treatments,
    /// Each reason that was given here, most often fired first.
    pub reasons: Vec<ReasonReport>,
}

/// How often a reason was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReasonReport {
    /// What it is: `trigger`, `signal`, `limit`, `rule`, `list`, `exception`, `restriction`, `risk` or `standing`.
    pub kind: String,
    /// Its name in the policy.
    pub name: String,
    /// Requests on which it asked for an action, added to the risk or softened.
    pub fired: u64,
    /// Requests on which it was told for the record only.
    pub told: u64,
    /// Requests that it stopped.
    pub stopped: u64,
    /// Clients on whose requests it fired.
    pub clients: u64,
}

/// What happened on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// The date (UTC), `2026-11-21`.
    pub date: String,
    /// Requests.
    pub requests: u64,
    /// What happened to them; `challenge` had a cause, `standing` is what sensitive routes ask of everybody.
    pub treatments: Treatments,
}

/// A client of which at least one request was stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubjectReport {
    /// Its address, for IPv6 its /64.
    pub address: String,
    /// When its first stopped request came, RFC 3339.
    pub first_stopped: String,
    /// Which of its requests that was, from 1.
    pub first_request: u64,
    /// The route of that request.
    pub route: String,
    /// Which of its requests on that route it was, from 1.
    pub first_request_on_route: u64,
    /// What was done.
    pub treatment: crate::Treatment,
    /// What stopped it.
    pub by: String,
    /// The signals and rules behind a risk.
    pub because_of: Vec<String>,
    /// Its requests in all.
    pub requests: u64,
    /// Its stopped requests in all.
    pub stopped: u64,
}
