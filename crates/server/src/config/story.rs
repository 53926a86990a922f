use std::path::Path;
use std::sync::Arc;

use spigot_decision::policy::source::Section;
use spigot_decision::story::Rules;
use spigot_gateway::FingerprintHeaders;

/// What browsers' connections look like: the shipped rules, or those of a file.
pub(super) fn browsers(top: &Section<'_, '_>) -> Arc<Rules> {
    let Some(file) = top.text("browsers") else { return Rules::shipped() };
    let read = std::fs::read_to_string(Path::new(file.value)).map_err(|error| error.to_string());
    let rules =
        read.and_then(|text| Rules::parse(file.value, &text).map_err(|problems| problems.to_string()));
    match rules {
        Ok(rules) => Arc::new(rules),
        Err(error) => {
            let message = format!("\"{}\" cannot be used:\n{error}", file.value);
            let help =
                "start from a copy of policies/browsers.toml, or leave `browsers` out for what is shipped";
            top.reader.problem(file.span, message, help);
            Rules::shipped()
        }
    }
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
