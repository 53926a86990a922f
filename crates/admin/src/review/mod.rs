//! The weekly review: what a week of events says about those who come again and again, about people who were asked in
//! vain, about rules that earn nothing, and about what was not there the week before. Reads events once, oldest first, in
//! bounded memory, and changes nothing.

mod busiest;
mod clusters;
mod job;
mod proposals;
mod render;
mod seen;

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use spigot_decision::Millis;
use spigot_event::Record;

use self::busiest::Busiest;
use self::clusters::Clusters;
pub use self::clusters::{Cluster, Part};
pub(crate) use self::job::guarded;
pub use self::job::{Job, Known, Progress, keep, read};
pub use self::proposals::{Proposals, RouteProposal};
pub use self::render::{html, text};
use self::seen::Seen;

/// Days of one review; as many before them tell what is new.
pub const DAYS: i64 = 7;

/// Challenges that wait for their solution. They live for two minutes; these are those of a busy hour.
const OPEN_MAX: usize = 50_000;

/// Of each kind so many are told.
const TOLD: usize = 20;

/// Fewer events than this are no pattern.
const PATTERN_MIN: u64 = 30;

/// A rule is judged once it asked so often.
const JUDGED_FROM: u64 = 20;

/// A sign that is taken back when the client turns out to be no person.
const AT_ONCE: &str = "solved_at_once";

/// Faster than this no page was shown, its script run and the puzzle worked out: that was no browser.
const SOLVED_MILLIS_MIN: u32 = 100;

/// Slower than this it was not at once.
const SOLVED_MILLIS_MAX: u32 = 60_000;

/// Of a hundred that a rule asks, so many solve it: then it asks people.
const PEOPLE_PERCENT: u64 = 80;

/// One week.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct Review {
    /// From here on, in milliseconds since 1970.
    pub since_millis: i64,
    /// Until here.
    pub until_millis: i64,
    /// Events of the week.
    pub events: u64,
    /// Those who were asked, slowed or refused most often.
    pub offenders: Vec<Subject>,
    /// Decisions that were likely about people.
    pub false_positives: Vec<FalsePositive>,
    /// What each reason for a challenge came to.
    pub rules: Vec<Rule>,
    /// What was busy this week and absent the week before.
    pub patterns: Vec<Subject>,
    /// What was busy together this week, and was not together the week before.
    #[serde(default)]
    pub clusters: Vec<Cluster>,
    /// How kinds of clients fared.
    pub cohorts: Vec<Cohort>,
    /// What weights and thresholds would do better.
    pub proposals: Proposals,
}

/// Somebody or something that events have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Subject {
    /// `address`, `network`, `fingerprint` or `path`.
    pub kind: String,
    /// Which.
    pub key: String,
    /// Events: of an offender those that were not let through as they came.
    pub events: u64,
}

/// A decision that was likely about a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FalsePositive {
    /// The decision that asked.
    pub decision: String,
    /// When.
    pub time_millis: i64,
    /// On which route.
    pub route: String,
    /// Why it asked.
    pub reasons: Vec<String>,
    /// `marked`, `complained` or `solved_at_once`.
    pub sign: String,
    /// Who was asked, and whether a program was; both only while the week is read.
    #[serde(skip)]
    client: u64,
    #[serde(skip)]
    is_program: bool,
}

/// What a reason came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// Challenges that it asked for or added to.
    pub asked: u64,
    /// Of these, how many were solved.
    pub solved: u64,
    /// Nearly all of those whom it asked are people.
    pub earns_nothing: bool,
}

/// How a kind of clients fared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cohort {
    /// `first_visits`, `returning`, `cleared` or `programs`.
    pub name: String,
    /// Their requests.
    pub events: u64,
    /// Asked for a challenge. Of first visits nobody should be.
    pub challenged: u64,
    /// Refused.
    pub blocked: u64,
}

/// What people said of decisions, by their ids.
#[derive(Debug, Default)]
pub struct Said {
    /// An operator marked it as about a person.
    pub marked: HashSet<String>,
    /// Somebody asked for help with it, and got an exception.
    pub complained: HashSet<String>,
}

/// Reads events and sums them up.
pub struct Reviewer {
    since: Millis,
    said: Said,
    /// Who is told to have solved at once, until something else is known of them.
    solvers: HashSet<u64>,
    known: Seen,
    clients: Seen,
    open: HashMap<u64, FalsePositive>,
    offenders: Busiest<Part>,
    patterns: Busiest<Part>,
    clusters: Clusters,
    rules: HashMap<String, Rule>,
    cohorts: [Cohort; 4],
    review: Review,
}

impl Reviewer {
    /// For the week that ends at `until`.
    #[must_use]
    pub fn new(until: Millis, said: Said) -> Self {
        let since = until.plus(-DAYS * 86_400_000);
        let cohort = |name: &str| Cohort { name: name.to_owned(), ..Cohort::default() };
        Self {
            since,
            said,
            solvers: HashSet::new(),
            known: Seen::default(),
            clients: Seen::default(),
            open: HashMap::new(),
            offenders: Busiest::default(),
            patterns: Busiest::default(),
            clusters: Clusters::default(),
            rules: HashMap::new(),
            cohorts: ["first_visits", "returning", "cleared", "programs"].map(cohort),
            review: Review { since_millis: since.0, until_millis: until.0, ..Review::default() },
        }
    }

    /// From when on events are wanted: the week before tells what is new.
    #[must_use]
    pub fn wants_from(&self) -> Millis {
        self.since.plus(-DAYS * 86_400_000)
    }

    /// Takes the next event.
    pub fn take(&mut self, record: &Record) {
        let subjects = subjects(record);
        let client = hash(&(&record.client, &record.user_agent));
        let is_first = !self.clients.has(client);
        self.clients.add(client);
        if record.time_millis < self.since.0 {
            subjects.iter().for_each(|(.., hash)| self.known.add(*hash));
            Clusters::know(&mut self.known, &subjects);
            return;
        }
        self.review.events += 1;
        let is_unwanted = !matches!(record.effective.as_str(), "allow" | "log");
        self.clusters.count(&self.known, &subjects);
        for (kind, key, hash) in subjects {
            let part = || Part { kind: kind.to_owned(), key: key.clone() };
            if is_unwanted && kind != "path" {
                self.offenders.count(hash, part);
            }
            if !self.known.has(hash) {
                self.patterns.count(hash, part);
            }
        }
        self.fared(record, is_first);
        self.asked(record, client);
    }

    fn fared(&mut self, record: &Record, is_first: bool) {
        let index = match (is_program(record), record.clearance.is_some(), is_first) {
            (true, _, _) => 3,
            (_, true, _) => 2,
            (_, _, true) => 0,
            _ => 1,
        };
        let cohort = &mut self.cohorts[index];
        cohort.events += 1;
        cohort.challenged += u64::from(record.effective == "challenge");
        cohort.blocked += u64::from(record.effective == "block");
    }

    fn asked(&mut self, record: &Record, client: u64) {
        let said = [("marked", &self.said.marked), ("complained", &self.said.complained)];
        if let Some((sign, _)) = said.into_iter().find(|(_, decisions)| decisions.contains(&record.id)) {
            self.review.false_positives.push(positive(record, client, sign));
        }
        // Whoever solves and is stopped all the same is no person who was asked in vain.
        let is_stopped = matches!(record.effective.as_str(), "throttle" | "shadow" | "block");
        if is_stopped && self.solvers.remove(&client) {
            self.review.false_positives.retain(|one| one.client != client || one.sign != AT_ONCE);
        }
        let Some(step) = &record.challenge else { return };
        match step.result.as_str() {
            "issued" => {
                for name in asking(record) {
                    self.rules
                        .entry(name.clone())
                        .or_insert_with(|| Rule { name, ..Rule::default() })
                        .asked += 1;
                }
                if self.open.len() >= OPEN_MAX {
                    self.open.clear();
                }
                self.open.insert(client, positive(record, client, AT_ONCE));
            }
            "solved" => {
                let Some(asked) = self.open.remove(&client) else { return };
                for name in &asked.reasons {
                    self.rules.entry(name.clone()).or_default().solved += 1;
                }
                let is_at_once = step
                    .solve_millis
                    .is_some_and(|millis| (SOLVED_MILLIS_MIN..=SOLVED_MILLIS_MAX).contains(&millis));
                if !is_at_once || asked.is_program {
                    return;
                }
                // Examples: the newest would crowd out everything else, so that the first of each route stay.
                let of_route =
                    self.review.false_positives.iter().filter(|one| one.route == asked.route).count();
                if of_route < TOLD {
                    self.solvers.insert(client);
                    self.review.false_positives.push(asked);
                }
            }
            // A wrong answer: whoever solves it later did not do so at once.
            _ => {
                self.open.remove(&client);
            }
        }
    }

    /// What it comes to.
    #[must_use]
    pub fn finish(mut self) -> Review {
        self.review.offenders = subjects_of(self.offenders.most(TOLD, PATTERN_MIN));
        let patterns = self.patterns.most(TOLD, PATTERN_MIN);
        self.review.clusters = self.clusters.told(&patterns);
        self.review.patterns = subjects_of(patterns);
        let mut rules: Vec<Rule> = self.rules.into_values().collect();
        for rule in &mut rules {
            rule.earns_nothing =
                rule.asked >= JUDGED_FROM && rule.solved * 100 >= rule.asked * PEOPLE_PERCENT;
        }
        rules.sort_by(|one, other| other.asked.cmp(&one.asked).then_with(|| one.name.cmp(&other.name)));
        self.review.rules = rules;
        self.review.cohorts = self.cohorts.to_vec();
        self.review.false_positives.sort_by_key(|one| match one.sign.as_str() {
            "marked" => 0,
            "complained" => 1,
            _ => 2,
        });
        self.review
    }
}

/// Names of the reasons that asked for a challenge or added to the risk.
fn asking(record: &Record) -> Vec<String> {
    let counts = record
        .reasons
        .iter()
        .filter(|reason| reason.gave == "asks challenge" || reason.gave.starts_with("adds "));
    counts.filter(|reason| reason.name != "risk").map(|reason| reason.name.clone()).collect()
}

/// Neither a page nor a script of one asked.
fn is_program(record: &Record) -> bool {
    !matches!(record.sender.as_str(), "navigation" | "fetch" | "page")
}

fn positive(record: &Record, client: u64, sign: &str) -> FalsePositive {
    FalsePositive {
        decision: record.id.clone(),
        time_millis: record.time_millis,
        route: record.route.clone(),
        reasons: asking(record),
        sign: sign.to_owned(),
        client,
        is_program: is_program(record),
    }
}

fn subjects_of(counted: Vec<(u64, Part)>) -> Vec<Subject> {
    counted.into_iter().map(|(events, Part { kind, key })| Subject { kind, key, events }).collect()
}

/// What an event has in common with others, by kind.
fn subjects(record: &Record) -> Vec<clusters::Subject> {
    let prints = &record.fingerprints;
    // Deeper parts are articles and the like: each would be a pattern of its own.
    let path = record.path.split('/').take(3).collect::<Vec<_>>().join("/");
    let subjects = [
        ("address", Some(record.client.clone())),
        ("network", record.network.map(|number| format!("AS{number}"))),
        ("fingerprint", prints.tls.clone().or_else(|| prints.header.clone())),
        ("path", Some(path)),
    ];
    let known = subjects.into_iter().filter_map(|(kind, key)| Some((kind, key?)));
    known.map(|(kind, key)| (kind, key.clone(), hash(&(kind, key)))).collect()
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests;
