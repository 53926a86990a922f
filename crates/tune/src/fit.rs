//! From what was seen to what is proposed.

use hashbrown::HashMap;
use spigot_decision::policy::{Policy, Route, Thresholds};
use spigot_decision::signal::{NAMES, SIGNALS};

use crate::Aim;
use crate::interval::{log_ratio, significant, wilson};
use crate::render::proposal;
use crate::report::{Change, Outcome, Report, RouteReport, Share};
use crate::shape::{Shape, Shapes};
use crate::sift::{Kind, Sift, TELLING};

/// Below these nothing is proposed for a route.
const PEOPLE_MIN: u64 = 50;
const BOTS_MIN: u64 = 20;
/// Bots that show something twenty times as often as people do make it weigh what a challenge is asked for.
const TELLING_RATIO: f64 = 20.0;
/// So many bots in a hundred may get through who do not now, where clearly fewer people are bothered for it.
const BOTS_LOST_PERCENT: u64 = 5;
/// Weights and thresholds are whole fives: more exactly nobody knows them.
const STEP: u8 = 5;

pub(crate) fn report(policy: &Policy, aim: Aim, sift: &Sift<'_>, shapes: &Shapes) -> Report {
    let (people, bots, unclear) = sift.counts();
    let seen = policy.routes.iter().zip(&shapes.routes).filter(|(_, shape)| !shape.clients.is_empty());
    let routes: Vec<RouteReport> = seen.map(|(route, shape)| of_route(route, shape, aim)).collect();
    Report {
        policy_revision: policy.revision.clone(),
        events: sift.events,
        people,
        bots,
        unclear,
        marks_found: sift.marks_found,
        proposal: proposal(&routes),
        routes,
    }
}

/// Clients of one kind that did the same, counted together.
struct Cases {
    fit: HashMap<(Kind, Vec<u16>), u64>,
    check: HashMap<(Kind, Vec<u16>), u64>,
}

impl Cases {
    fn of(shape: &Shape) -> Self {
        let mut cases = Self { fit: HashMap::new(), check: HashMap::new() };
        for (client, (kind, patterns)) in &shape.clients {
            let mut patterns = patterns.clone();
            patterns.sort_unstable();
            // A bit of a keyed hash: as good as a toss of a coin.
            let half = if client >> 17 & 1 == 0 { &mut cases.fit } else { &mut cases.check };
            *half.entry((*kind, patterns)).or_default() += 1;
        }
        cases
    }
}

/// Weights and the risk from which a challenge is asked for.
#[derive(Clone, PartialEq)]
struct Setting {
    weights: Vec<u8>,
    challenge: u8,
}

fn of_route(route: &Route, shape: &Shape, aim: Aim) -> RouteReport {
    let cases = Cases::of(shape);
    let now =
        Setting { weights: route.settings.weights.clone(), challenge: route.settings.thresholds.challenge };
    let count = |kind| shape.clients.values().filter(|(of, _)| *of == kind).count() as u64;
    let mut report = RouteReport {
        route: route.name.clone(),
        people: count(Kind::Person),
        bots: count(Kind::Bot),
        now: outcome(&now, shape, &cases.check),
        ..RouteReport::default()
    };
    if report.people < PEOPLE_MIN || report.bots < BOTS_MIN {
        report.note = format!(
            "too little is known: {} people and {} bots, of which {PEOPLE_MIN} and {BOTS_MIN} are needed",
            report.people, report.bots
        );
        return report;
    }
    let (weighed, whys) = weights(&now, shape, &cases.fit);
    let candidates =
        [threshold(&weighed, &now, shape, &cases.fit, aim), threshold(&now, &now, shape, &cases.fit, aim)];
    for candidate in candidates {
        if candidate == now || !is_better(&now, &candidate, shape, &cases.check, aim) {
            continue;
        }
        report.proposed = Some(outcome(&candidate, shape, &cases.check));
        report.changes = changes(&now, &candidate, &route.settings.thresholds, &whys);
        report.note = note(&report, aim);
        return report;
    }
    report.note = "nothing else does clearly better on the half that was kept to check it".to_owned();
    report
}

/// Whether it asks a client that showed these patterns.
fn asks(setting: &Setting, shape: &Shape, patterns: &[u16]) -> bool {
    patterns.iter().any(|number| {
        let pattern = &shape.patterns[usize::from(*number)];
        pattern.asked || pattern.risk(&setting.weights) >= u32::from(setting.challenge)
    })
}

/// How many of a kind are asked, and how many there are.
fn asked(setting: &Setting, shape: &Shape, cases: &HashMap<(Kind, Vec<u16>), u64>, kind: Kind) -> (u64, u64) {
    let of_kind = cases.iter().filter(|((of, _), _)| *of == kind);
    of_kind.fold((0, 0), |(asked, all), ((_, patterns), count)| {
        (asked + if asks(setting, shape, patterns) { *count } else { 0 }, all + count)
    })
}

fn outcome(setting: &Setting, shape: &Shape, cases: &HashMap<(Kind, Vec<u16>), u64>) -> Outcome {
    let share = |kind| {
        let (of, all) = asked(setting, shape, cases, kind);
        Share::new(of, all)
    };
    let numbers = (0_u16..).zip(&shape.requests);
    Outcome {
        people_bothered: share(Kind::Person),
        bots_stopped: share(Kind::Bot),
        challenges: numbers.filter(|(n, _)| asks(setting, shape, &[*n])).map(|(_, count)| count).sum(),
    }
}

/// Weights as far as the data contradicts those in force: what is within the interval stays, what lies outside of it is
/// moved to its nearer end and no further.
fn weights(
    now: &Setting,
    shape: &Shape,
    cases: &HashMap<(Kind, Vec<u16>), u64>,
) -> (Setting, HashMap<usize, String>) {
    let (mut setting, mut whys) = (now.clone(), HashMap::new());
    let scale = f64::from(now.challenge.min(100)) / TELLING_RATIO.ln();
    for (index, signal) in SIGNALS.iter().enumerate() {
        // Those that made somebody a bot would confirm themselves, and lists say what they weigh.
        if TELLING.contains(&signal.name) || signal.name == "ill_reputed" {
            continue;
        }
        let shows = |patterns: &[u16]| {
            patterns.iter().any(|n| shape.patterns[usize::from(*n)].fired >> index & 1 == 1)
        };
        let count = |kind| {
            let of_kind = cases.iter().filter(|((of, _), _)| *of == kind);
            of_kind.fold((0, 0), |(showing, all), ((_, patterns), count)| {
                (showing + if shows(patterns) { *count } else { 0 }, all + count)
            })
        };
        let ((bots, of_bots), (people, of_people)) = (count(Kind::Bot), count(Kind::Person));
        if bots + people == 0 {
            continue;
        }
        let (low, high) = log_ratio(bots, of_bots, people, of_people);
        let (low, high) = (rounded(low * scale), rounded(high * scale));
        let weight = now.weights[index].clamp(low.min(high), high.max(low));
        if weight != now.weights[index] {
            setting.weights[index] = weight;
            let why = format!("shown by {bots} of {of_bots} bots and {people} of {of_people} people");
            whys.insert(index, why);
        }
    }
    (setting, whys)
}

fn rounded(weight: f64) -> u8 {
    let steps = (weight / f64::from(STEP)).round().clamp(0.0, 100.0 / f64::from(STEP));
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 0 to 20
    let steps = steps as u8;
    steps * STEP
}

/// Of the thresholds at which no more people are bothered than is aimed at, or than now, the one that stops most bots;
/// of those the highest.
fn threshold(
    weighed: &Setting,
    now: &Setting,
    shape: &Shape,
    cases: &HashMap<(Kind, Vec<u16>), u64>,
    aim: Aim,
) -> Setting {
    let (bothered_now, people) = asked(now, shape, cases, Kind::Person);
    let aimed = people * u64::from(aim.people_per_mille) / 1000;
    let steps = (1..=100 / STEP).map(|step| step * STEP).chain([now.challenge]);
    let settings = steps.map(|challenge| Setting { challenge, ..weighed.clone() });
    let fits = |most: u64| {
        settings
            .clone()
            .filter(|setting| asked(setting, shape, cases, Kind::Person).0 <= most)
            .max_by_key(|setting| (asked(setting, shape, cases, Kind::Bot).0, setting.challenge))
    };
    // Where the aim costs too many bots, at least nobody more than now.
    let stopped_now = asked(now, shape, cases, Kind::Bot);
    let keeps = |setting: &Setting| {
        let stopped = asked(setting, shape, cases, Kind::Bot).0;
        (stopped + stopped_now.1 * BOTS_LOST_PERCENT / 100) >= stopped_now.0
    };
    fits(aimed).filter(keeps).or_else(|| fits(bothered_now)).unwrap_or_else(|| now.clone())
}

/// Whether it does clearly better on clients that it was not fitted to.
fn is_better(
    now: &Setting,
    candidate: &Setting,
    shape: &Shape,
    cases: &HashMap<(Kind, Vec<u16>), u64>,
    aim: Aim,
) -> bool {
    let (mut people, mut bots) = ((0, 0), (0, 0));
    for ((kind, patterns), count) in cases {
        let (before, after) = (asks(now, shape, patterns), asks(candidate, shape, patterns));
        match (kind, before, after) {
            (Kind::Person, true, false) => people.0 += count,
            (Kind::Person, false, true) => people.1 += count,
            (Kind::Bot, false, true) => bots.0 += count,
            (Kind::Bot, true, false) => bots.1 += count,
            _ => {}
        }
    }
    let (bothered, all) = asked(candidate, shape, cases, Kind::Person);
    let all_bots = asked(now, shape, cases, Kind::Bot).1;
    let few_bothered = wilson(bothered, all).1 * 1000.0 <= f64::from(aim.people_per_mille);
    let people_fine = people.1 <= people.0 || (few_bothered && significant(bots.0, bots.1));
    let bots_fine = bots.1 <= bots.0
        || ((bots.1 - bots.0) * 100 <= all_bots * BOTS_LOST_PERCENT && significant(people.0, people.1));
    people_fine && bots_fine && (significant(people.0, people.1) || significant(bots.0, bots.1))
}

fn changes(
    now: &Setting,
    candidate: &Setting,
    thresholds: &Thresholds,
    whys: &HashMap<usize, String>,
) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut change = |what: String, from: u8, to: u8, because: &str| {
        if from != to {
            changes.push(Change { what, from, to, because: because.to_owned() });
        }
    };
    let to = candidate.challenge;
    // The three stay in order.
    change("thresholds.log".to_owned(), thresholds.log, thresholds.log.min(to), "it is at most challenge");
    let because = "of those that bother few enough, the one that stops most bots";
    change("thresholds.challenge".to_owned(), thresholds.challenge, to, because);
    change(
        "thresholds.block".to_owned(),
        thresholds.block,
        thresholds.block.max(to),
        "it is at least challenge",
    );
    for (index, name) in NAMES.iter().enumerate() {
        let because = whys.get(&index).map_or("", String::as_str);
        change(format!("weights.{name}"), now.weights[index], candidate.weights[index], because);
    }
    changes
}

fn note(report: &RouteReport, aim: Aim) -> String {
    let Some(proposed) = &report.proposed else { return String::new() };
    let aimed = f64::from(aim.people_per_mille) / 10.0;
    if proposed.people_bothered.percent_max <= aimed {
        return String::new();
    }
    format!(
        "that at most {aimed} % of people are bothered is not sure with so few: {:.1} % is possible",
        proposed.people_bothered.percent_max
    )
}
