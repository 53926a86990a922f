use super::{Seen, Signal};
use crate::Evidence;
use crate::behaviour::Mark;

pub(super) const SIGNAL: Signal = Signal {
    name: "environment_mismatch",
    finds: "What a page could see of the browser contradicts its user agent: another engine, system or device, an impossible screen or window, no languages, a property replaced that would tell of a program.",
    matters: "Browsers that pretend to be others forget some of the places that tell. Extensions against fingerprinting change some of them for people, too.",
    oat: &[11, 14, 19],
    weight: 25,
    find,
};

/// What no person's browser has by itself. What browsers and extensions for privacy usually hide is not among it: numbers of
/// cores, canvas, fonts, time zone, sizes that are rounded or the window's own; nor are plug-ins: who has Chromium download
/// PDFs has none, and phones that ask for the desktop's page have none either.
const MARKS: [Mark; 9] = [
    // Each browser asks its system, and has one at least.
    Mark::NoLanguages,
    // What one browser says of itself in two places.
    Mark::Brands,
    Mark::Mobile,
    Mark::Platform,
    // Phones have had touch since they have browsers with these names.
    Mark::Touch,
    // A window in sight on a desk has borders, at least; only a tab that was never in front has none yet.
    Mark::NoWindow,
    // Nobody but a tool has anything to hide behind this property: without one it is false.
    Mark::Patched,
    // No display has no size or fewer than 256 colours, and no browser makes pages smaller than a quarter.
    Mark::Screen,
    // Web interfaces are not hidden by their names; scripts' imitations of a browser have no engine's own.
    Mark::Engine,
];

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    let marks = seen.observation.behaviour?.browser;
    MARKS.iter().find(|mark| marks.has(**mark)).map(|mark| Evidence::Word(mark.name()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::behaviour::{Behaviour, Browser};
    use crate::observation::tests_support::request;

    #[test]
    fn each_mark_is_steering_or_a_mismatch() {
        let check = |mark: Mark, expected| {
            let behaviour = Behaviour { browser: Browser::default().with(mark), ..Behaviour::default() };
            let mut observation = request("/.spigot/widget/solve");
            observation.behaviour = Some(&behaviour);
            super::super::check(&SIGNAL, &observation, expected);
            super::super::check(&super::super::steered_browser::SIGNAL, &observation, !expected);
        };
        for mark in Mark::ALL {
            check(mark, !matches!(mark, Mark::Webdriver | Mark::Headless | Mark::Tool));
        }
        super::super::check(&SIGNAL, &request("/"), false);
    }
}
