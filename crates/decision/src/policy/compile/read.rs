//! What can stand at the top and in a route, the ladder, and the challenge: read from their sections.

use super::*;

/// Reads what can stand at the top and in a route.
pub(super) fn read_settings(section: &Section<'_, '_>, settings: &mut Settings) {
    if let Some(mode) = section.choice("mode", &[("enforce", Mode::Enforce), ("monitor", Mode::Monitor)]) {
        settings.mode = mode.value;
    }
    if let Some(standing) =
        section.choice("ask", &[("suspected", Standing::Suspected), ("always", Standing::Always)])
    {
        settings.standing = standing.value;
    }
    if let Some(level) = section.choice("level", &LEVELS) {
        settings.level = level.value;
    }
    read_thresholds(section, settings);
    if let Some(triggers) = section.table("triggers") {
        read_triggers(&triggers, settings);
    }
    read_weights(section, settings);
    read_budget(section, settings);
    if let Some(trickle) = section.parsed("trickle", |text| {
        let rate = rate(text).ok().filter(|rate| rate.key.is_empty());
        rate.map(|rate| (rate.events, rate.window_millis)).ok_or_else(|| {
            "write a number and a duration, for example \"1 per 1m\"; it is always per client".to_owned()
        })
    }) {
        settings.trickle = trickle.value;
    }
    if let Some(unavailable) =
        section.choice("unavailable", &[("open", Unavailable::Open), ("closed", Unavailable::Closed)])
    {
        settings.unavailable = unavailable.value;
    }
    if let Some(statuses) = section.integers("failure_status", &(400..=599)) {
        settings.failure_status = statuses.into_iter().filter_map(|s| u16::try_from(s).ok()).collect();
    }
    let names =
        |key| section.texts(key).map(|texts| texts.iter().map(|t| t.value.to_owned()).collect::<Vec<_>>());
    if let Some(fields) = names("honeypot_fields") {
        settings.honeypot_fields = fields;
    }
    if let Some(on) = section.flag("inject_honeypot") {
        settings.inject_honeypot = on.value;
    }
    if let Some(fields) = names("account_fields") {
        settings.account_fields = fields;
    }
    if let Some(bytes) = section.parsed("inspect_body", |text| {
        size_bytes(text).and_then(|n| {
            if n <= 1 << 20 { Ok(n) } else { Err("at most \"1MiB\" of each body is inspected".to_owned()) }
        })
    }) {
        settings.body_bytes = bytes.value;
    }
    if let Some(highest) = level_or_none(section, "wait") {
        settings.wait = highest;
    }
    if let Some(secret) = section.flag("secret_path") {
        settings.secret_path = Some(secret.value);
    }
    if let Some(client) = section.choice("token_client", &TOKEN_CLIENTS) {
        settings.token_client = client.value;
    }
    super::accounts::read_route(section, settings);
    if let Some(status) = section.integer("shadow_status", 200..=399) {
        settings.shadow_status = u16::try_from(status.value).unwrap_or(200);
    }
}

/// The risks at which the action changes.
pub(super) fn read_thresholds(section: &Section<'_, '_>, settings: &mut Settings) {
    if let Some(thresholds) = section.table("thresholds") {
        let read = |key, slot: &mut u8| {
            if let Some(risk) = thresholds.integer(key, 1..=101) {
                *slot = u8::try_from(risk.value).unwrap_or(101);
            }
        };
        read("log", &mut settings.thresholds.log);
        read("challenge", &mut settings.thresholds.challenge);
        read("block", &mut settings.thresholds.block);
        thresholds.finish();
        let super::super::Thresholds { log, challenge, block } = settings.thresholds;
        if challenge > block || log > challenge {
            section.reader.problem(
                thresholds.span.clone(),
                format!("the thresholds are out of order: log {log}, challenge {challenge}, block {block}"),
                "log is at most challenge, and challenge at most block",
            );
        }
    }
}

/// What signals weigh.
pub(super) fn read_weights(section: &Section<'_, '_>, settings: &mut Settings) {
    if let Some(weights) = section.table("weights") {
        for (index, signal) in SIGNALS.iter().enumerate() {
            if let Some(weight) = weights.integer(signal.name, 0..=100) {
                settings.weights[index] = u8::try_from(weight.value).unwrap_or(100);
            }
        }
        weights.finish();
    }
}

/// `true` gives the usual budget and `false` takes it away, a table gives or changes one.
fn read_budget(section: &Section<'_, '_>, settings: &mut Settings) {
    if let Some(on) = section.raw("budget").and_then(|(value, _)| value.as_bool()) {
        settings.budget = on.then_some(Budget::USUAL);
        return;
    }
    let Some(part) = section.table("budget") else { return };
    let mut budget = settings.budget.unwrap_or(Budget::USUAL);
    if let Some(milli) = times_milli(&part) {
        budget.times_milli = milli;
    }
    if let Some(least) = part.integer("at_least", 0..=i64::from(u32::MAX)) {
        budget.at_least = u32::try_from(least.value).unwrap_or(u32::MAX);
    }
    if let Some(days) = part.integer("needs_days", 1..=7) {
        budget.needs_days = u8::try_from(days.value).unwrap_or(7);
    }
    part.finish();
    settings.budget = Some(budget);
}

/// How many times the usual, in thousandths.
fn times_milli(part: &Section<'_, '_>) -> Option<u32> {
    let times = part.number("times", 1.0..=1000.0)?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 1 to 1000, times 1000
    let milli = (times.value * 1000.0) as u32;
    Some(milli)
}

/// A level, or `false` for none.
fn level_or_none(section: &Section<'_, '_>, key: &'static str) -> Option<Option<Level>> {
    match section.raw(key) {
        Some((value, _)) if value.as_bool() == Some(false) => Some(None),
        _ => section.choice(key, &LEVELS).map(|level| Some(level.value)),
    }
}

fn trigger<'a, 't>(section: &Section<'a, 't>, key: &'static str) -> Option<Section<'a, 't>> {
    if let Some((value, span)) = section.raw(key)
        && value.as_bool() == Some(true)
    {
        section.reader.problem(
            span,
            format!("`{key}` is true"),
            format!("leave it out to have it as it is; false switches it off; {key} = {{ … }} changes it"),
        );
        return None;
    }
    section.table(key)
}

fn read_triggers(section: &Section<'_, '_>, settings: &mut Settings) {
    // `false` switches a trigger off, a table changes it.
    let off = |key| matches!(section.raw(key), Some((value, _)) if value.as_bool() == Some(false));
    let window =
        |part: &Section<'_, '_>, default| part.parsed("window", window_millis).map_or(default, |w| w.value);
    let more_than = |part: &Section<'_, '_>, default| {
        part.integer("more_than", 1..=1_000_000)
            .map_or(default, |n| u32::try_from(n.value).unwrap_or(default))
    };
    if off("high_frequency") {
        settings.high_frequency = None;
    } else if let Some(part) = trigger(section, "high_frequency") {
        let before =
            settings.high_frequency.unwrap_or(FrequencyTrigger { more_than: 500, window_millis: 1_200_000 });
        settings.high_frequency = Some(FrequencyTrigger {
            more_than: more_than(&part, before.more_than),
            window_millis: window(&part, before.window_millis),
        });
        part.finish();
    }
    if off("payload_repetition") {
        settings.payload_repetition = None;
    } else if let Some(part) = trigger(section, "payload_repetition") {
        let before =
            settings.payload_repetition.unwrap_or(RepetitionTrigger { more_than: 5, window_millis: 30_000 });
        settings.payload_repetition = Some(RepetitionTrigger {
            more_than: more_than(&part, before.more_than),
            window_millis: window(&part, before.window_millis),
        });
        part.finish();
    }
    if off("traffic_anomaly") {
        settings.traffic_anomaly = None;
    } else if let Some(part) = trigger(section, "traffic_anomaly") {
        let mut anomaly = settings.traffic_anomaly.unwrap_or(AnomalyTrigger {
            times_milli: 2000,
            needs_days: 3,
            at_least: 100,
        });
        if let Some(milli) = times_milli(&part) {
            anomaly.times_milli = milli;
        }
        if let Some(days) = part.integer("needs_days", 1..=14) {
            anomaly.needs_days = u8::try_from(days.value).unwrap_or(14);
        }
        if let Some(least) = part.integer("at_least", 0..=i64::from(u32::MAX)) {
            anomaly.at_least = u32::try_from(least.value).unwrap_or(u32::MAX);
        }
        part.finish();
        settings.traffic_anomaly = Some(anomaly);
    }
    if let Some(on) = section.flag("denylisted_origin") {
        settings.denylisted_origin = on.value;
    }
    section.finish();
}

pub(super) fn default_ladder() -> Ladder {
    let minutes = |n: u64| n * 60_000;
    Ladder {
        window_millis: minutes(10),
        slow_from: 5,
        restrict_from: 8,
        steps_millis: vec![minutes(1), minutes(5), minutes(30), minutes(120), minutes(360), minutes(1440)],
        forget_millis: minutes(1440),
        around: [4, 16],
    }
}

/// What a route says of failures there, over what holds everywhere.
pub(super) fn read_route_ladder(section: &Section<'_, '_>, usual: &Ladder) -> Option<Ladder> {
    let part = section.table("restrict")?;
    let mut ladder = usual.clone();
    read_rungs(&part, &mut ladder);
    part.finish();
    Some(ladder)
}

fn read_rungs(part: &Section<'_, '_>, ladder: &mut Ladder) {
    let count = |key, slot: &mut u32| {
        if let Some(n) = part.integer(key, 1..=10_000) {
            *slot = u32::try_from(n.value).unwrap_or(*slot);
        }
    };
    count("slow_from", &mut ladder.slow_from);
    count("restrict_from", &mut ladder.restrict_from);
    if let Some(window) = part.parsed("window", window_millis) {
        ladder.window_millis = window.value;
    }
    if let Some(steps) = durations(part, "steps") {
        ladder.steps_millis = steps;
    }
}

pub(super) fn read_ladder(section: &Section<'_, '_>) -> Option<Ladder> {
    let part = section.table("restrict")?;
    let mut ladder = default_ladder();
    read_rungs(&part, &mut ladder);
    if let Some(forget) = part.parsed("forget", duration_millis) {
        ladder.forget_millis = forget.value;
    }
    if let Some(times) = part.integers("around", &(1..=1000)) {
        let span = part.raw("around").map_or(part.span.clone(), |(_, span)| span);
        match <[i64; 2]>::try_from(times) {
            Ok(times) => ladder.around = times.map(|n| u32::try_from(n).unwrap_or(1000)),
            Err(_) => part.reader.problem(
                span,
                "`around` needs two numbers",
                "for the /56 and the /48 around a failing IPv6 client, for example around = [4, 16]",
            ),
        }
    }
    part.finish();
    Some(ladder)
}

/// How old a clearance may be on a route, and how often it may be used there. Both only shorten what it is given with.
pub(super) fn read_clearance(section: &Section<'_, '_>, usual: &ChallengeSettings, settings: &mut Settings) {
    let longer = |span, key: &str, most: String| {
        section.reader.problem(
            span,
            format!("`{key}` is more than a clearance is given with"),
            format!("write at most {most}, or raise `{key}` in [challenge]"),
        );
    };
    if let Some(life) = section.parsed("clearance", window_millis) {
        settings.clearance_millis = u32::try_from(life.value).ok();
        if life.value > u64::from(usual.clearance_millis) {
            longer(life.span, "clearance", format!("\"{}\"", duration_text(usual.clearance_millis.into())));
        }
    }
    if let Some(quota) = section.integer("quota", 1..=1_000_000) {
        settings.clearance_quota = u32::try_from(quota.value).ok();
        if quota.value > i64::from(usual.clearance_quota) {
            longer(quota.span, "quota", usual.clearance_quota.to_string());
        }
    }
}

/// The steps of a ladder.
pub(super) fn durations(part: &Section<'_, '_>, key: &'static str) -> Option<Vec<u64>> {
    let texts = part.texts(key)?;
    let mut steps = Vec::new();
    let span = part.raw(key).map_or(part.span.clone(), |(_, span)| span);
    let count = part.raw(key).and_then(|(value, _)| value.as_array()).map_or(1, |list| list.len());
    for text in texts {
        match duration_millis(text.value) {
            Ok(millis) => steps.push(millis),
            Err(help) => part.reader.problem(text.span, format!("\"{}\" is no duration", text.value), help),
        }
    }
    if (1..=32).contains(&count) {
        return Some(steps);
    }
    part.reader.problem(
        span,
        format!("`{key}` needs 1 to 32 durations"),
        format!("for example {key} = [\"1m\", \"5m\", \"30m\", \"2h\"]"),
    );
    None
}

/// Work per level.
fn read_work(part: &Section<'_, '_>, key: &'static str, slot: &mut [u8; 3]) {
    let Some(work) = part.integers(key, &(4..=22)) else { return };
    let span = part.raw(key).map_or(part.span.clone(), |(_, span)| span);
    match <[i64; 3]>::try_from(work) {
        Ok(work) => *slot = work.map(|w| u8::try_from(w).unwrap_or(13)),
        Err(_) => part.reader.problem(
            span,
            format!("`{key}` needs three numbers"),
            format!("one for each level, for example {key} = [12, 13, 14]"),
        ),
    }
}

/// How challenges are made, and the third party that challenges where a route does not say.
pub(super) fn read_challenge(
    sections: &[&Section<'_, '_>],
    providers: &[String],
) -> (ChallengeSettings, Option<u8>) {
    let mut standing = None;
    let mut settings = ChallengeSettings {
        kind: "cachewalk",
        log2_work: [12, 13, 14],
        life_millis: 120_000,
        clearance_millis: 12 * 3_600_000,
        clearance_quota: 5_000,
        phone_log2_work: [12, 12, 13],
        fallback: Some(Level::High),
        fallback_log2_work: [10, 11, 12],
        fallback_clearance_millis: 3_600_000,
        fallback_quota: 500,
        roaming: 50,
        wait_millis: Some(10_000),
    };
    // The file's own section counts over the one that it extends, so it is read last.
    for section in sections.iter().rev() {
        let Some(part) = section.table("challenge") else { continue };
        if let Some(kind) = part.choice("kind", &[("cachewalk", "cachewalk"), ("sha256", "sha256")]) {
            settings.kind = kind.value;
            if kind.value == "sha256" {
                settings.log2_work = [14, 16, 18];
                settings.phone_log2_work = [13, 15, 17];
            }
        }
        match challenger(&part, "provider", providers) {
            Some(Challenger::Own) => standing = None,
            Some(Challenger::Provider(index)) => standing = Some(index),
            None => {}
        }
        read_work(&part, "log2_work", &mut settings.log2_work);
        read_work(&part, "phone_log2_work", &mut settings.phone_log2_work);
        read_work(&part, "fallback_log2_work", &mut settings.fallback_log2_work);
        if let Some(highest) = level_or_none(&part, "fallback") {
            settings.fallback = highest;
        }
        let millis = |key, slot: &mut u32| {
            // A clearance's uses are counted over its life, so it is a window too.
            if let Some(duration) = part.parsed(key, window_millis) {
                *slot = u32::try_from(duration.value).unwrap_or(*slot);
            }
        };
        millis("life", &mut settings.life_millis);
        millis("clearance", &mut settings.clearance_millis);
        millis("fallback_clearance", &mut settings.fallback_clearance_millis);
        let count = |key, from, slot: &mut u32| {
            if let Some(count) = part.integer(key, from..=1_000_000) {
                *slot = u32::try_from(count.value).unwrap_or(u32::MAX);
            }
        };
        count("quota", 1, &mut settings.clearance_quota);
        count("fallback_quota", 1, &mut settings.fallback_quota);
        count("roaming", 0, &mut settings.roaming);
        let wait = part.raw("wait");
        if let Some((value, span)) = wait.filter(|(value, _)| value.as_bool().is_some()) {
            if value.as_bool() == Some(true) {
                let help = "write how long, for example \"10s\", or false for no wait";
                part.reader.problem(span, "`wait` is true", help);
            }
            settings.wait_millis = None;
        } else if let Some(wait) = part.parsed("wait", |text| {
            let millis = duration_millis(text)?;
            u32::try_from(millis)
                .ok()
                .filter(|millis| *millis <= WAIT_MILLIS_MAX)
                .ok_or_else(|| "people wait at most \"2m\"".to_owned())
        }) {
            settings.wait_millis = Some(wait.value);
        }
        part.finish();
    }
    (settings, standing)
}
