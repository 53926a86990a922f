use std::path::Path;
use std::sync::Arc;

use spigot_decision::policy::source::{Problems, Section};
use spigot_decision::story::Rules;
use spigot_gateway::FingerprintHeaders;

/// What browsers' connections look like: the shipped rules, or those of a file.
pub(super) fn browsers(top: &Section<'_, '_>) -> Arc<Rules> {
    let Some(file) = top.text("browsers") else { return Rules::shipped() };
    let read = std::fs::read_to_string(Path::new(file.value)).map_err(|error| error.to_string());
    let rules = read.and_then(|text| Rules::parse(file.value, &text).map_err(|problems| first(&problems)));
    match rules {
        Ok(rules) => Arc::new(rules),
        Err(error) => {
            let message = format!("\"{}\" cannot be used: {error}", file.value);
            let help =
                "start from a copy of policies/browsers.toml, or leave `browsers` out for what is shipped";
            top.reader.problem(file.span, message, help);
            Rules::shipped()
        }
    }
}

/// The first of another file's problems in a line, and how many there are.
fn first(problems: &Problems) -> String {
    let count = problems.problems.len();
    let Some(problem) = problems.problems.first() else { return "it is empty".to_owned() };
    let (line, column) = problems.place(problem);
    let more = if count > 1 { format!(" (the first of {count} problems)") } else { String::new() };
    format!("{line}:{column}: {}; {}{more}", problem.message, problem.help)
}

/// Where trusted proxies tell the fingerprints of their clients.
pub(super) fn fingerprint_headers(top: &Section<'_, '_>) -> FingerprintHeaders {
    let Some(part) = top.table("fingerprint_headers") else { return FingerprintHeaders::default() };
    let name = |key| {
        let name = part.parsed(key, |text| {
            text.parse().map_err(|_| "write the name of a header field, for example \"x-ja4\"".to_owned())
        });
        name.map(|name| name.value)
    };
    let headers = FingerprintHeaders { tls: name("tls"), http2: name("http2") };
    if let Some((_, span)) = top.raw("fingerprint_headers").filter(|_| !top.has("trusted_proxies")) {
        let help = "name the proxies that write these fields in `trusted_proxies`; from anybody else they mean nothing";
        part.reader.problem(span, "[fingerprint_headers] without trusted proxies", help);
    }
    part.finish();
    headers
}
