//! `[[provider]]`: the third parties that may challenge, with keys that stand elsewhere.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use spigot_decision::policy::source::{Placed, Section, listing, nearest};
use spigot_decision::policy::units::duration_millis;
use spigot_gateway::{Altcha, Fail, Hidden, Provider, ProviderKind, ProviderSettings, Trust, Upstream};

/// Visitors wait for the answer.
const DEADLINE_MILLIS: std::ops::RangeInclusive<u64> = 100..=30_000;
/// What reCAPTCHA's own documents begin with: a score of 0.5.
const SCORE_RISK_MAX: u8 = 50;
/// Bytes of a file with a secret: keys with certificates have some kilobytes.
const SECRET_BYTES_MAX: u64 = 64 << 10;
/// Characters of an action: Turnstile takes the fewest.
const ACTION_CHARACTERS: usize = 32;

/// Every provider, in the order in which they are written.
pub(super) fn providers(top: &Section<'_, '_>) -> Vec<Arc<Provider>> {
    let parts = top.tables("provider");
    let mut found: Vec<Read<'_>> = parts.iter().filter_map(read).collect();
    // A missing or doubled name is the policy's to say.
    let names: Vec<String> = found.iter().map(|read| read.settings.name.clone()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for read in &mut found {
        let Some(fail) = &read.fail else { continue };
        read.settings.fail = match fail.value {
            "closed" => Fail::Closed,
            "own" => Fail::Own,
            name if names.contains(&name) => Fail::Provider(name.to_owned()),
            name => {
                let mut allowed = names.clone();
                allowed.extend(["own", "closed"]);
                top.reader.problem(
                    fail.span.clone(),
                    format!("there is no provider \"{name}\""),
                    format!("what can take its place: {}{}", listing(&allowed), nearest(name, &allowed)),
                );
                Fail::Closed
            }
        };
    }
    for read in &found {
        if let (Some(fail), true) = (&read.fail, returns(&found, read)) {
            top.reader.problem(
                fail.span.clone(),
                format!("`fail` of \"{}\" leads back to itself", read.settings.name),
                "let the last one say fail = \"own\" or fail = \"closed\"",
            );
        }
    }
    found.into_iter().map(|read| Arc::new(Provider::new(read.settings))).collect()
}

struct Read<'a> {
    settings: ProviderSettings,
    fail: Option<Placed<&'a str>>,
}

/// Whether those that take each other's place come back to where they began.
fn returns(all: &[Read<'_>], first: &Read<'_>) -> bool {
    let mut at = first;
    for _ in all {
        let Fail::Provider(name) = &at.settings.fail else { return false };
        let Some(next) = all.iter().find(|read| read.settings.name == *name) else { return false };
        if next.settings.name == first.settings.name {
            return true;
        }
        at = next;
    }
    false
}

fn read<'a>(part: &Section<'a, '_>) -> Option<Read<'a>> {
    let name = part.text("name");
    let kind = part.require("kind", part.choice("kind", &ProviderKind::ALL), "kind = \"turnstile\"");
    let secret = if secret_stands_here(part, "secret", "this provider") {
        None
    } else {
        let secret = part.table("secret").map(|secret| read_secret(&secret));
        part.require("secret", secret, "secret = { env = \"TURNSTILE_SECRET\" }").flatten()
    };
    let site_key = part.text("site_key");
    let fail = part.text("fail");
    let flag = |key| part.flag(key).is_some_and(|flag| flag.value);
    let (send_address, believe_browser) = (flag("send_address"), flag("believe_browser"));
    let (believe_degraded, test_keys) = (flag("believe_degraded"), flag("test_keys"));
    let check_host = part.flag("check_host").is_none_or(|flag| flag.value);
    let (project, base) = (part.text("project"), part.text("base"));
    let (script, style) = (part.text("script"), part.text("style"));
    let deadline = part.parsed("deadline", deadline).map_or(Duration::from_secs(5), |time| time.value);
    let action = part.parsed("action", action).map_or_else(|| "spigot".to_owned(), |action| action.value);
    let risk_max = part.integer("max_risk", 0..=100).and_then(|risk| u8::try_from(risk.value).ok());
    let altcha = read_altcha(part);
    part.finish();
    let kind = kind?.value;
    let needs = |key: &'static str, text: &Option<Placed<&str>>, needed: bool, example: &str| {
        part.require(key, (!needed || text.is_some()).then_some(()), example);
    };
    needs("site_key", &site_key, kind.has_site_key(), "site_key = \"0x4AAA…\"");
    needs("project", &project, kind == ProviderKind::RecaptchaEnterprise, "project = \"my-project\"");
    needs("script", &script, kind.script().is_none(), "script = \"/assets/captcha.js\"");
    let has_base = kind.base().is_some() || kind == ProviderKind::Altcha;
    needs(
        "base",
        &base,
        !has_base,
        "base = \"https://HOST\", where the vendor's documents say that tokens are validated",
    );
    let base = read_base(part, kind, base.as_ref());
    let site_key = site_key.map(|text| text.value.to_owned()).unwrap_or_default();
    let (secret, secret_at) = secret?;
    if !test_keys && (kind.is_test_key(&secret) || kind.is_test_key(&site_key)) {
        part.reader.problem(
            secret_at,
            "this is a test key that the vendor published: whoever knows it passes",
            "use the keys of your own site, or write test_keys = true to try things out",
        );
    }
    let script = match script {
        Some(script) => page_address(part, &script),
        None if kind.script_takes_site_key() => format!("{}{site_key}", kind.script().unwrap_or_default()),
        None => kind.script().unwrap_or_default().to_owned(),
    };
    let settings = ProviderSettings {
        name: name?.value.to_owned(),
        kind,
        site_key,
        secret: Hidden::new(secret),
        project: project.map(|text| text.value.to_owned()).unwrap_or_default(),
        base,
        script,
        style: style.map(|style| page_address(part, &style)),
        deadline,
        send_address,
        action,
        risk_max: risk_max.or_else(|| kind.always_tells_risk().then_some(SCORE_RISK_MAX)),
        check_host,
        fail: Fail::Closed,
        believe_browser,
        believe_degraded,
        test_keys,
        altcha,
    };
    Some(Read { settings, fail })
}

/// Whether the secret was written into the file. That is said of the whole provider, because problems are shown with
/// their lines, in logs too.
pub(super) fn secret_stands_here(part: &Section<'_, '_>, key: &'static str, whose: &str) -> bool {
    let Some((value, _)) = part.raw(key) else { return false };
    let known = |key: &str| matches!(key, "env" | "file");
    if value.as_table().is_some_and(|table| table.keys().all(|key| known(key.get_ref()))) {
        return false;
    }
    part.reader.problem(
        part.span.clone(),
        format!("`{key}` of {whose} is not where a secret is, but perhaps one itself"),
        format!("write {key} = {{ env = \"NAME\" }} or {key} = {{ file = \"/etc/spigot/name\" }}"),
    );
    true
}

/// `{ env = "NAME" }` or `{ file = "PATH" }`: a secret does not stand in a file that people show each other.
pub(super) fn read_secret(part: &Section<'_, '_>) -> Option<(String, std::ops::Range<usize>)> {
    let (env, file) = (part.text("env"), part.text("file"));
    part.finish();
    let (found, place) = match (env, file) {
        (Some(env), None) => (from_environment(env.value), env),
        (None, Some(file)) => {
            let read = secret_in(Path::new(file.value));
            (read.map_err(|error| format!("\"{}\" cannot be read: {error}", file.value)), file)
        }
        _ => {
            part.reader.problem(
                part.span.clone(),
                "a secret comes from one place",
                "write secret = { env = \"NAME\" } or secret = { file = \"/etc/spigot/name\" }",
            );
            return None;
        }
    };
    match found.map(|text| text.trim().to_owned()) {
        Ok(text) if text.is_empty() => {
            let help = "put the vendor's secret key there";
            part.reader.problem(place.span, format!("there is nothing in \"{}\"", place.value), help);
            None
        }
        Ok(text) => Some((text, place.span)),
        Err(what) => {
            part.reader.problem(place.span, what, "put the vendor's secret key there, readable for Spigot");
            None
        }
    }
}

/// A draft names any file: one that never ends, or that waits for a writer, must not hold the server.
fn secret_in(path: &Path) -> std::io::Result<String> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(std::io::Error::other("it is no regular file"));
    }
    let mut text = String::new();
    std::fs::File::open(path)?.take(SECRET_BYTES_MAX + 1).read_to_string(&mut text)?;
    if text.len() as u64 > SECRET_BYTES_MAX {
        return Err(std::io::Error::other(format!("it has more than {SECRET_BYTES_MAX} bytes")));
    }
    Ok(text)
}

#[allow(clippy::disallowed_methods, reason = "the configuration names the variable")]
fn from_environment(name: &str) -> Result<String, String> {
    std::env::var(name).map_err(|_| format!("the environment has no \"{name}\""))
}

fn read_base(
    part: &Section<'_, '_>,
    kind: ProviderKind,
    given: Option<&Placed<&str>>,
) -> Option<Arc<Upstream>> {
    if kind == ProviderKind::Altcha {
        if let Some(given) = given {
            let help = "take `base` out";
            part.reader.problem(given.span.clone(), "nobody is asked about ALTCHA's solutions", help);
        }
        return None;
    }
    let (text, span) = match given {
        Some(given) => (given.value, given.span.clone()),
        None => (kind.base()?, part.span.clone()),
    };
    match Upstream::parse(text, Trust::system) {
        Ok(upstream) => Some(Arc::new(upstream)),
        Err(problem) => {
            part.reader.problem(span, problem.what, problem.instead);
            None
        }
    }
}

/// An address that can stand in a page and in its content security policy.
fn page_address(part: &Section<'_, '_>, address: &Placed<&str>) -> String {
    let text = address.value;
    let plain =
        text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\'' | b';' | b',' | b'<' | b'>'));
    let own = text.starts_with('/') && !text.starts_with("//") && !text.contains('\\');
    if !plain || !(own || text.starts_with("https://") || text.starts_with("http://")) {
        part.reader.problem(
            address.span.clone(),
            format!("\"{text}\" is no address that a page could load"),
            "write \"https://HOST/PATH\", or \"/PATH\" for a file on the site itself",
        );
    }
    text.to_owned()
}

fn read_altcha(part: &Section<'_, '_>) -> Altcha {
    let version = part.integer("version", 1..=2).map_or(2, |version| version.value);
    // SHA-256 in version 1, iterations of a derived key in version 2.
    let work = part.integer("work", 1000..=10_000_000).and_then(|work| u32::try_from(work.value).ok());
    match version {
        1 => Altcha::V1 { number_max: work.unwrap_or(100_000) },
        _ => Altcha::V2 { cost: work.unwrap_or(5_000) },
    }
}

fn deadline(text: &str) -> Result<Duration, String> {
    let millis = duration_millis(text)?;
    if DEADLINE_MILLIS.contains(&millis) {
        Ok(Duration::from_millis(millis))
    } else {
        Err("write between \"100ms\" and \"30s\"".to_owned())
    }
}

fn action(text: &str) -> Result<String, String> {
    let letters = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    if (1..=ACTION_CHARACTERS).contains(&text.len()) && text.bytes().all(letters) {
        Ok(text.to_owned())
    } else {
        Err(format!("use letters, digits and _, at most {ACTION_CHARACTERS} of them"))
    }
}

#[cfg(test)]
#[path = "providers_tests.rs"]
mod tests;
