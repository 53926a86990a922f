use super::{Seen, Signal};
use crate::Evidence;

pub(super) const SIGNAL: Signal = Signal {
    name: "alike_addresses",
    finds: "Sign-ups in a row name addresses that differ by a counter, a tag or dots alone.",
    matters: "Farms count their mailboxes, or write one mailbox in many ways.",
    oat: &[19],
    weight: 50,
    find,
};

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    let settings = seen.accounts;
    let count = seen.facts.account.as_deref()?.alike;
    (count >= settings.alike_from).then_some(Evidence::Count {
        count,
        limit: settings.alike_from.saturating_sub(1),
        window_millis: settings.signup_window_millis,
    })
}
