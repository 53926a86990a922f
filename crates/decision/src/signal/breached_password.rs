use super::{Seen, Signal};
use crate::Evidence;

pub(super) const SIGNAL: Signal = Signal {
    name: "breached_password",
    finds: "The password is in a corpus of breached ones.",
    matters: "Lists of such passwords are what stuffing tries. Whoever has one is asked for more at log-in; at sign-up and reset the application is told.",
    oat: &[7, 8],
    weight: 50,
    find,
};

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    seen.facts.account.as_deref()?.breached.then_some(Evidence::None)
}
