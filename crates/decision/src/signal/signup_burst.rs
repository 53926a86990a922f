use super::{Seen, Signal};
use crate::Evidence;

pub(super) const SIGNAL: Signal = Signal {
    name: "signup_burst",
    finds: "Sign-ups for many accounts come from one network in a short time.",
    matters: "Farms are in a hurry. So is a class of pupils, which is why it does not ask by itself.",
    oat: &[19],
    weight: 30,
    find,
};

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    let settings = seen.accounts;
    let count = seen.facts.account.as_deref()?.burst;
    (count >= settings.burst_from).then_some(Evidence::Count {
        count,
        limit: settings.burst_from.saturating_sub(1),
        window_millis: settings.signup_window_millis,
    })
}
