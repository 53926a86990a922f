use std::collections::VecDeque;

use proptest::prelude::*;
use spigot_decision::CountKind;

use super::*;

fn event(key: u64, window_millis: u64, limit: u32) -> Count {
    Count { key, window_millis, limit, kind: CountKind::Frequency, add: true }
}

#[test]
fn the_layout_is_as_computed() {
    assert_eq!((size_of::<Set>(), size_of::<Chunk>()), (256, 64));
}

#[test]
fn five_hundred_pass_and_the_next_does_not() {
    let table = Table::new(1 << 20, Millis(0));
    let count = event(7, 1_200_000, 500);
    for n in 1..=501 {
        assert_eq!(table.count(&count, Millis(n * 100)), n as u32);
    }
    // The first event left the window exactly 20 minutes after it came.
    let read = Count { add: false, ..count };
    assert_eq!(table.count(&read, Millis(100 + 1_200_000 - 1)), 501);
    assert_eq!(table.count(&read, Millis(100 + 1_200_000)), 500);
}

#[test]
fn a_steady_client_just_below_the_limit_is_never_over_it() {
    let table = Table::new(1 << 20, Millis(0));
    let count = event(9, 1_200_000, 500);
    for n in 0..5000 {
        assert!(table.count(&count, Millis(n * 2400)) <= 500, "request {n}");
    }
}

proptest! {
    #[test]
    fn agrees_with_a_list_of_times(steps in prop::collection::vec((0u64..4, 0i64..400, any::<bool>()), 1..400)) {
        let table = Table::new(1 << 20, Millis(0));
        let mut lists: Vec<VecDeque<i64>> = vec![VecDeque::new(); 4];
        let mut now = 0;
        for (key, step, add) in steps {
            now += step;
            let (window, limit) = (1000 + key * 500, 500);
            let list = &mut lists[key as usize];
            list.retain(|t| now - t < window as i64);
            if add { list.push_back(now); }
            let count = Count { add, ..event(key + 1, window, limit) };
            prop_assert_eq!(table.count(&count, Millis(now)) as usize, list.len());
        }
    }
}

#[test]
fn heavy_keys_survive_a_flood_of_new_ones() {
    // A quarter of a megabyte holds 512 sets; 400,000 keys pass through it.
    let table = Table::new(256 << 10, Millis(0));
    let mix = |n: u64| (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut counts = [0u32; 20];
    let mut over = 0;
    for n in 0..400_000u64 {
        let now = Millis((n / 400) as i64);
        over += u32::from(table.count(&event(mix(n + 1000), 1_200_000, 50), now) > 50);
        // Each comes back after 500 others: an eighth of what the table holds. A key that was seen once only is
        // lost when eight new ones reach its set before it comes back.
        if n % 25 == 0 {
            let heavy = (n / 25 % 20) as usize;
            counts[heavy] += 1;
            let seen = table.count(&event(mix(heavy as u64), 1_200_000, 50), now);
            assert_eq!(seen, counts[heavy].min(116), "heavy key {heavy} at request {n}");
        }
    }
    assert_eq!(over, 0, "an ordinary key was taken for a heavy one");
    assert!(table.stats().evicted > 300_000);
}

#[test]
fn an_empty_pool_loses_no_count() {
    let table = Table::new(64 << 10, Millis(0));
    for n in 0..2000 {
        let seen = table.count(&event(64, 1_200_000, 5000), Millis(n * 1300));
        assert_eq!(seen, (n + 1).min(923) as u32, "within one window of {n}");
        if n == 900 {
            break;
        }
    }
    for key in 0..50u64 {
        for n in 0..40 {
            assert_eq!(
                table.count(&event((key + 2) * 64, 60_000, 100), Millis(2_000_000 + n * 10)),
                n as u32 + 1
            );
        }
    }
    assert!(table.stats().merged > 0 && table.stats().chunks_used <= table.stats().chunks);
}

#[test]
fn sweeping_gives_memory_back() {
    let table = Table::new(1 << 20, Millis(0));
    for key in 1..200u64 {
        for n in 0..30 {
            table.count(&event(key << 33 | key, 1000, 100), Millis(n));
        }
    }
    assert!(table.stats().chunks_used > 0);
    table.maintain(1, Millis(10_000));
    assert_eq!(table.stats().chunks_used, 0);
}

#[test]
fn a_clock_that_steps_back_does_no_harm() {
    let table = Table::new(1 << 20, Millis(0));
    let count = event(5, 1000, 10);
    assert_eq!(table.count(&count, Millis(5000)), 1);
    assert_eq!(table.count(&count, Millis(100)), 2);
    assert_eq!(table.count(&count, Millis(5999)), 3);
    assert_eq!(table.count(&count, Millis(6000)), 2, "both events of 5000 have left");
}
