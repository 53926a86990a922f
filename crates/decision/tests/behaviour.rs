//! People and programs as a widget sees them: what each comes to under the shipped weights. The sums are modelled on what
//! Chromium sends (web/widget/test/browser/behaviour.test.mjs drives it) and on what the aids of people are known to do.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use spigot_decision::behaviour::{Fill, Focus, Keys, Paste, Pointer, Visibility};
use spigot_decision::policy::load;
use spigot_decision::{
    Action, Behaviour, Facts, Keys as HashKeys, Millis, Observation, Source, decide, plan,
};

/// Risk, action, and the names of the signals.
fn judged(behaviour: &Behaviour) -> (u8, Action, Vec<&'static str>) {
    let policy = load("default", spigot_decision::policy::DEFAULT).unwrap();
    let observation = Observation {
        host: "shop.example",
        user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0",
        behaviour: Some(behaviour),
        ..Observation::of([192, 0, 2, 1].into(), "POST", "/.spigot/widget/solve")
    };
    let now = Millis(1_795_248_000_000);
    let plan = plan(&policy, &observation, &HashKeys(7, 7), now);
    let facts = Facts { available: true, ..Facts::default() };
    let decision = decide(&policy, &observation, &plan, &facts, now);
    let names = decision.reasons.iter().filter_map(|reason| match reason.source {
        Source::Signal(index) => Some(spigot_decision::signal::NAMES[usize::from(index)]),
        _ => None,
    });
    (decision.risk, decision.action, names.collect())
}

/// Somebody with a mouse and a keyboard, who fills in a form of two fields.
fn somebody() -> Behaviour {
    Behaviour {
        since_millis: 14_000,
        pointer: Pointer {
            moves: 180,
            presses: 3,
            path_pixels: 2_100,
            straight_percent: 93,
            speed_cv_percent: 124,
            speed_flips_percent: 44,
            ..Pointer::default()
        },
        keys: Keys {
            presses: 31,
            between_millis: 160,
            between_cv_percent: 62,
            held_millis: 91,
            held_cv_percent: 24,
            ..Keys::default()
        },
        focus: Focus { fields: 2, filled: 2, ..Focus::default() },
        fill: Fill { inputs: 30, before_millis: 2_900, millis: 6_400, ..Fill::default() },
        ..Behaviour::default()
    }
}

const NO_POINTER: Pointer = Pointer {
    moves: 0,
    presses: 0,
    touches: 0,
    untrusted: 0,
    silent: 0,
    path_pixels: 0,
    straight_percent: 0,
    speed_cv_percent: 0,
    speed_flips_percent: 0,
};
const NO_KEYS: Keys = Keys {
    presses: 0,
    untrusted: 0,
    between_millis: 0,
    between_cv_percent: 0,
    held_millis: 0,
    held_cv_percent: 0,
};

/// Nothing is held against any of them.
#[test]
fn people() {
    let check = |who: &str, behaviour: Behaviour| {
        assert_eq!(judged(&behaviour), (0, Action::Allow, vec![]), "{who}");
    };
    let usual = somebody();
    let filled = |inputs, untrusted, millis| Fill { inputs, untrusted, before_millis: 900, millis };
    check("somebody with mouse and keyboard", usual);
    check(
        "nobody yet: the widget solves with the page",
        Behaviour { since_millis: 300, ..Behaviour::default() },
    );
    check(
        "a tab in the background, solved with the page",
        Behaviour {
            visibility: Visibility { hidden_throughout: true, hidden_millis: 900, hides: 0 },
            ..Behaviour::default()
        },
    );
    check("the keyboard alone", Behaviour { pointer: NO_POINTER, ..usual });
    check(
        "a browser that fills in, and a mouse that presses",
        Behaviour {
            keys: NO_KEYS,
            focus: Focus { fields: 1, filled: 6, filled_unentered: 5, autofilled: 6, backwards: 0 },
            fill: filled(6, 0, 4),
            ..usual
        },
    );
    check(
        "a browser that fills in, on a phone",
        Behaviour {
            keys: NO_KEYS,
            pointer: Pointer { presses: 2, touches: 2, ..NO_POINTER },
            focus: Focus { fields: 1, filled: 2, filled_unentered: 1, autofilled: 2, backwards: 0 },
            fill: filled(2, 0, 2),
            ..usual
        },
    );
    check(
        "a password manager's extension, and a mouse",
        Behaviour { keys: Keys { presses: 4, untrusted: 4, ..NO_KEYS }, fill: filled(4, 4, 30), ..usual },
    );
    check(
        "a password manager's extension by its shortcut, and Enter",
        Behaviour {
            pointer: NO_POINTER,
            keys: Keys { presses: 7, untrusted: 4, ..NO_KEYS },
            fill: filled(4, 4, 30),
            ..usual
        },
    );
    check(
        "a password manager beside the browser: copied and pasted",
        Behaviour {
            keys: Keys { presses: 4, between_millis: 300, between_cv_percent: 80, ..NO_KEYS },
            fill: filled(2, 0, 5_200),
            paste: Paste { pastes: 2, fields: 2 },
            ..usual
        },
    );
    check(
        "an extension that fills in as the page loads, and a press by a screen reader or a voice",
        Behaviour {
            pointer: Pointer { silent: 1, ..NO_POINTER },
            keys: Keys { presses: 4, untrusted: 4, ..NO_KEYS },
            focus: Focus { fields: 2, filled: 2, ..Focus::default() },
            fill: filled(4, 4, 12),
            ..usual
        },
    );
    check(
        "a phone's keyboard, which lets keys go at once and completes words",
        Behaviour {
            pointer: Pointer { moves: 6, presses: 3, touches: 3, ..NO_POINTER },
            keys: Keys { held_millis: 0, held_cv_percent: 0, between_cv_percent: 48, ..usual.keys },
            ..usual
        },
    );
    check(
        "a screen reader, whose keys the page does not hear but where something is written",
        Behaviour {
            pointer: NO_POINTER,
            keys: Keys { presses: 26, ..usual.keys },
            focus: Focus { fields: 4, backwards: 3, filled: 2, ..Focus::default() },
            ..usual
        },
    );
    check(
        "dictation: words at once, and neither pointer nor keys",
        Behaviour { pointer: NO_POINTER, keys: NO_KEYS, fill: filled(5, 0, 9_000), ..usual },
    );
    check(
        "eyes on an on-screen keyboard: the pointer jumps, each key takes its dwell",
        Behaviour {
            pointer: Pointer { moves: 44, presses: 2, ..NO_POINTER },
            keys: Keys {
                presses: 28,
                between_millis: 1_150,
                between_cv_percent: 27,
                held_millis: 1,
                ..NO_KEYS
            },
            fill: filled(28, 0, 34_000),
            ..usual
        },
    );
    check(
        "a switch that scans: long pauses, no pointer",
        Behaviour {
            pointer: NO_POINTER,
            keys: Keys { presses: 28, between_millis: 1_400, between_cv_percent: 22, ..NO_KEYS },
            fill: filled(28, 0, 60_000),
            ..usual
        },
    );
    check(
        "a key that writes a code, after the name was typed",
        Behaviour {
            keys: Keys { presses: 60, between_millis: 70, between_cv_percent: 170, ..usual.keys },
            ..usual
        },
    );
    check(
        "somebody who goes back to mend",
        Behaviour { focus: Focus { backwards: 3, ..usual.focus }, ..usual },
    );
    check(
        "one field that the page filled in from an address",
        Behaviour { focus: Focus { filled: 3, filled_unentered: 1, ..usual.focus }, ..usual },
    );
    check(
        "a short way of the pointer",
        Behaviour { pointer: Pointer { moves: 30, speed_cv_percent: 20, ..usual.pointer }, ..usual },
    );
}

/// What programs do, and how much it weighs: alone some of it is not enough for a challenge, and must not be.
#[test]
fn programs() {
    let check = |what: &str, behaviour: Behaviour, risk: u8, action: Action, names: &[&str]| {
        assert_eq!(judged(&behaviour), (risk, action, names.to_vec()), "{what}");
    };
    let usual = somebody();
    let still = Behaviour { pointer: NO_POINTER, keys: NO_KEYS, ..usual };
    let scripted = Fill { inputs: 3, untrusted: 3, before_millis: 40, millis: 12 };
    check(
        "values set by a script in the page",
        Behaviour { fill: scripted, ..still },
        50,
        Action::Challenge,
        &["quick_fill", "no_pointer_no_key"],
    );
    check(
        "the same, from a widget that counts presses without a pointer: a script's click is none of the browser's own",
        Behaviour { fill: scripted, pointer: Pointer { silent: 0, ..NO_POINTER }, ..still },
        50,
        Action::Challenge,
        &["quick_fill", "no_pointer_no_key"],
    );
    check(
        "a tool's trusted inputs, and a press without a pointer",
        Behaviour {
            fill: Fill { untrusted: 0, ..scripted },
            pointer: Pointer { silent: 1, ..NO_POINTER },
            ..still
        },
        30,
        Action::Log,
        &["quick_fill"],
    );
    check(
        "values set without any event",
        Behaviour {
            focus: Focus { fields: 0, filled: 3, filled_unentered: 3, ..Focus::default() },
            fill: Fill::default(),
            ..still
        },
        30,
        Action::Log,
        &["no_pointer_no_key", "fields_filled_unseen"],
    );
    check(
        "a tool's fill and click: the pointer is nowhere before it presses",
        Behaviour {
            pointer: Pointer { moves: 1, presses: 1, ..NO_POINTER },
            keys: NO_KEYS,
            fill: scripted,
            ..usual
        },
        30,
        Action::Log,
        &["quick_fill"],
    );
    check(
        "a tool that types without pause",
        Behaviour {
            keys: Keys { presses: 40, between_millis: 2, between_cv_percent: 60, ..NO_KEYS },
            fill: Fill { inputs: 38, untrusted: 0, before_millis: 40, millis: 110 },
            ..usual
        },
        50,
        Action::Challenge,
        &["quick_fill", "robotic_rhythm"],
    );
    check(
        "a tool that waits 100 ms after each key",
        Behaviour {
            keys: Keys { presses: 40, between_millis: 102, between_cv_percent: 4, ..NO_KEYS },
            ..usual
        },
        20,
        Action::Log,
        &["robotic_rhythm"],
    );
    check(
        "a page in the background that fills itself in",
        Behaviour {
            fill: scripted,
            visibility: Visibility { hidden_throughout: true, ..Visibility::default() },
            ..still
        },
        80,
        Action::Block,
        &["quick_fill", "no_pointer_no_key", "page_hidden"],
    );
    check(
        "a pointer at one pace",
        Behaviour {
            pointer: Pointer {
                moves: 200,
                straight_percent: 96,
                speed_cv_percent: 18,
                speed_flips_percent: 65,
                ..usual.pointer
            },
            ..usual
        },
        25,
        Action::Log,
        &["robotic_path"],
    );
    check(
        "events made in the page",
        Behaviour { pointer: Pointer { untrusted: 180, ..usual.pointer }, ..usual },
        20,
        Action::Log,
        &["events_by_program"],
    );
    check(
        "a list, pasted field by field",
        Behaviour {
            keys: NO_KEYS,
            focus: Focus { fields: 4, backwards: 5, filled: 4, ..Focus::default() },
            paste: Paste { pastes: 4, fields: 4 },
            ..usual
        },
        15,
        Action::Allow,
        &["fields_out_of_order", "pasted_everything"],
    );
    check(
        "a pointer that appears where it presses",
        Behaviour { pointer: Pointer { moves: 4, presses: 4, ..NO_POINTER }, ..usual },
        10,
        Action::Allow,
        &["pointer_without_way"],
    );
}

/// What the widget sent from Chromium, driven by web/widget/test/browser/behaviour.test.mjs: people come to nothing, and of
/// the programs it is said what is found.
#[test]
fn recorded() {
    let text = include_str!("behaviour.jsonl");
    let mut programs = Vec::new();
    for line in text.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let (who, is) = (line["who"].as_str().unwrap(), line["is"].as_str().unwrap());
        let behaviour: Behaviour = serde_json::from_value(line["seen"].clone()).unwrap();
        let found = judged(&behaviour);
        match is {
            "person" => assert_eq!(found, (0, Action::Allow, vec![]), "{who}"),
            _ => programs.push((who.to_owned(), found.0, found.2)),
        }
    }
    let expected: [(&str, u8, Vec<&str>); 4] = [
        ("a script's fill and a script's click", 50, vec!["quick_fill", "no_pointer_no_key"]),
        ("a tool's fill and click", 30, vec!["quick_fill"]),
        ("a tool that types", 50, vec!["quick_fill", "robotic_rhythm"]),
        // On a busy machine its pace is uneven, and it takes its time between the fields: nothing is found.
        ("a tool that draws lines with its pointer", 0, vec![]),
    ];
    assert_eq!(programs, expected.map(|(who, risk, names)| (who.to_owned(), risk, names)));
}

/// The model alone must not decide, and neither may any other signal of behaviour.
#[test]
fn no_signal_of_behaviour_reaches_a_challenge_alone() {
    let policy = load("default", spigot_decision::policy::DEFAULT).unwrap();
    let names = [
        "quick_fill",
        "no_pointer_no_key",
        "fields_filled_unseen",
        "fields_out_of_order",
        "pasted_everything",
        "page_hidden",
        "robotic_rhythm",
        "robotic_path",
        "pointer_without_way",
        "events_by_program",
        "pressed_by_program",
    ];
    for name in names {
        let index = spigot_decision::signal::NAMES.iter().position(|of| *of == name).unwrap();
        for route in &policy.routes {
            let settings = &route.settings;
            assert!(settings.weights[index] < settings.thresholds.challenge, "{name} on {}", route.name);
        }
    }
}
