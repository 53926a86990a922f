use super::{Seen, Signal};
use crate::Evidence;

pub(super) const SIGNAL: Signal = Signal {
    name: "false_crawler",
    finds: "The client calls itself a crawler whose operator says where it comes from, and does not come from there.",
    matters: "Only who wants a crawler's privileges takes its name. It is said when ranges or DNS have answered, never on a guess.",
    oat: &[11, 14, 18],
    weight: 80,
    find,
};

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    let crawler = seen.facts.reputation.crawler.filter(|crawler| !crawler.genuine)?;
    Some(Evidence::Word(crawler.name))
}
