use super::{Seen, Signal};
use crate::Evidence;

pub(super) const SIGNAL: Signal = Signal {
    name: "unclear_account",
    finds: "Which account is meant cannot be told: the body was not read whole, or names two.",
    matters: "Whoever hides the account's name is not counted for it; ordinary forms are short, plain and name one.",
    oat: &[7, 8],
    weight: 50,
    find,
};

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    seen.observation.account_unclear.then_some(Evidence::None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Observation;
    use crate::signal::check;

    #[test]
    fn found() {
        for unclear in [false, true] {
            let plain = Observation::of(std::net::Ipv4Addr::LOCALHOST.into(), "POST", "/login");
            check(&SIGNAL, &Observation { account_unclear: unclear, ..plain }, unclear);
        }
    }
}
