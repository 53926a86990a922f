use expect_test::{Expect, expect};
use spigot_decision::policy::Trigger;
use spigot_decision::signal::SIGNALS;
use spigot_decision::{Action, Evidence, Level, Prefix, Reason, ReasonKind, Source};

use crate::support::{START, cleared, decided, event, fingerprints, policy, reason};
use crate::{ChallengeStep, Event, Record, RecordReason};

fn check(action: Action, risk: u8, reasons: &[Reason], change: impl FnOnce(&mut Event), expected: &Expect) {
    let mut event = decided(&policy(), 7, action, risk, reasons);
    change(&mut event);
    // It is a hash over the policy and what it is compiled to.
    let record = Record { revision: "1a2b3c4d5e6f".to_owned(), ..Record::from(&event) };
    expected.assert_eq(&record.story());
}

fn frequency() -> Reason {
    let evidence = Evidence::Count { count: 501, limit: 500, window_millis: 20 * 60_000 };
    reason(Source::Trigger(Trigger::HighFrequency), ReasonKind::Asks(Action::Challenge), evidence)
}

fn signal(name: &str, weight: u8) -> Reason {
    let index = SIGNALS.iter().position(|signal| signal.name == name).unwrap() as u8;
    reason(Source::Signal(index), ReasonKind::Adds(weight), Evidence::Word("curl"))
}

fn risk(risk: u8, threshold: u8, action: Action) -> Reason {
    reason(Source::Risk, ReasonKind::Asks(action), Evidence::Threshold { risk, threshold })
}

fn denied() -> Reason {
    let prefix = Prefix::parse("192.0.2.0/24").unwrap();
    reason(
        Source::Trigger(Trigger::DenylistedOrigin),
        ReasonKind::Asks(Action::Block),
        Evidence::Prefix(prefix),
    )
}

fn restriction(action: Action) -> Reason {
    let evidence = Evidence::Until { end: START.plus(600_000), step: 2 };
    reason(Source::Restriction, ReasonKind::Asks(action), evidence)
}

#[test]
fn allow() {
    check(
        Action::Allow,
        0,
        &[],
        |_| (),
        &expect![[r#"
            Decision d1zmf8r1te2584kv at 2026-11-21T08:00:00.007Z, policy 1a2b3c4d5e6f.
            GET shop.example/search from 192.0.2.7 (network 64500, country DE, desktop), sent by page, user agent "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".
            The client held no clearance.
            Nothing was found.
            Risk 0 of 100; on the route search a risk is marked from 20, challenged from 50, refused from 80.
            The request passed.
            The upstream answered 200. Spigot added 40 µs.
            What would have changed it:
            - With 20 more risk it would have passed and been marked.
        "#]],
    );
}

#[test]
fn allow_because_of_a_list() {
    let listed = reason(
        Source::OperatorAllows,
        ReasonKind::Softens,
        Evidence::Prefix(Prefix::parse("192.0.2.7").unwrap()),
    );
    check(
        Action::Allow,
        0,
        &[listed, denied()],
        |_| (),
        &expect![[r#"
            Decision d1zmf8r1te2584kv at 2026-11-21T08:00:00.007Z, policy 1a2b3c4d5e6f.
            GET shop.example/search from 192.0.2.7 (network 64500, country DE, desktop), sent by page, user agent "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".
            The client held no clearance.
            What was found:
            - operator_allows (list) softens: 192.0.2.7.
            - denylisted_origin (trigger) asks to refuse it: 192.0.2.0/24.
            Risk 0 of 100; on the route search a risk is marked from 20, challenged from 50, refused from 80.
            The request passed.
            The upstream answered 200. Spigot added 40 µs.
            What would have changed it:
            - Without operator_allows it would have been refused.
        "#]],
    );
}

#[test]
fn allow_because_of_a_clearance() {
    check(
        Action::Allow,
        0,
        &[frequency(), cleared(Level::Medium)],
        |event| event.clearance = Some(Level::Medium),
        &expect![[r#"
            Decision d1zmf8r1te2584kv at 2026-11-21T08:00:00.007Z, policy 1a2b3c4d5e6f.
            GET shop.example/search from 192.0.2.7 (network 64500, country DE, desktop), sent by page, user agent "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".
            The client held a clearance of level medium.
            What was found:
            - high_frequency (trigger) asks for a challenge: 501 of 500 in 20m.
            - clearance (flow) softens: medium.
            Risk 0 of 100; on the route search a risk is marked from 20, challenged from 50, refused from 80.
            The request passed.
            The upstream answered 200. Spigot added 40 µs.
            What would have changed it:
            - Without its clearance it would have been asked for a challenge.
            - With 20 more risk it would have passed and been marked.
        "#]],
    );
}

#[test]
fn log() {
    check(
        Action::Log,
        25,
        &[signal("tool_user_agent", 25), risk(25, 20, Action::Log)],
        |_| (),
        &expect![[r#"
            Decision d1zmf8r1te2584kv at 2026-11-21T08:00:00.007Z, policy 1a2b3c4d5e6f.
            GET shop.example/search from 192.0.2.7 (network 64500, country DE, desktop), sent by page, user agent "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".
            The client held no clearance.
            What was found:
            - tool_user_agent (signal) adds 25 to the risk: found "curl".
            - risk (flow) asks to mark it: 25 reaches 20.
            Risk 25 of 100 (= 25 tool_user_agent); on the route search a risk is marked from 20, challenged from 50, refused from 80.
            The request passed and was marked.
            The upstream answered 200. Spigot added 40 µs.
            What would have changed it:
            - Without tool_user_agent it would have passed.
            - 6 less risk would have been below the 20 from which this is done.
            - With 25 more risk it would have been asked for a challenge.
        "#]],
    );
}

#[test]
fn throttle() {
    check(
        Action::Throttle,
        0,
        &[restriction(Action::Throttle)],
        |event| event.upstream_status = None,
        &expect![[r#"
            Decision d1zmf8r1te2584kv at 2026-11-21T08:00:00.007Z, policy 1a2b3c4d5e6f.
            GET shop.example/search from 192.0.2.7 (network 64500, country DE, desktop), sent by page, user agent "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".
            The client held no clearance.
            What was found:
            - restriction (flow) asks to slow the client: until 2026-11-21T08:10:00.000Z, step 2.
            Risk 0 of 100; on the route search a risk is marked from 20, challenged from 50, refused from 80.
            The client was slowed: 429 with a time to try again.
            The upstream gave no answer. Spigot added 40 µs.
            What would have changed it:
            - Without restriction it would have passed.
            - With 50 more risk it would have been asked for a challenge.
        "#]],
    );
}

#[test]
fn challenge() {
    check(
        Action::Challenge,
        15,
        &[frequency(), signal("tool_user_agent", 15)],
        |event| {
            event.upstream_status = None;
            event.challenge = Some(Box::new(ChallengeStep {
                kind: "cachewalk",
                log2_work: 12,
                result: "issued",
                solve_millis: None,
                claimed_millis: None,
                provider: None,
            }));
        },
        &expect![[r#"
            Decision d1zmf8r1te2584kv at 2026-11-21T08:00:00.007Z, policy 1a2b3c4d5e6f.
            GET shop.example/search from 192.0.2.7 (network 64500, country DE, desktop), sent by page, user agent "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".
            The client held no clearance.
            What was found:
            - high_frequency (trigger) asks for a challenge: 501 of 500 in 20m.
            - tool_user_agent (signal) adds 15 to the risk: found "curl".
            Risk 15 of 100 (= 15 tool_user_agent); on the route search a risk is marked from 20, challenged from 50, refused from 80.
            The client was asked for a challenge.
            A challenge was issued: cachewalk, 2^12 steps.
            The upstream gave no answer. Spigot added 40 µs.
            What would have changed it:
            - Without high_frequency it would have passed.
            - A clearance of level medium would have let it pass.
            - With 65 more risk it would have been refused.
        "#]],
    );
}

#[test]
fn challenge_although_a_clearance_was_brought_from_elsewhere() {
    let evidence = Evidence::Count { count: 51, limit: 50, window_millis: 8 * 3_600_000 };
    check(
        Action::Challenge,
        0,
        &[frequency(), reason(Source::ClearanceElsewhere, ReasonKind::Tells, evidence)],
        |_| (),
        &expect![[r#"
            Decision d1zmf8r1te2584kv at 2026-11-21T08:00:00.007Z, policy 1a2b3c4d5e6f.
            GET shop.example/search from 192.0.2.7 (network 64500, country DE, desktop), sent by page, user agent "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".
            The client held a clearance that does not hold where it came from: not the network that it was given in.
            What was found:
            - high_frequency (trigger) asks for a challenge: 501 of 500 in 20m.
            - clearance_elsewhere (flow) is told for the record: 51 of 50 in 8h.
            Risk 0 of 100; on the route search a risk is marked from 20, challenged from 50, refused from 80.
            The client was asked for a challenge.
            The upstream answered 200. Spigot added 40 µs.
            What would have changed it:
            - Without high_frequency it would have passed.
            - The one held does not hold there; a new clearance of level medium would have let it pass.
            - With 80 more risk it would have been refused.
        "#]],
    );
}

#[test]
fn challenge_for_two_reasons_with_a_clearance_that_is_used_up() {
    let quota = Evidence::Count { count: 301, limit: 300, window_millis: 0 };
    check(
        Action::Challenge,
        60,
        &[
            reason(Source::QuotaUsedUp, ReasonKind::Tells, quota),
            frequency(),
            signal("tool_user_agent", 35),
            signal("no_user_agent", 25),
            risk(60, 50, Action::Challenge),
        ],
        |event| event.clearance = Some(Level::High),
        &expect![[r#"
            Decision d1zmf8r1te2584kv at 2026-11-21T08:00:00.007Z, policy 1a2b3c4d5e6f.
            GET shop.example/search from 192.0.2.7 (network 64500, country DE, desktop), sent by page, user agent "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".
            The client held a clearance of level high.
            What was found:
            - quota_used_up (flow) is told for the record: 301 of 300.
            - high_frequency (trigger) asks for a challenge: 501 of 500 in 20m.
            - tool_user_agent (signal) adds 35 to the risk: found "curl".
            - no_user_agent (signal) adds 25 to the risk: found "curl".
            - risk (flow) asks for a challenge: 60 reaches 50.
            Risk 60 of 100 (= 35 tool_user_agent + 25 no_user_agent); on the route search a risk is marked from 20, challenged from 50, refused from 80.
            The client was asked for a challenge.
            The upstream answered 200. Spigot added 40 µs.
            What would have changed it:
            - Without high_frequency and tool_user_agent together it would have passed and been marked.
            - The one held is used up; a new clearance of level medium would have let it pass.
            - With 20 more risk it would have been refused.
        "#]],
    );
}

#[test]
fn challenge_in_spite_of_a_clearance() {
    check(
        Action::Challenge,
        0,
        &[frequency(), cleared(Level::Medium)],
        |event| event.clearance = Some(Level::Medium),
        &expect![[r#"
            Decision d1zmf8r1te2584kv at 2026-11-21T08:00:00.007Z, policy 1a2b3c4d5e6f.
            GET shop.example/search from 192.0.2.7 (network 64500, country DE, desktop), sent by page, user agent "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".
            The client held a clearance of level medium.
            What was found:
            - high_frequency (trigger) asks for a challenge: 501 of 500 in 20m.
            - clearance (flow) softens: medium.
            Risk 0 of 100; on the route search a risk is marked from 20, challenged from 50, refused from 80.
            The client was asked for a challenge.
            The upstream answered 200. Spigot added 40 µs.
            What would have changed it:
            - Without high_frequency it would have passed.
            - The one held would not have: its holder went over high_frequency since it has it.
            - With 80 more risk it would have been refused.
        "#]],
    );
}

#[test]
fn shadow() {
    check(
        Action::Shadow,
        0,
        &[restriction(Action::Shadow), frequency()],
        |_| (),
        &expect![[r#"
            Decision d1zmf8r1te2584kv at 2026-11-21T08:00:00.007Z, policy 1a2b3c4d5e6f.
            GET shop.example/search from 192.0.2.7 (network 64500, country DE, desktop), sent by page, user agent "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".
            The client held no clearance.
            What was found:
            - restriction (flow) asks for a believable success: until 2026-11-21T08:10:00.000Z, step 2.
            - high_frequency (trigger) asks for a challenge: 501 of 500 in 20m.
            Risk 0 of 100; on the route search a risk is marked from 20, challenged from 50, refused from 80.
            The client got a believable success and nothing happened.
            The upstream answered 200. Spigot added 40 µs.
            What would have changed it:
            - Without restriction it would have been asked for a challenge.
            - With 80 more risk it would have been refused.
        "#]],
    );
}

#[test]
fn block_by_risk_in_monitor_mode() {
    check(
        Action::Block,
        85,
        &[signal("tool_user_agent", 50), signal("no_user_agent", 35), risk(85, 80, Action::Block)],
        |event| event.decision.effective = Action::Allow,
        &expect![[r#"
            Decision d1zmf8r1te2584kv at 2026-11-21T08:00:00.007Z, policy 1a2b3c4d5e6f.
            GET shop.example/search from 192.0.2.7 (network 64500, country DE, desktop), sent by page, user agent "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".
            The client held no clearance.
            What was found:
            - tool_user_agent (signal) adds 50 to the risk: found "curl".
            - no_user_agent (signal) adds 35 to the risk: found "curl".
            - risk (flow) asks to refuse it: 85 reaches 80.
            Risk 85 of 100 (= 50 tool_user_agent + 35 no_user_agent); on the route search a risk is marked from 20, challenged from 50, refused from 80.
            The policy asked for block; the route is in monitor mode, so the request passed.
            The upstream answered 200. Spigot added 40 µs.
            What would have changed it:
            - Without tool_user_agent it would have passed and been marked.
            - Without no_user_agent it would have been asked for a challenge.
            - 6 less risk would have been below the 80 from which this is done.
            - In enforce mode it would have been refused.
        "#]],
    );
}

#[test]
fn refused_submission() {
    check(
        Action::Block,
        0,
        &[denied()],
        |event| {
            event.user_agent = "evil\u{1b}[2J\"".into();
            let result = "solution_wrong";
            event.challenge = Some(Box::new(ChallengeStep {
                kind: "sha256",
                log2_work: 16,
                result,
                solve_millis: Some(1200),
                claimed_millis: Some(300),
                provider: None,
            }));
        },
        &expect![[r#"
            Decision d1zmf8r1te2584kv at 2026-11-21T08:00:00.007Z, policy 1a2b3c4d5e6f.
            GET shop.example/search from 192.0.2.7 (network 64500, country DE, desktop), sent by page, user agent "evil\u{1b}[2J\"".
            The client held no clearance.
            What was found:
            - denylisted_origin (trigger) asks to refuse it: 192.0.2.0/24.
            Risk 0 of 100; on the route search a risk is marked from 20, challenged from 50, refused from 80.
            The request was refused.
            A submission was refused after 1200 ms (the browser says 300 ms) (solution_wrong): sha256, 2^16 steps.
            The upstream answered 200. Spigot added 40 µs.
            What would have changed it:
            - Without denylisted_origin it would have passed.
        "#]],
    );
}

#[test]
fn the_fingerprints_that_are_known() {
    let told = |change: fn(&mut Event)| {
        let mut event = event(&policy(), 0);
        change(&mut event);
        let story = Record::from(&event).story();
        story.lines().find_map(|line| Some(line.strip_prefix("Fingerprints: ")?.to_owned()))
    };
    assert_eq!(told(|_| ()), None);
    let header = told(|event| event.fingerprints.header = Some(7));
    assert_eq!(header.as_deref(), Some("header 0000000000000007."));
    let all = told(|event| event.fingerprints = fingerprints());
    let expected = "TLS t13d1715h2_5b57614c22b0_3d5424432f57, HTTP/2 1:65536;4:131072|12517377|0|m,p,a,s, header 0123456789abcdef.";
    assert_eq!(all.as_deref(), Some(expected));
}

#[test]
fn what_is_not_known_does_not_panic() {
    let unknown = [
        reason(Source::Signal(255), ReasonKind::Adds(255), Evidence::None),
        reason(Source::Limit(u16::MAX), ReasonKind::Asks(Action::Allow), Evidence::None),
        reason(Source::Rule(u16::MAX), ReasonKind::Tells, Evidence::None),
        reason(Source::List(u16::MAX), ReasonKind::Tells, Evidence::None),
        reason(Source::Exception(u16::MAX), ReasonKind::Softens, Evidence::None),
    ];
    check(
        Action::Block,
        255,
        &unknown,
        |event| event.decision.route = u16::MAX,
        &expect![[r#"
            Decision d1zmf8r1te2584kv at 2026-11-21T08:00:00.007Z, policy 1a2b3c4d5e6f.
            GET shop.example/search from 192.0.2.7 (network 64500, country DE, desktop), sent by page, user agent "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".
            The client held no clearance.
            What was found:
            - unknown (signal) adds 255 to the risk.
            - unknown (limit) asks to let it pass.
            - unknown (rule) is told for the record.
            - unknown (list) is told for the record.
            - unknown (exception) softens.
            Risk 255 of 100 (= 255 unknown); on the route default a risk is marked from 20, challenged from 50, refused from 80.
            The request was refused.
            The upstream answered 200. Spigot added 40 µs.
            What would have changed it:
            - Without unknown it would have passed.
            - 176 less risk would have been below the 80 from which this is done.
        "#]],
    );
    let odd = RecordReason { gave: "asks \u{1b}".to_owned(), ..RecordReason::default() };
    let record = Record { action: "explode".to_owned(), reasons: vec![odd], ..Record::default() };
    expect![[r#"
        Decision  at , policy .
          from , sent by , user agent "".
        The client held no clearance.
        What was found:
        -  () gave "asks \u{1b}".
        Risk 0 of 100; on the route  a risk is marked from 0, challenged from 0, refused from 0.
        The policy asked for explode; the route is in monitor mode, so the request passed.
        The upstream gave no answer. Spigot added 0 µs.
    "#]]
    .assert_eq(&record.story());
}

#[test]
fn a_question_about_a_token() {
    let question = ChallengeStep {
        kind: "token",
        log2_work: 0,
        result: "token_spent",
        solve_millis: None,
        claimed_millis: None,
        provider: None,
    };
    check(
        Action::Allow,
        0,
        &[],
        |event| {
            (event.site, event.challenge) = (Some("shop".into()), Some(Box::new(question)));
            (event.path, event.upstream_status) = ("/turnstile/v0/siteverify".into(), None);
        },
        &expect![[r#"
            Decision d1zmf8r1te2584kv at 2026-11-21T08:00:00.007Z, policy 1a2b3c4d5e6f.
            GET shop.example/turnstile/v0/siteverify from 192.0.2.7 (network 64500, country DE, desktop), sent by page, user agent "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".
            The client held no clearance.
            It is about the site shop of the challenge service.
            A question about a token was answered with no (token_spent).
        "#]],
    );
}
