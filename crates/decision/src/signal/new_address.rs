use super::{Seen, Signal};
use crate::Evidence;

pub(super) const SIGNAL: Signal = Signal {
    name: "new_address",
    finds: "Log-ins to this account succeeded before, but never from this network or with this clearance.",
    matters: "Stolen passwords are used from where their owner never was. So is every new telephone, which is why it weighs little. It is silent on routes with `same_answer`: a client whose risk is just below a threshold would be told by it which accounts exist.",
    oat: &[7, 8],
    weight: 10,
    find,
};

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    let account = seen.facts.account.as_deref()?;
    (account.remembered && !account.known && !seen.answers_alike).then_some(Evidence::None)
}
