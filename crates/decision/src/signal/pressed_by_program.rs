use super::{Seen, Signal};
use crate::Evidence;
use crate::behaviour::REACTION_MILLIS;

pub(super) const SIGNAL: Signal = Signal {
    name: "pressed_by_program",
    finds: "The widget's button was pressed by a script's click in the page, or sooner than anybody could have seen it.",
    matters: "Tools that fill forms in click by script. Such a press answers nothing: the button is shown again. Fingers, \
              keys, screen readers, switches and voice control press through the browser, and are not found.",
    oat: &[8, 9, 17, 19],
    weight: 30,
    find,
};

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    let pressed = seen.observation.behaviour?.pressed?;
    if pressed.is_by_script() {
        return Some(Evidence::Word("a script's click"));
    }
    pressed.is_too_soon().then_some(Evidence::Measured {
        of: "pressed.after_millis",
        value: pressed.after_millis,
        bound: REACTION_MILLIS,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::behaviour::{Behaviour, By, Pressed};
    use crate::observation::tests_support::request;

    #[test]
    fn who_presses() {
        let check = |pressed: Option<(By, u32, bool)>, expected| {
            let pressed = pressed.map(|(by, after_millis, in_app)| Pressed { by, after_millis, in_app });
            let behaviour = Behaviour { pressed, ..Behaviour::default() };
            let mut observation = request("/.spigot/widget/solve");
            observation.behaviour = Some(&behaviour);
            super::super::check(&SIGNAL, &observation, expected);
            assert_eq!(pressed.is_some_and(|pressed| !pressed.is_an_answer()), expected, "{pressed:?}");
        };
        check(None, false);
        // A hand that waits where the button comes; a finger; a screen reader's press, which the browser makes.
        check(Some((By::Pointer, 140, false)), false);
        check(Some((By::Pointer, 900, false)), false);
        check(Some((By::Key, 2_500, false)), false);
        // A switch that goes through a page step by step.
        check(Some((By::Key, 45_000, false)), false);
        // An app's own button.
        check(Some((By::Other, 800, true)), false);
        check(Some((By::Other, 800, false)), true);
        for by in [By::Pointer, By::Key, By::Other] {
            check(Some((by, REACTION_MILLIS - 1, true)), true);
            check(Some((by, 0, false)), true);
        }
        check(Some((By::Key, REACTION_MILLIS, false)), false);
        super::super::check(&SIGNAL, &request("/"), false);
    }
}
