use super::{Seen, Signal};
use crate::Evidence;

pub(super) const SIGNAL: Signal = Signal {
    name: "account_probing",
    finds: "One address names account after account and gets into hardly one of them.",
    matters: "Whoever looks for accounts that exist has to ask for many that do not. An office behind one address names many, and is right.",
    oat: &[7, 8],
    weight: 50,
    find,
};

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    let settings = seen.accounts;
    let crowd = seen.facts.account.as_deref()?.crowds.of_client;
    crowd.is_probing(settings).then_some(Evidence::Count {
        count: crowd.accounts,
        limit: settings.probing_from.saturating_sub(1),
        window_millis: settings.lock.window_millis,
    })
}
