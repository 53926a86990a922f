//! Many people behind one address.

use spigot_decision::{Action, Millis};

use super::world::{MINUTE, Request, World, cleared, get, v4};

/// Somebody with a browser: solves when asked, and sends the request again.
#[derive(Clone, Copy, Default)]
struct Person {
    clearance: u64,
    asked: u32,
}

impl Person {
    fn visit(&mut self, world: &World, fresh: &mut u64, now: Millis) -> bool {
        for _ in 0..3 {
            let clearance = if self.clearance > 0 { cleared(self.clearance) } else { None };
            let (decision, passed) = world.send(Request { clearance, ..get(v4("192.0.2.1")) }, 200, now);
            if decision.action != Action::Challenge {
                return passed;
            }
            self.asked += 1;
            *fresh += 1;
            self.clearance = *fresh;
        }
        false
    }
}

#[test]
fn an_office_of_two_hundred_is_asked_once_each() {
    let world = World::new("");
    let mut people = [Person::default(); 200];
    let mut fresh = 0;
    // Each reads a page every 20 seconds for two hours: 600 requests a minute from one address, 60 in 20 minutes each.
    for turn in 0..360 {
        for (n, person) in (0..).zip(&mut people) {
            let now = Millis(turn * 20_000 + n * 100);
            assert!(person.visit(&world, &mut fresh, now), "person {n} in turn {turn}");
        }
    }
    let asked: u32 = people.iter().map(|person| person.asked).sum();
    assert!(people.iter().all(|person| person.asked <= 1), "nobody twice");
    assert_eq!(asked, 200, "all of them within the first minutes");
}

#[test]
fn one_abuser_among_them_is_stopped_alone() {
    let world = World::new("");
    let mut people = [Person::default(); 20];
    let mut fresh = 1000;
    let abuser = Request { method: "POST", path: "/login", clearance: cleared(7), ..get(v4("192.0.2.1")) };
    let mut reached = 0;
    for second in 0..3600 {
        let now = Millis(second * 1000);
        // Ten a second, all wrong.
        for n in 0..10 {
            reached += u32::from(world.send(abuser, 401, now.plus(n)).1);
        }
        if second % 20 == 0 {
            for (n, person) in people.iter_mut().enumerate() {
                assert!(person.visit(&world, &mut fresh, now), "person {n} at {second}");
            }
        }
    }
    assert!(people.iter().all(|person| person.asked <= 1));
    assert!(reached <= 40, "{reached} of 36,000 reached the application: eight a step");
    let end = Millis(60 * MINUTE);
    assert_ne!(world.decide(abuser, end).action, Action::Allow);
}

#[test]
fn whoever_solves_once_is_not_unlimited() {
    let world = World::new("");
    let mut bot = Person::default();
    let mut fresh = 0;
    for n in 0..10_000 {
        assert!(bot.visit(&world, &mut fresh, Millis(n)), "request {n}");
    }
    // 500 on its address, then 500 on each clearance.
    assert_eq!(bot.asked, 19);
}
