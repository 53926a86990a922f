//! IPv6 networks that fail from ever new addresses.

use spigot_decision::{Action, Millis};

use super::world::{MINUTE, Request, World, cleared, get, v6};

/// Ten a second.
fn at(n: u32) -> Millis {
    Millis(i64::from(n) * 100)
}

/// How many of 10,000 posts to log-in reach the application, each from an address of its own.
fn reached(world: &World, address: impl Fn(u32) -> std::net::IpAddr) -> u32 {
    (0..10_000)
        .filter(|n| world.send(Request { method: "POST", path: "/login", ..get(address(*n)) }, 401, at(*n)).1)
        .count() as u32
}

#[test]
fn ten_thousand_addresses_of_one_network_are_stopped_and_a_neighbour_is_not() {
    let check = |what: &str, address: fn(u32) -> std::net::IpAddr, most: u32| {
        let world = World::new("");
        let reached = reached(&world, address);
        // 1,000 seconds: as many steps of the ladder as begin in them.
        assert!(reached <= most, "{what}: {reached} posts reached the application");
        let end = at(10_000);
        assert_ne!(world.decide(get(address(1)), end).action, Action::Allow, "{what}");
        assert_eq!(world.decide(get(v6(8, 1, 1)), end).action, Action::Allow, "{what}: the neighbour");
        let held = Request { clearance: cleared(1), ..get(address(1)) };
        assert_eq!(world.decide(held, end).action, Action::Allow, "{what}: judged as itself");
    };
    // One /64 is one client: eight failures, then 1, 5 and 30 minutes.
    check("a /64", |n| v6(7, 1, u64::from(n)), 3 * 8);
    // 32 failures of a /56, then 1, 5 and 30 minutes.
    check("a /56", |n| v6(7, (n % 256) as u16, 1), 3 * 32);
    // 128 failures of a /48.
    check("a /48", |n| v6(7, n as u16, 1), 3 * 128);
}

#[test]
fn the_numbers_are_the_operators() {
    let world = World::new("[restrict]\nrestrict_from = 2\nslow_from = 2\naround = [2, 3]\nsteps = \"1h\"");
    assert_eq!(reached(&world, |n| v6(7, (n % 256) as u16, 1)), 4, "2 × 2 of a /56");
    let world = World::new("[restrict]\nrestrict_from = 2\nslow_from = 2\naround = [2, 3]\nsteps = \"1h\"");
    assert_eq!(reached(&world, |n| v6(7, (n * 256) as u16, 1)), 6, "2 × 3 of a /48");
}

#[test]
fn people_with_clearances_restrict_their_network_four_times_as_late() {
    let world = World::new("");
    // Each holder fails four times from a /64 of its own in one /56: nobody is slowed.
    let mut reached = 0;
    for n in 0..64u16 {
        for turn in 0..4 {
            let request = Request { clearance: cleared(u64::from(n)), ..get(v6(7, n, 1)) };
            reached += u32::from(world.send(request, 401, Millis(i64::from(n) * 10 + turn)).1);
        }
    }
    assert_eq!(reached, 256, "each was judged as itself");
    assert_eq!(world.decide(get(v6(7, 99, 1)), Millis(MINUTE)).action, Action::Block, "new ones are refused");
    let world = World::new("");
    for n in 0..31u16 {
        for turn in 0..4 {
            let request = Request { clearance: cleared(u64::from(n)), ..get(v6(7, n, 1)) };
            world.send(request, 401, Millis(i64::from(n) * 10 + turn));
        }
    }
    assert_eq!(world.decide(get(v6(7, 99, 1)), Millis(MINUTE)).action, Action::Allow, "124 of 128");
}
