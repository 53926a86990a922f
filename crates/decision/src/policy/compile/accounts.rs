//! `[accounts]`, and what a route says of attempts, of answers that tell nothing, and of shadows.

use super::*;
use crate::Attempt;
use crate::policy::accounts::{AccountSettings, SameAnswer};
use crate::policy::source::Placed;

/// The most that is kept of an answer of one's own: a page, not an application.
const ANSWER_BYTES_MAX: usize = 64 << 10;
/// Header fields of one's own in an answer; each is written on every one.
const HEADERS_MAX: usize = 16;
/// Nobody waits longer for an answer that is only held back.
const SAME_ANSWER_MILLIS_MAX: u64 = 10_000;
/// What is looked for in answers; longer texts are no more telling.
const PATTERN_BYTES_MAX: usize = 256;

const KINDS: [(&str, Attempt); 3] =
    [("login", Attempt::LogIn), ("signup", Attempt::SignUp), ("reset", Attempt::Reset)];

/// Reads `[accounts]`; the file's own keys count over those that it extends.
pub(super) fn read(sections: &[&Section<'_, '_>]) -> AccountSettings {
    let mut settings = AccountSettings::default();
    for section in sections.iter().rev() {
        let Some(part) = section.table("accounts") else { continue };
        let count = |key, most: i64, slot: &mut u32| {
            if let Some(n) = part.integer(key, 1..=most) {
                *slot = u32::try_from(n.value).unwrap_or(*slot);
            }
        };
        let mut lock = (*settings.lock).clone();
        count("challenge_after", 1000, &mut settings.challenge_after);
        count("lock_from", 10_000, &mut lock.restrict_from);
        count("stuffing_from", 100_000, &mut settings.stuffing_from);
        // What tells distinct accounts apart is exact enough up to a thousand.
        count("probing_from", 1000, &mut settings.probing_from);
        count("alike_from", 10_000, &mut settings.alike_from);
        count("burst_from", 10_000, &mut settings.burst_from);
        if let Some(window) = part.parsed("window", window_millis) {
            lock.window_millis = window.value;
        }
        if let Some(window) = part.parsed("signup_window", window_millis) {
            settings.signup_window_millis = window.value;
        }
        if let Some(forget) = part.parsed("lock_forget", duration_millis) {
            lock.forget_millis = forget.value;
        }
        if let Some(steps) = durations(&part, "lock_steps") {
            lock.steps_millis = steps;
        }
        if let Some(remember) = part.parsed("remember", |text| {
            let days = duration_millis(text)? / 86_400_000;
            if (1..=3650).contains(&days) { Ok(days) } else { Err("write \"1d\" to \"3650d\"".to_owned()) }
        }) {
            settings.remember_days = u32::try_from(remember.value).unwrap_or(90);
        }
        settings.lock = Arc::new(lock);
        part.finish();
    }
    settings
}

/// Reads what a route, or the top, says of attempts, of answers that tell nothing, and of shadows.
pub(super) fn read_route(section: &Section<'_, '_>, settings: &mut Settings) {
    if let Some(part) = section.table("attempt") {
        attempt(&part, settings);
        part.finish();
    }
    if let Some(part) = section.table("same_answer") {
        settings.same_answer = same_answer(&part, settings.same_answer.take());
        part.finish();
    }
    if let Some(part) = section.table("shadow") {
        if let Some(mark) = part.flag("mark") {
            settings.shadow.mark = mark.value;
        }
        if let Some(kind) = header_value(&part, "content_type") {
            settings.shadow.content_type = Some(kind);
        }
        if let Some(body) = bounded(&part, "body", ANSWER_BYTES_MAX) {
            settings.shadow.body = Some(body.value.to_owned());
        }
        if let Some(headers) = headers(&part) {
            settings.shadow.headers = headers;
        }
        part.finish();
    }
}

fn attempt(part: &Section<'_, '_>, settings: &mut Settings) {
    if let Some(kind) = part.choice("kind", &KINDS) {
        settings.attempt.kind = kind.value;
        // Whoever chooses a password that is known is told so by the application, and not asked for a challenge.
        let breached = SIGNAL_NAMES.iter().position(|name| *name == "breached_password");
        if let Some(index) = breached.filter(|_| kind.value != Attempt::LogIn) {
            settings.weights[index] = 0;
        }
    }
    if let Some(fields) = part.texts("password_fields") {
        settings.attempt.password_fields = fields.iter().map(|field| field.value.to_owned()).collect();
    }
    if let Some(body) = bounded(part, "failed_body", PATTERN_BYTES_MAX) {
        settings.attempt.failed_body = Some(body.value.to_owned());
    }
    if let Some(header) = part.parsed("failed_header", |text| {
        let (name, value) = text.split_once(':').unwrap_or((text, ""));
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim().to_owned());
        if is_field_name(&name) {
            Ok((name, value))
        } else {
            Err("write a header's name, or its name and what it contains: \"X-Login: failed\"".to_owned())
        }
    }) {
        settings.attempt.failed_header = Some(header.value);
    }
    if let Some(location) = part.parsed("failed_location", |text| match text {
        path if path.starts_with('/') && path.len() <= PATTERN_BYTES_MAX => Ok(path.to_owned()),
        _ => Err("write a path, with * at its end for whatever follows: \"/login*\"".to_owned()),
    }) {
        settings.attempt.failed_location = Some(location.value);
    }
    if let Some(reported) = part.flag("reported") {
        settings.attempt.reported = reported.value;
        if reported.value && settings.attempt.failed_body.is_some() {
            part.reader.problem(
                reported.span,
                "the application reports how attempts end, and `failed_body` says how their answers look",
                "take one of the two out",
            );
        }
    }
}

/// What is known only afterwards cannot choose the answer: everybody would be told that the attempt failed.
pub(super) fn check_route(section: &Section<'_, '_>, settings: &Settings) {
    let by_failure = settings.same_answer.as_ref().is_some_and(|same| same.only_failures);
    if by_failure && settings.attempt.reported {
        let here = ["same_answer", "attempt"].into_iter().find_map(|key| section.raw(key));
        section.reader.problem(
            here.map_or_else(|| section.span.clone(), |(_, span)| span),
            "`same_answer` waits for failures, and the application reports them only after its answer",
            "write answers = \"all\", or say how a failed attempt looks in place of `reported`",
        );
    }
}

fn same_answer(part: &Section<'_, '_>, before: Option<SameAnswer>) -> Option<SameAnswer> {
    let body = part.require(
        "body",
        bounded(part, "body", ANSWER_BYTES_MAX).map(|body| body.value.to_owned()),
        "body = \"If there is such an account, a message is on its way.\"",
    );
    let mut answer = before.unwrap_or(SameAnswer {
        status: 200,
        content_type: "text/plain; charset=utf-8".to_owned(),
        body: String::new(),
        time_millis: 500,
        only_failures: false,
    });
    if let Some(status) = part.integer("status", 200..=499) {
        answer.status = u16::try_from(status.value).unwrap_or(200);
    }
    if let Some(kind) = header_value(part, "content_type") {
        answer.content_type = kind;
    }
    if let Some(time) = part.parsed("time", |text| match duration_millis(text)? {
        millis @ 1..=SAME_ANSWER_MILLIS_MAX => Ok(millis),
        _ => Err("write \"1ms\" to \"10s\"; people wait for it".to_owned()),
    }) {
        answer.time_millis = u32::try_from(time.value).unwrap_or(500);
    }
    if let Some(answers) = part.choice("answers", &[("all", false), ("failed", true)]) {
        answer.only_failures = answers.value;
    }
    answer.body = body?;
    Some(answer)
}

fn headers(part: &Section<'_, '_>) -> Option<Vec<(String, String)>> {
    let texts = part.texts("headers")?;
    if texts.len() > HEADERS_MAX {
        part.reader.problem(
            texts[HEADERS_MAX].span.clone(),
            "there are too many of `headers`",
            format!("at most {HEADERS_MAX} are allowed"),
        );
    }
    let mut headers = Vec::new();
    for text in texts {
        match text.value.split_once(':').map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim()))
        {
            Some((name, value)) if is_field_name(&name) && is_field_value(value) => {
                headers.push((name, value.to_owned()));
            }
            _ => part.reader.problem(
                text.span,
                format!("\"{}\" is no header field", text.value),
                "write its name and its value, for example \"Location: /welcome\"",
            ),
        }
    }
    Some(headers)
}

fn header_value(part: &Section<'_, '_>, key: &'static str) -> Option<String> {
    part.parsed(key, |text| match text {
        "" => Err("write a media type, for example \"application/json\"".to_owned()),
        text if is_field_value(text) => Ok(text.to_owned()),
        _ => Err("it may hold printable characters alone".to_owned()),
    })
    .map(|value| value.value)
}

/// RFC 9110, section 5.1, in lower case. Framing is nobody's to choose.
fn is_field_name(name: &str) -> bool {
    let token = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&b);
    !name.is_empty() && name.len() <= 64 && name.bytes().all(token) && !is_framing(name)
}

fn is_framing(name: &str) -> bool {
    ["content-length", "transfer-encoding", "connection", "upgrade", "trailer", "te"].contains(&name)
}

fn is_field_value(value: &str) -> bool {
    value.len() <= 1024 && value.bytes().all(|b| (b' '..=b'~').contains(&b))
}

/// A text of at most so many bytes, and at least one.
fn bounded<'a>(part: &Section<'a, '_>, key: &'static str, most: usize) -> Option<Placed<&'a str>> {
    let text = part.text(key)?;
    if text.value.is_empty() || text.value.len() > most {
        part.reader.problem(
            text.span.clone(),
            format!("`{key}` has {} bytes", text.value.len()),
            format!("write 1 to {most}"),
        );
        return None;
    }
    Some(text)
}
