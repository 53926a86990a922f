//! Guesses that are sent at one moment, and whose answers take a while.

use super::*;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }
}

/// How far a guess has come. Between any two steps others take theirs.
enum Step {
    /// Nothing is known yet.
    Sent,
    /// What is known was read, and something else is waited for.
    Read(Box<spigot_decision::Plan>, Box<spigot_decision::Facts>),
    /// The application has it.
    Passed(Box<spigot_decision::Plan>, OpenPlace),
    Over,
}

struct Guess {
    from: From<'static>,
    account: String,
    status: u16,
    step: Step,
}

impl Guess {
    /// Takes the next step; true where the application gets the guess.
    fn go(&mut self, site: &Site, now: Millis) -> bool {
        let observation = site.observation("/login", self.from, &self.account);
        let (step, passed) = match std::mem::replace(&mut self.step, Step::Over) {
            Step::Sent => {
                let plan = plan(&site.policy, &observation, &KEYS, now);
                let facts = site.state.fetch_now(&plan, "login", now);
                (Step::Read(Box::new(plan), Box::new(facts)), false)
            }
            Step::Read(plan, mut facts) => {
                let begun = site.state.begin_now(&plan, now).expect("an attempt to log in");
                let account = facts.account.as_mut().expect("it names an account");
                (account.failures, account.locked) = (begun.failures, begun.locked);
                (account.open, account.client_open) = (begun.open, begun.client_open);
                let own = plan.counts.iter().position(|count| count.kind == CountKind::Failures).unwrap();
                facts.counts[own] = begun.client_failures;
                let decision = decide(&site.policy, &observation, &plan, &facts, now);
                match site.policy.lets_through(&decision) {
                    true => (Step::Passed(plan, begun.place), true),
                    false => (Step::Over, false),
                }
            }
            Step::Passed(plan, place) => {
                // One in a while goes away before it is answered, and its place with it.
                if self.status != 0 {
                    let ending = Ending::status(self.status);
                    let ended = outcome(&site.policy, &observation, &plan, ending, &KEYS, now);
                    site.state.report_now(&ended, &site.policy.ladder, now);
                }
                drop(place);
                (Step::Over, false)
            }
            Step::Over => (Step::Over, false),
        };
        self.step = step;
        passed
    }
}

/// Lets guesses take their steps in the order that the seed draws, within the seconds before a lock would end; how many
/// reached the application.
fn run(site: &Site, mut guesses: Vec<Guess>, seed: u64) -> usize {
    let mut random = Random(seed);
    let (mut reached, mut now) = (0, 0);
    while !guesses.is_empty() {
        let at = random.below(guesses.len());
        now += random.below(20) as i64;
        reached += usize::from(guesses[at].go(site, Millis(now)));
        if matches!(guesses[at].step, Step::Over) {
            guesses.swap_remove(at);
        }
    }
    reached
}

#[test]
fn guesses_at_one_moment_get_no_further_than_one_after_the_other() {
    let quiet = "[restrict]\nslow_from = 1000\nrestrict_from = 1000\n[accounts]\nstuffing_from = 1000";
    let check = |text: &str, guess: fn(usize) -> (String, Option<u64>, String), most: usize| {
        for seed in 0..200 {
            let site = Site::new(&format!("weights = {{ failures_behind = 0 }}\n{quiet}\n{text}"));
            let guesses = (0..50).map(|n| {
                let (client, clearance, account) = guess(n);
                Guess { from: From { clearance, ..at(&client) }, account, status: 401, step: Step::Sent }
            });
            let reached = run(&site, guesses.collect(), seed);
            assert_eq!(reached, most, "seed {seed}: {text} {:?}", guess(1));
        }
    };
    let fleet = |n| (format!("10.0.{n}.1"), None, "ada".to_owned());
    let one = |n| ("192.0.2.1".to_owned(), None, format!("ada{n}"));
    let solvers = |n: usize| (format!("10.0.{n}.1"), Some(n as u64 + 1), "ada".to_owned());
    // Whoever is asked for a challenge has reached nothing; one more than the failures that are free, as ever.
    check("", fleet, 4);
    check("", one, 4);
    check("challenge_after = 1000", fleet, 10);
    check("lock_from = 6\nlock_steps = [\"15m\"]", solvers, 6);
}

#[test]
fn who_is_right_or_goes_away_takes_nobodys_place() {
    for seed in 0..200 {
        let site = Site::new("[accounts]\nchallenge_after = 5");
        let guesses = (0..300).map(|n| Guess {
            from: at(&format!("10.{}.{}.1", n / 100, n % 100)),
            account: "ada".to_owned(),
            status: [0, 503, 200][n % 3],
            step: Step::Sent,
        });
        let mut guesses: Vec<_> = guesses.collect();
        // Never more than five at once: nobody is asked, however many come.
        let mut reached = 0;
        while !guesses.is_empty() {
            let together = guesses.split_off(guesses.len().saturating_sub(5));
            reached += run(&site, together, seed);
        }
        assert_eq!(reached, 300, "seed {seed}");
    }
}

#[test]
fn the_owner_at_home_waits_for_no_stranger() {
    let site = Site::new("");
    let home = at("198.51.100.7");
    assert_eq!(site.attempt("/login", home, "ada", 200, 0).action, Action::Allow);
    let stuck = |n: usize| Guess {
        from: at(&format!("10.0.{n}.1")),
        account: "ada".to_owned(),
        status: 401,
        step: Step::Sent,
    };
    let mut stuck: Vec<Guess> = (0..50).map(stuck).collect();
    for guess in &mut stuck {
        guess.go(&site, Millis(1));
        guess.go(&site, Millis(2));
    }
    let mut owner = Guess { from: home, account: "ada".to_owned(), status: 200, step: Step::Sent };
    assert!(!owner.go(&site, Millis(3)) && owner.go(&site, Millis(4)), "the owner was kept out");
    // An application that never answers keeps nobody out for long.
    let mut late = Guess { from: at("192.0.2.1"), account: "ada".to_owned(), status: 200, step: Step::Sent };
    late.go(&site, Millis(59_000));
    assert!(!late.go(&site, Millis(59_001)), "while they wait");
    let mut later = Guess { step: Step::Sent, ..late };
    later.go(&site, Millis(MINUTE + 2));
    assert!(later.go(&site, Millis(MINUTE + 3)), "a minute later");
}
