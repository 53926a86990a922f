use super::{Seen, Signal};
use crate::Evidence;

pub(super) const SIGNAL: Signal = Signal {
    name: "credential_stuffing",
    finds: "On this route, or among its clients with this user agent, network or fingerprint, many accounts fail about once each from many addresses, and most of them are never entered.",
    matters: "That is what a list of stolen passwords looks like while it is tried. Clients that are known to the account are left out.",
    oat: &[8],
    weight: 50,
    find,
};

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    let account = seen.facts.account.as_deref().filter(|account| !account.known)?;
    let settings = seen.accounts;
    let crowd = account.crowds.of_many.iter().find(|crowd| crowd.is_stuffing(settings))?;
    Some(Evidence::Count {
        count: crowd.failures,
        limit: settings.stuffing_from.saturating_sub(1),
        window_millis: settings.lock.window_millis,
    })
}
