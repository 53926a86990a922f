use super::{Seen, Signal};
use crate::Evidence;
use crate::behaviour::Mark;

pub(super) const SIGNAL: Signal = Signal {
    name: "environment_mismatch",
    finds: "What a page could see of the browser contradicts its user agent: another engine, system or device, no window, no languages, properties that were replaced.",
    matters: "Browsers that pretend to be others forget some of the places that tell. Extensions against fingerprinting change some of them for people, too.",
    oat: &[11, 14, 19],
    weight: 25,
    find,
};

const MARKS: &[Mark] =
    &[Mark::NoLanguages, Mark::NoPlugins, Mark::Brands, Mark::Mobile, Mark::Platform, Mark::Touch];

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    let marks = seen.observation.behaviour?.browser;
    MARKS.iter().find(|mark| marks.has(**mark)).map(|mark| Evidence::Word(mark.name()))
}
