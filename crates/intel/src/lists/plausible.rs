use super::Entries;

/// A list that was longer than this does not become ten times shorter from one day to the next.
const SETTLED: usize = 50;
/// How much shorter or longer than before a list may be.
const TIMES: usize = 10;
/// Shorter ones may grow as they like.
const SMALL: usize = 1000;

/// Why a list should not take the place of the one before, which had `before` entries; `None` when it may. Publishers
/// have put out empty files, files cut short, and files with all of the internet in them.
#[must_use]
pub fn implausible(new: &Entries, before: Option<usize>) -> Option<String> {
    let count = new.len();
    if count == 0 {
        return Some("it has no entries".to_owned());
    }
    if new.unread > count / 10 + 5 {
        return Some(format!("{} of its lines hold no address, against {count} that do", new.unread));
    }
    if let Some(before) = before {
        if before >= SETTLED && count < before / TIMES {
            return Some(format!("it has shrunk from {before} entries to {count}"));
        }
        if count > SMALL && count > before.saturating_mul(TIMES) {
            return Some(format!("it has grown from {before} entries to {count}"));
        }
    }
    covers(new).map(|family| format!("it covers more than half of {family}"))
}

/// The family of which more than half is covered: of IPv6, of 2000::/3, which is what is in use.
fn covers(entries: &Entries) -> Option<&'static str> {
    const IN_USE: (u128, u128) = (0x2000 << 112, (0x4000 << 112) - 1);
    let v4 = entries.v4.iter().map(|(first, last)| (u128::from(*first), u128::from(*last)));
    if covered(v4.collect()) > 1 << 31 {
        return Some("IPv4");
    }
    let v6 = entries.v6.iter().filter(|(first, last)| *last >= IN_USE.0 && *first <= IN_USE.1);
    let v6 = v6.map(|(first, last)| (*(first.max(&IN_USE.0)), *(last.min(&IN_USE.1))));
    (covered(v6.collect()) > 1 << 124).then_some("IPv6")
}

/// How many addresses spans hold, those in several counted once.
fn covered(mut spans: Vec<(u128, u128)>) -> u128 {
    spans.sort_unstable();
    let (mut sum, mut from) = (0u128, 0u128);
    for (first, last) in spans {
        let first = first.max(from);
        if first <= last {
            sum = sum.saturating_add(last - first + 1);
            from = last.saturating_add(1);
        }
    }
    sum
}
