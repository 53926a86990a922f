//! The policies under `policies/cases`: good ones with what they compile to, bad ones with all that is said about
//! them. `UPDATE_EXPECT=1` writes the `.expected` files; read each of them as the operator who will meet it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use expect_test::expect_file;
use proptest::prelude::*;
use spigot_decision::policy::source::Problems;
use spigot_decision::policy::units::{Rate, duration_text};
use spigot_decision::policy::{AccountSettings, Gives, ListKind, Policy, Relief, Route, Settings, load};
use spigot_decision::signal::SIGNALS;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/cases");

fn cases(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(Path::new(FOLDER).join(folder)).expect("the folder of cases is there");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("its entries can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    paths.sort();
    paths
}

fn text_of(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every file of a folder against the `.expected` beside it.
fn check(
    folder: &str,
    at_least: usize,
    expected: impl Fn(Result<Policy, Problems>) -> Result<String, String>,
) {
    let paths = cases(folder);
    assert!(paths.len() >= at_least, "{} cases in {folder}", paths.len());
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match expected(load(&name, &text_of(&path))) {
            Ok(text) => expect_file![path.with_extension("expected")].assert_eq(&text),
            Err(wrong) => panic!("{folder}/{name}: {wrong}"),
        }
    }
}

#[test]
fn good() {
    let default = summary(&load("default", spigot_decision::policy::DEFAULT).unwrap());
    check("good", 32, |result| {
        let policy = result.map_err(|problems| format!("\n{problems}"))?;
        Ok(beside(&summary(&policy), &default))
    });
}

#[test]
fn bad() {
    check("bad", 64, |result| match result {
        Ok(_) => Err("compiles".to_owned()),
        Err(problems) => {
            check_spans(&problems);
            Ok(problems.to_string())
        }
    });
}

fn check_spans(problems: &Problems) {
    assert!(!problems.problems.is_empty());
    for problem in &problems.problems {
        let span = &problem.span;
        assert!(span.start <= span.end && span.end <= problems.text.len(), "{span:?} of {problem:?}");
        assert!(problems.text.get(span.clone()).is_some(), "{span:?} cuts a character: {problem:?}");
        assert!(!problem.message.is_empty() && !problem.help.is_empty(), "{problem:?}");
    }
}

#[test]
fn the_default_policy_is_what_an_empty_file_means() {
    let (empty, default) =
        (load("empty", "").unwrap(), load("default", spigot_decision::policy::DEFAULT).unwrap());
    assert_eq!(summary(&empty), summary(&default));
}

#[test]
fn line_ends_and_a_byte_order_mark_change_nothing() {
    for path in cases("good") {
        let text = text_of(&path);
        let plain = summary(&load("plain", &text).unwrap());
        for other in [text.replace("\r\n", "\n").replace('\n', "\r\n"), format!("\u{feff}{text}")] {
            let other =
                load("other", &other).unwrap_or_else(|problems| panic!("{}\n{problems}", path.display()));
            assert_eq!(summary(&other), plain, "{}", path.display());
        }
    }
}

#[test]
fn bounds_hold_and_are_said_once() {
    let many = |kind: &str, n: usize, rest: &str| {
        (0..n).fold(String::new(), |mut text, i| {
            let _ = write!(text, "[[{kind}]]\nname = \"n{i}\"\n{rest}\n");
            text
        })
    };
    let rule = "when = 'true'\nweight = 1";
    let exception =
        "start = \"2026-01-01T00:00:00Z\"\nend = \"2026-01-02T00:00:00Z\"\nreason = \"r\"\nauthor = \"a\"";
    let limit = "rate = \"1 per 1s\"\nroutes = \"default\"";
    for (text, expected) in [
        (many("rule", 260, rule), "there are too many of [[rule]]"),
        (many("exception", 260, exception), "there are too many of [[exception]]"),
        (many("list", 70, "kind = \"mark\""), "there are too many of [[list]]"),
        (many("route", 520, "match = \"/a\""), "there are too many of [[route]]"),
        (many("limit", 20, limit), "route \"default\" has 20 limits"),
    ] {
        let text = format!("extends = \"nothing\"\n{text}");
        let problems = load("many.toml", &text).unwrap_err();
        check_spans(&problems);
        let messages: Vec<&str> = problems.problems.iter().map(|p| p.message.as_str()).collect();
        assert_eq!(messages, [expected]);
        assert!(problems.problems[0].span.start > 100, "it is placed at the one too many");
    }
}

/// Texts that nest `n` levels deep in one way each.
fn deep(n: usize) -> [String; 12] {
    let rule = |when: &str| format!("[[rule]]\nname = \"deep\"\nweight = 1\nwhen = '''{when}'''\n");
    [
        rule(&format!("{}true{}", "(".repeat(n), ")".repeat(n))),
        rule(&format!("{}true", "!".repeat(n))),
        rule(&format!("{}1 == 1", "-".repeat(n))),
        rule(&format!("{}1", "1 + ".repeat(n))),
        rule(&format!("{}1", "1+".repeat(n))),
        rule(&format!("{}true", "1<".repeat(n))),
        rule(&format!("request{}", ".a".repeat(n))),
        rule(&format!("request{}", "[0]".repeat(n))),
        rule(&format!("{}1{} == 1", "[".repeat(n), "]".repeat(n))),
        format!("mode = {}{}", "[".repeat(n), "]".repeat(n)),
        format!("mode = {}", "{ a = ".repeat(n)),
        format!("{}a = 1", "a.".repeat(n)),
    ]
}

#[test]
fn deep_nesting_is_refused_not_followed() {
    for text in [2000, 4000, 20_000].into_iter().flat_map(deep) {
        // An even number of `!` or `-` is none, and may be taken as that.
        if let Err(problems) = load("deep.toml", &text) {
            check_spans(&problems);
            assert!(problems.to_string().lines().count() > 3);
        } else {
            assert!(text.contains("!!") || text.contains("--"), "{}", &text[..60]);
        }
    }
}

#[test]
fn long_conditions_are_either_taken_or_refused() {
    for join in [" && ", " || "] {
        for n in [50, 500, 5000] {
            let when = vec!["request.path == \"/a\""; n].join(join);
            let text = format!("[[rule]]\nname = \"long\"\nweight = 1\nwhen = '''{when}'''\n");
            if let Err(problems) = load("long.toml", &text) {
                check_spans(&problems);
                assert!(n > 50, "{problems}");
            }
        }
    }
}

/// What a policy compiled to, a line for each thing; what is as its preset or the built-in value has it is left out.
fn summary(policy: &Policy) -> String {
    let mut out = String::new();
    for route in &policy.routes {
        let _ = writeln!(out, "route {}", route_line(policy, route));
    }
    for limit in &policy.limits {
        let counts = if limit.counts_answers() { " on answers" } else { "" };
        let _ = writeln!(
            out,
            "limit {}: {} -> {}{counts}",
            limit.name,
            rate_text(&limit.rate),
            limit.action.name()
        );
    }
    for rule in &policy.rules {
        let gives = match rule.gives {
            Gives::Weight(weight) => format!("weight {weight}"),
            Gives::Action(action) => action.name().to_owned(),
        };
        let _ = writeln!(out, "rule {}: {gives}", rule.name);
    }
    for list in &policy.lists {
        let kind = match list.kind {
            ListKind::Allow => "allow".to_owned(),
            ListKind::Deny(action) => format!("deny with {}", action.name()),
            ListKind::Mark => "mark".to_owned(),
            ListKind::Class(class) => class.name().to_owned(),
            ListKind::Crawler => format!("crawler {}", list.crawlers.join(", ")),
        };
        let wide: String = list.wide.iter().map(|wide| format!(", {wide}")).collect();
        let _ = writeln!(out, "list {}: {kind}, {} prefixes{wide}", list.name, list.prefixes.len());
    }
    for client in &policy.trusted {
        let rate = client
            .rate
            .map_or(String::new(), |(events, millis)| format!(", {events} per {}", duration_text(millis)));
        let _ = writeln!(out, "trusted {}: {:?} on {:?}{rate}", client.name, client.gives, client.routes);
    }
    for exception in &policy.operator.exceptions {
        let relief = match exception.relief {
            Relief::Pass => "pass".to_owned(),
            Relief::Scale(milli) => format!("{milli} thousandths of each limit"),
        };
        let from = exception.prefix.map_or("everybody".to_owned(), |prefix| prefix.to_string());
        let (start, end) = (exception.start, exception.end);
        let _ = writeln!(
            out,
            "exception {}: {relief} for {from} on {:?}, {start} to {end}",
            exception.name, exception.routes
        );
    }
    for route in &policy.routes {
        let _ = own_settings(&mut out, route);
    }
    let steps: Vec<String> = policy.ladder.steps_millis.iter().map(|millis| duration_text(*millis)).collect();
    let ladder = &policy.ladder;
    let _ = writeln!(
        out,
        "ladder: slow from {}, restrict from {} in {}; {}; forget after {}",
        ladder.slow_from,
        ladder.restrict_from,
        duration_text(ladder.window_millis),
        steps.join(" "),
        duration_text(ladder.forget_millis)
    );
    if policy.accounts != AccountSettings::default() {
        let _ = writeln!(out, "accounts: {:?}", policy.accounts);
    }
    if !policy.providers.is_empty() {
        let _ = writeln!(out, "providers: {}", policy.providers.join(" "));
    }
    let challenge = &policy.challenge;
    let _ = writeln!(
        out,
        "challenge: {} {:?}, phones {:?}, life {}, clearance {} for {} uses, {} abroad; fallback {:?} {:?}, {} for {} uses; wait {}",
        challenge.kind,
        challenge.log2_work,
        challenge.phone_log2_work,
        duration_text(challenge.life_millis.into()),
        duration_text(challenge.clearance_millis.into()),
        challenge.clearance_quota,
        challenge.roaming,
        challenge.fallback,
        challenge.fallback_log2_work,
        duration_text(challenge.fallback_clearance_millis.into()),
        challenge.fallback_quota,
        challenge.wait_millis.map_or("off".to_owned(), |millis| duration_text(millis.into()))
    );
    out
}

/// What a route answers in its own way.
fn own_settings(out: &mut String, route: &Route) -> std::fmt::Result {
    let (name, settings) = (&route.name, &route.settings);
    if let Some(ladder) = &settings.ladder {
        let (slow, restrict) = (ladder.slow_from, ladder.restrict_from);
        let steps: Vec<String> = ladder.steps_millis.iter().map(|millis| duration_text(*millis)).collect();
        let window = duration_text(ladder.window_millis);
        let steps = steps.join(" ");
        writeln!(out, "ladder of {name}: slow from {slow}, restrict from {restrict} in {window}; {steps}")?;
    }
    if let Some(millis) = settings.clearance_millis {
        writeln!(out, "clearance on {name}: at most {} old", duration_text(millis.into()))?;
    }
    if let Some(quota) = settings.clearance_quota {
        writeln!(out, "clearance on {name}: {quota} uses")?;
    }
    if let Some(secret) = settings.secret_path {
        writeln!(out, "secret paths on {name}: {secret}")?;
    }
    Ok(())
}

/// A summary in which what the default policy has too is only named.
fn beside(summary: &str, default: &str) -> String {
    if summary == default {
        return summary.to_owned();
    }
    let mut out = String::new();
    for line in summary.lines() {
        match line.split_once(':') {
            Some((name, _)) if default.lines().any(|other| other == line) => {
                let _ = writeln!(out, "{name}: as by default");
            }
            _ => {
                let _ = writeln!(out, "{line}");
            }
        }
    }
    out
}

fn route_line(policy: &Policy, route: &Route) -> String {
    let settings = &route.settings;
    let mut line =
        format!("{}: {:?}, level {:?}, {:?}", route.name, settings.preset, settings.level, settings.standing)
            .to_lowercase();
    if !route.hosts.is_empty() {
        let _ = write!(line, "; on {}", route.hosts.join(" "));
    }
    if !route.patterns.is_empty() {
        let patterns: Vec<&str> = route.patterns.iter().map(|pattern| pattern.text()).collect();
        let _ = write!(line, "; for {}", patterns.join(", "));
    }
    if let Some(provider) = policy.provider_on(route) {
        let _ = write!(line, "; challenged by {provider}");
    }
    line.push_str(&changes(settings));
    let names = |indexes: &[u16], of: &dyn Fn(usize) -> String| {
        indexes.iter().map(|index| of(usize::from(*index))).collect::<Vec<_>>().join(" ")
    };
    for (title, text) in [
        ("limits", names(&route.limits, &|i| policy.limits[i].name.clone())),
        ("answer limits", names(&route.answer_limits, &|i| policy.limits[i].name.clone())),
        ("rules", names(&route.rules, &|i| policy.rules[i].name.clone())),
    ] {
        if !text.is_empty() {
            let _ = write!(line, "; {title} {text}");
        }
    }
    line
}

/// What differs from the preset.
fn changes(settings: &Settings) -> String {
    let preset = Settings::preset(settings.preset);
    let mut out = String::new();
    macro_rules! changed {
        ($($field:ident),+) => { $(
            if settings.$field != preset.$field {
                let _ = write!(out, "; {} {:?}", stringify!($field), settings.$field);
            }
        )+ };
    }
    changed!(
        mode,
        thresholds,
        high_frequency,
        traffic_anomaly,
        payload_repetition,
        budget,
        denylisted_origin,
        trickle,
        unavailable,
        failure_status,
        honeypot_fields,
        inject_honeypot,
        account_fields,
        body_bytes,
        wait,
        token_client,
        attempt,
        same_answer,
        shadow,
        shadow_status
    );
    for (signal, (weight, usual)) in SIGNALS.iter().zip(settings.weights.iter().zip(&preset.weights)) {
        if weight != usual {
            let _ = write!(out, "; {} weighs {weight}", signal.name);
        }
    }
    out
}

fn rate_text(rate: &Rate) -> String {
    format!("{} per {} per {:?}", rate.events, duration_text(rate.window_millis), rate.key)
}

/// A change of a text that leaves it UTF-8.
#[derive(Clone, Debug)]
enum Change {
    Delete(usize, usize),
    Duplicate(usize, usize),
    Replace(usize, char),
}

impl Change {
    fn apply(&self, text: &mut String) {
        let place = |text: &str, at: usize| text.floor_char_boundary(at % (text.len() + 1));
        match *self {
            Self::Delete(at, length) => {
                let (from, to) = (place(text, at), text.floor_char_boundary(place(text, at) + length));
                text.replace_range(from..to, "");
            }
            Self::Duplicate(at, length) => {
                let (from, to) = (place(text, at), text.floor_char_boundary(place(text, at) + length));
                let part = text[from..to].to_owned();
                text.insert_str(to, &part);
            }
            Self::Replace(at, by) => {
                let from = place(text, at);
                let to = text[from..].chars().next().map_or(from, |c| from + c.len_utf8());
                text.replace_range(from..to, by.encode_utf8(&mut [0; 4]));
            }
        }
    }
}

fn change() -> impl Strategy<Value = Change> {
    let by = prop_oneof![
        any::<char>(),
        prop::sample::select(
            "\"'[]{}=.,#\\\n\r\t*/|:-0019azAZé日\u{feff}\u{0}()!<>&".chars().collect::<Vec<_>>()
        ),
    ];
    prop_oneof![
        (any::<usize>(), 1_usize..40).prop_map(|(at, length)| Change::Delete(at, length)),
        (any::<usize>(), 1_usize..200).prop_map(|(at, length)| Change::Duplicate(at, length)),
        (any::<usize>(), by).prop_map(|(at, by)| Change::Replace(at, by)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_file_gives_a_policy_or_problems_inside_it(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec(change(), 1..6),
    ) {
        static TEXTS: std::sync::LazyLock<Vec<String>> =
            std::sync::LazyLock::new(|| cases("good").iter().map(|path| text_of(path)).collect());
        let mut text = which.get(&TEXTS).clone();
        for change in &changes {
            change.apply(&mut text);
        }
        match load("damaged.toml", &text) {
            Ok(policy) => prop_assert!(!policy.routes.is_empty()),
            Err(problems) => {
                check_spans(&problems);
                prop_assert!(!problems.to_string().is_empty());
            }
        }
    }
}
