//! Random people, bots and networks over the real code, with restarts and clocks that jump. A failure prints its seed;
//! `SPIGOT_SEED=7 cargo test -p spigot-state --test protection simulation` builds and runs that one alone.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use spigot_decision::policy::Trigger;
use spigot_decision::{Action, Decision, Evidence, Level, Millis, Presented, Source};
use spigot_state::RESTRICTIONS_MAX;

use super::world::{HOUR, MINUTE, Request, World, get, v4, v6};

const POLICY: &str =
    "triggers = { high_frequency = { more_than = 40, window = \"2m\" }, traffic_anomaly = { at_least = 10 } }
[[route]]
name = \"login\"
match = \"POST /login\"
preset = \"high\"
[[route]]
name = \"page\"
match = \"/**\"
";
const LIMIT: usize = 40;
const WINDOW: i64 = 2 * MINUTE;
const QUOTA: u32 = 60;
const LIFE: i64 = 12 * HOUR;

/// SplitMix64: the whole state is the seed and how often it was asked.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

/// Says which seed it was when a check fails.
pub(crate) struct Seed(pub(crate) u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("the seed was {}", self.0);
        }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    /// Solves when asked, seldom fails.
    Person,
    /// Never solves, always fails.
    Bot,
    /// A bot with a new address each time.
    Rotating,
    /// Solves when asked and goes on.
    Solver,
}

struct Actor {
    kind: Kind,
    address: IpAddr,
    clearance: Option<Presented>,
}

/// What the counts should be: lists of times, as slow and as simple as it gets.
#[derive(Default)]
struct Model {
    requests: HashMap<String, VecDeque<i64>>,
    uses: HashMap<u64, VecDeque<i64>>,
}

impl Model {
    fn count(list: &mut VecDeque<i64>, window: i64, now: i64) -> usize {
        list.retain(|time| now - time < window);
        list.push_back(now);
        list.len()
    }
}

struct Simulation {
    world: World,
    dice: Dice,
    model: Model,
    actors: Vec<Actor>,
    now: i64,
    fresh: u64,
    /// The clock never steps back, so that counts are exactly the model's.
    exact: bool,
}

impl Simulation {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let actors = (0..40)
            .map(|n| {
                let kind = match dice.below(8) {
                    0 => Kind::Bot,
                    1 => Kind::Rotating,
                    2 => Kind::Solver,
                    _ => Kind::Person,
                };
                // Some share an address, some a /56, some are alone.
                let address = match dice.below(4) {
                    0 => v4("192.0.2.1"),
                    1 => v6(7, n, 1),
                    2 => v6(n + 100, 1, 1),
                    _ => v4(&format!("198.51.100.{n}")),
                };
                Actor { kind, address, clearance: None }
            })
            .collect();
        let (world, now) = (World::new(POLICY), 1_800_000_000_000);
        Self { world, dice, model: Model::default(), actors, now, fresh: 0, exact: seed.is_multiple_of(2) }
    }

    fn step(&mut self) {
        match self.dice.below(1000) {
            0 => {
                self.world.restart();
                self.model = Model::default();
            }
            1 => self.now += self.dice.below(40) as i64 * HOUR,
            2 if !self.exact => self.now -= self.dice.below(40) as i64 * HOUR,
            3..=30 if !self.exact => self.now -= self.dice.below(5000) as i64,
            _ => self.now += self.dice.below(1500) as i64,
        }
        let at = self.dice.below(self.actors.len() as u64) as usize;
        for _ in 0..self.dice.below(30) {
            self.now += self.dice.below(100) as i64;
            self.act(at);
        }
    }

    fn act(&mut self, at: usize) {
        let (address, kind) = (self.actors[at].address, self.actors[at].kind);
        let login = matches!(kind, Kind::Bot | Kind::Rotating) || self.dice.below(10) == 0;
        let (method, path) = if login { ("POST", "/login") } else { ("GET", "/") };
        let address = match (kind, address) {
            (Kind::Rotating, IpAddr::V6(_)) => {
                v6(9, self.dice.below(65_536) as u16, self.dice.below(1 << 40))
            }
            _ => address,
        };
        let fails = login && (!matches!(kind, Kind::Person) || self.dice.below(5) == 0);
        let clearance = self.actors[at].clearance;
        let request = Request { method, path, clearance, ..get(address) };
        let (decision, passed) = self.world.send(request, if fails { 401 } else { 200 }, Millis(self.now));
        assert!(!passed || decision.action < Action::Challenge);
        self.check(address, clearance, &decision);
        if decision.action == Action::Challenge && matches!(kind, Kind::Person | Kind::Solver) {
            self.fresh += 1;
            let life_millis = LIFE as u32;
            self.actors[at].clearance = Some(Presented {
                id: self.fresh,
                level: Level::High,
                quota: QUOTA,
                life_millis,
                age_millis: 0,
            });
        }
    }

    fn check(&mut self, address: IpAddr, clearance: Option<Presented>, decision: &Decision) {
        let subject = match (clearance, address) {
            (Some(held), _) => format!("clearance {}", held.id),
            (None, IpAddr::V6(v6)) => format!("{:x}", v6.to_bits() >> 64),
            (None, IpAddr::V4(v4)) => v4.to_string(),
        };
        let own = Model::count(self.model.requests.entry(subject).or_default(), WINDOW, self.now);
        let uses = clearance
            .map_or(0, |held| Model::count(self.model.uses.entry(held.id).or_default(), LIFE, self.now));
        if !self.exact {
            return;
        }
        let source = Source::Trigger(Trigger::HighFrequency);
        let said = decision.reasons.iter().find_map(|reason| match reason.evidence {
            Evidence::Count { count, limit, .. } if reason.source == source && limit as usize == LIMIT => {
                Some(count)
            }
            _ => None,
        });
        // Beyond twice its limit a count may stop; it stays over.
        if own <= 2 * LIMIT {
            assert_eq!(said, (own > LIMIT).then_some(own as u32), "request {own} of its window");
        } else {
            assert!(said.is_some_and(|count| count as usize > LIMIT), "request {own} of its window");
        }
        if clearance.is_some() && decision.action == Action::Challenge {
            assert!(own > LIMIT || uses > QUOTA as usize, "asked again after {own} requests and {uses} uses");
        }
    }
}

fn run(seed: u64) {
    let _seed = Seed(seed);
    let mut simulation = Simulation::new(seed);
    let bytes = simulation.world.state.table.stats().bytes;
    for step in 0..600 {
        simulation.step();
        if step % 50 == 0 {
            let state = &simulation.world.state;
            state.table.maintain(10, Millis(simulation.now));
            state.restrictions.forget(&simulation.world.policy.ladder, Millis(simulation.now));
        }
    }
    let state = &simulation.world.state;
    let stats = state.table.stats();
    assert_eq!(stats.bytes, bytes, "the table does not grow");
    assert_eq!((stats.evicted, stats.merged), (0, 0), "there was room for everybody, so counts were exact");
    assert!(state.restrictions.in_force(Millis(i64::MIN)).len() <= RESTRICTIONS_MAX);
    assert!(simulation.fresh > 0, "somebody was asked");
}

#[test]
fn what_must_hold_holds_for_every_seed() {
    match option_env!("SPIGOT_SEED") {
        Some(seed) => run(seed.parse().expect("SPIGOT_SEED is a number")),
        None => (0..16).for_each(run),
    }
}
