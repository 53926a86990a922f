//! Fleets of addresses that each ask a few times with perfect headers, against a route's budget, with people on it.
//!
//! `cargo test --release --workspace --test protection fleet -- --ignored --nocapture` is the full size (200,000
//! addresses) and prints the table of `docs/tuning.md`; `SPIGOT_SEED` at build time chooses another seed.

use std::net::{IpAddr, Ipv4Addr};

use spigot_decision::policy::{Policy, load};
use spigot_decision::{
    Action, Cohort, Decision, Keys, Level, Millis, Observation, Presented, Sender, decide, plan,
};
use spigot_state::{KeptCohorts, Memory, MemorySettings};

use super::simulation::{Dice, Seed};
use super::world::{DAY, HOUR};

const KEYS: Keys = Keys(3, 4);
const POLICY: &str = "extends = \"nothing\"
[[route]]
name = \"search\"
match = \"/search\"
triggers = { traffic_anomaly = false }
budget = { times = 3, at_least = 100 }
";
/// Days that are learned before the attack, which then lasts for one.
const LEARNED: i64 = 7;
/// Networks that people come from; the first ones are the large carriers.
const NETWORKS: u64 = 2_000;
/// Browser builds that people use.
const BUILDS: u64 = 24;
/// Requests of each address of the fleet.
const EACH: u64 = 6;

/// How large.
#[derive(Clone, Copy)]
struct Size {
    /// Addresses of the fleet.
    addresses: u64,
    /// Requests of people in an hour, on average.
    people_hourly: u64,
}

/// What the fleet looks like.
#[derive(Clone, Copy, Debug)]
enum Fleet {
    /// A tool's own fingerprint, from residential networks.
    Tool,
    /// The commonest browser's fingerprint, from residential networks.
    Perfect,
    /// The commonest browser's TLS, and the order of headers drawn for each request: another fingerprint each time.
    RandomOrder,
    /// A fingerprint drawn for each address, from a few hosting networks.
    Hosting,
    /// Networks and browsers in exactly the shares of people: nothing tells them apart.
    Mirror,
}

/// What became of it.
#[derive(Debug, Default)]
struct Outcome {
    sent: u64,
    through: u64,
    /// What the route's budget allowed in all.
    budget: u64,
    people: u64,
    people_asked: u64,
    people_refused: u64,
}

struct Site {
    policy: Policy,
    state: Memory,
    cleared: u64,
}

impl Site {
    fn new(kept: &[KeptCohorts], now: Millis) -> Self {
        let policy = load("policy.toml", POLICY).unwrap_or_else(|problems| panic!("{problems}"));
        let state = Memory::new(MemorySettings { counter_bytes: 64 << 20, spends_max: 1 }, Millis(0));
        state.cohorts.restore(kept.iter().cloned(), now);
        Self { policy, state, cleared: 0 }
    }

    fn decide(&self, client: IpAddr, cohort: Cohort, clearance: Option<Presented>, now: Millis) -> Decision {
        let observation = Observation {
            host: "shop.example",
            sender: Sender::Navigation,
            user_agent: "Mozilla/5.0",
            cohort,
            clearance,
            ..Observation::of(client, "GET", "/search")
        };
        let plan = plan(&self.policy, &observation, &KEYS, now);
        let facts = self.state.fetch_now(&plan, "search", now);
        decide(&self.policy, &observation, &plan, &facts, now)
    }

    /// One person asks one to eight times, and solves when asked; how often they asked, whether they were asked, and
    /// whether they were refused.
    fn person(&mut self, dice: &mut Dice, now: Millis) -> (u64, bool, bool) {
        let (client, cohort) = somebody(dice);
        let (times, mut clearance) = (1 + dice.below(8), None);
        let (mut asked, mut refused) = (false, false);
        for turn in 0..times {
            let at = now.plus(i64::try_from(turn * 4000).unwrap_or(0));
            match self.decide(client, cohort, clearance, at).action {
                Action::Allow | Action::Log => {}
                Action::Challenge => {
                    asked = true;
                    self.cleared += 1;
                    let life_millis = u32::try_from(12 * HOUR).unwrap_or(0);
                    let level = Level::Low;
                    clearance =
                        Some(Presented { id: self.cleared, level, quota: 5000, life_millis, age_millis: 0 });
                }
                _ => refused = true,
            }
        }
        (times, asked, refused)
    }
}

/// Zipf's law, roughly: what comes first comes most.
fn zipf(dice: &mut Dice, of: u64) -> u64 {
    let draw = (dice.below(1 << 30) as f64 + 1.0) / (1_u64 << 30) as f64;
    ((of as f64).powf(draw) as u64).clamp(1, of) - 1
}

fn somebody(dice: &mut Dice) -> (IpAddr, Cohort) {
    let (network, build) = (zipf(dice, NETWORKS), zipf(dice, BUILDS));
    let cohort = Cohort { network: u32::try_from(network + 1).ok(), fingerprint: Some(build) };
    (address(network << 12 | dice.below(1 << 12)), cohort)
}

fn address(number: u64) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from_bits((0x0b00_0000 + number) as u32))
}

/// How busy an hour of the day is, in hundredths.
fn busy(hour: i64) -> u64 {
    [
        40, 25, 20, 15, 15, 25, 50, 80, 110, 125, 130, 135, 140, 140, 135, 135, 140, 150, 160, 170, 160, 130,
        100, 70,
    ][usize::try_from(hour.rem_euclid(24)).unwrap_or(0)]
}

impl Fleet {
    fn member(self, dice: &mut Dice, number: u64) -> (IpAddr, Cohort) {
        // Residential proxies: anybody's network, each about as often.
        let residential = number % 3_000;
        let (network, fingerprint) = match self {
            Self::Tool => (residential, 999),
            Self::Perfect => (residential, 0),
            Self::RandomOrder => (residential, 1_000_000 + dice.below(1 << 40)),
            Self::Hosting => (10_000 + number % 50, 1_000_000 + number),
            Self::Mirror => (zipf(&mut Dice(number), NETWORKS), zipf(&mut Dice(number ^ 0xffff), BUILDS)),
        };
        let cohort = Cohort { network: u32::try_from(network + 1).ok(), fingerprint: Some(fingerprint) };
        (address(0x0800_0000 + number), cohort)
    }
}

/// Seven days of people.
fn learned(size: Size, seed: u64) -> Vec<KeptCohorts> {
    let (mut site, mut dice) = (Site::new(&[], Millis(0)), Dice(seed));
    for hour in 0..LEARNED * 24 {
        let mut left = (size.people_hourly * busy(hour) / 100).cast_signed();
        while left > 0 {
            let now = Millis(hour * HOUR + i64::try_from(dice.below(3_500_000)).unwrap_or(0));
            let (times, asked, _) = site.person(&mut dice, now);
            assert!(!asked || hour >= 3 * 24, "nothing is known yet");
            left -= times.cast_signed();
        }
    }
    // The last hour is learned with the first request after it.
    site.person(&mut dice, Millis(LEARNED * DAY));
    site.state.cohorts.kept()
}

/// A day of people and a fleet.
fn attacked(size: Size, kept: &[KeptCohorts], fleet: Option<Fleet>, seed: u64) -> Outcome {
    let start = LEARNED * DAY;
    let (mut site, mut dice) = (Site::new(kept, Millis(start)), Dice(seed));
    let mut outcome = Outcome::default();
    let mut number = 0;
    for hour in 0..24 {
        outcome.budget += allowed(kept, hour);
        let people = size.people_hourly * busy(hour) / 100;
        let attack = fleet.map_or(0, |_| size.addresses * EACH / 24);
        let (mut done, mut sent) = (0, 0);
        // Both go through the hour evenly.
        for minute in 0..60 {
            let now = Millis(start + hour * HOUR + minute * 60_000);
            while done < people * (minute as u64 + 1) / 60 {
                let (times, asked, refused) = site.person(&mut dice, now);
                done += times;
                outcome.people += 1;
                outcome.people_asked += u64::from(asked);
                outcome.people_refused += u64::from(refused);
            }
            while let Some(fleet) = fleet
                && sent < attack * (minute as u64 + 1) / 60
            {
                let (client, cohort) = fleet.member(&mut dice, number % size.addresses);
                let action = site.decide(client, cohort, None, now).action;
                outcome.through += u64::from(action < Action::Throttle);
                (number, sent) = (number + 1, sent + 1);
            }
        }
        outcome.sent += sent;
    }
    outcome
}

/// What the route's budget allows in an hour: three times its usual, or what lies between its neighbours' usual.
fn allowed(kept: &[KeptCohorts], hour: i64) -> u64 {
    let [before, here, after] =
        [-1, 0, 1].map(|step| kept[0].day[usize::try_from((hour + step).rem_euclid(24)).unwrap_or(0)].0);
    (here.max((before + after) / 2.0) * 3.0).max(100.0) as u64
}

const FLEETS: [Fleet; 5] = [Fleet::Tool, Fleet::Perfect, Fleet::RandomOrder, Fleet::Hosting, Fleet::Mirror];

fn seed() -> u64 {
    option_env!("SPIGOT_SEED").map_or(1, |seed| seed.parse().expect("SPIGOT_SEED is a number"))
}

#[test]
fn a_fleet_gets_no_more_than_the_routes_budget_and_people_meet_an_invisible_challenge_at_most() {
    let _seed = Seed(seed());
    let size = Size { addresses: 10_000, people_hourly: 400 };
    let kept = learned(size, seed());
    for fleet in days() {
        check(fleet, &attacked(size, &kept, fleet, seed() + 1));
    }
}

/// A quiet day, and one with each fleet.
fn days() -> impl Iterator<Item = Option<Fleet>> {
    std::iter::once(None).chain(FLEETS.map(Some))
}

/// What must be true of a day.
fn check(fleet: Option<Fleet>, outcome: &Outcome) {
    assert_eq!(outcome.people_refused, 0, "{fleet:?}");
    // An attack that lasts is learned, within its budget: hours that follow get up to a seventh more.
    assert!(outcome.through <= outcome.budget * 8 / 7, "{fleet:?}: {outcome:?}");
    let most_asked = match fleet {
        // The fleet is like nobody, so nobody else pays.
        None | Some(Fleet::Tool | Fleet::RandomOrder | Fleet::Hosting) => 5,
        Some(Fleet::Perfect) => 300,
        Some(Fleet::Mirror) => 1000,
    };
    assert!(outcome.people_asked * 1000 <= outcome.people * most_asked, "{fleet:?}: {outcome:?}");
}

#[test]
#[ignore = "the same at full size, a minute in release mode; it prints the table of docs/tuning.md, too"]
fn full_size() {
    let size = Size { addresses: 200_000, people_hourly: 2_000 };
    println!("seed {}; {} addresses with {EACH} requests each", seed(), size.addresses);
    let kept = learned(size, seed());
    let entries: usize = kept[0].levels.iter().map(|level| level.known.len()).sum();
    println!("{entries} known cohorts");
    for fleet in days() {
        let began = std::time::Instant::now();
        let outcome = attacked(size, &kept, fleet, seed() + 1);
        let name = fleet.map_or("nobody".to_owned(), |fleet| format!("{fleet:?}"));
        println!(
            "{name:<12} sent {:>8} through {:>6} ({:.2} %) of a budget of {} | people {} asked {} ({:.2} %) refused {} | {:.1} s",
            outcome.sent,
            outcome.through,
            outcome.through as f64 * 100.0 / (outcome.sent.max(1)) as f64,
            outcome.budget,
            outcome.people,
            outcome.people_asked,
            outcome.people_asked as f64 * 100.0 / outcome.people as f64,
            outcome.people_refused,
            began.elapsed().as_secs_f64()
        );
        check(fleet, &outcome);
    }
}
