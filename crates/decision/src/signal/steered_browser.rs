use super::{Seen, Signal};
use crate::Evidence;
use crate::behaviour::Mark;

pub(super) const SIGNAL: Signal = Signal {
    name: "steered_browser",
    finds: "The browser that sent a solution says that a program steers it, or has no window.",
    matters: "Browsers that are driven and hide nothing run any challenge; nobody reads in them. People's browsers never say it.",
    oat: &[7, 8, 11, 19],
    weight: 80,
    find,
};

/// Those that a browser sets itself, or that only a tool leaves. Marks that an extension or an odd window can bring about
/// are not among them.
const MARKS: [Mark; 3] = [Mark::Webdriver, Mark::Headless, Mark::Tool];

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    let browser = seen.observation.behaviour?.browser;
    MARKS.iter().find(|mark| browser.has(**mark)).map(|mark| Evidence::Word(mark.name()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::behaviour::{Behaviour, Browser};
    use crate::observation::tests_support::request;

    #[test]
    fn what_browsers_say_of_themselves() {
        let check = |marks: &[Mark], expected| {
            let browser = marks.iter().fold(Browser::default(), |browser, mark| browser.with(*mark));
            let behaviour = Behaviour { browser, ..Behaviour::default() };
            let mut observation = request("/.spigot/solve");
            observation.behaviour = Some(&behaviour);
            super::super::check(&SIGNAL, &observation, expected);
        };
        check(&[], false);
        check(&[Mark::Webdriver], true);
        check(&[Mark::Patched, Mark::Tool], true);
        check(&[Mark::Headless], true);
        // What contradicts its user agent only.
        check(&[Mark::Patched, Mark::NoWindow, Mark::Touch], false);
        super::super::check(&SIGNAL, &request("/"), false);
    }
}
