use super::{Seen, Signal};
use crate::Evidence;

pub(super) const SIGNAL: Signal = Signal {
    name: "disposable_domain",
    finds: "The address's domain gives mailboxes away for a moment.",
    matters: "Accounts that nobody can be reached at are made to be thrown away.",
    oat: &[19],
    weight: 30,
    find,
};

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    seen.facts.account.as_deref()?.disposable.then_some(Evidence::None)
}
