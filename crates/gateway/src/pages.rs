//! The pages and files that visitors get from us. They come built from `web/challenge/dist`.

use std::fmt::Write;

const PAGE: &str = include_str!("../../../web/challenge/dist/page.html");
const PLAIN: &str = include_str!("../../../web/challenge/dist/plain.html");
const CONTINUE: &str = include_str!("../../../web/challenge/dist/continue.html");

/// A file by its path below `/.spigot/`: media type and content.
pub(crate) fn file(name: &str) -> Option<(&'static str, &'static [u8])> {
    Some(match name {
        "challenge.js" => {
            ("text/javascript; charset=utf-8", include_bytes!("../../../web/challenge/dist/challenge.js"))
        }
        "worker.js" => {
            ("text/javascript; charset=utf-8", include_bytes!("../../../web/challenge/dist/worker.js"))
        }
        "challenge.css" => {
            ("text/css; charset=utf-8", include_bytes!("../../../web/challenge/dist/challenge.css"))
        }
        "cachewalk.wasm" => {
            ("application/wasm", include_bytes!("../../../web/challenge/dist/cachewalk.wasm"))
        }
        _ => return None,
    })
}

/// What the interstitial allows itself. Not `form-action`: browsers apply it to the redirects behind a posted form too,
/// and an application that answers a form by redirecting elsewhere (a payment, a log-in) would break.
pub(crate) const PAGE_CSP: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; worker-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The interstitial. `challenge_json` is escaped for a script element here, the texts for HTML.
pub(crate) fn challenge(host: &str, decision: &str, challenge_json: &str, plain: &str) -> String {
    fill(
        PAGE,
        &[
            ("lang", "en"),
            ("challenge_json", &script_safe(challenge_json)),
            ("decision", &escape(decision)),
            ("host", &escape(host)),
            ("noscript_html", plain),
        ],
    )
}

/// The way on without JavaScript, as a part of the interstitial.
pub(crate) fn plain(wait_url: &str, wait_token: &str, hidden: &[(&str, &str)], seconds: u32) -> String {
    let mut token = escape(wait_token);
    // Further hidden fields ride along behind the token's input, which the template closes.
    for (name, value) in hidden {
        let _ =
            write!(token, "\"><input type=\"hidden\" name=\"{}\" value=\"{}", escape(name), escape(value));
    }
    fill(
        PLAIN,
        &[("wait_url", &escape(wait_url)), ("wait_token", &token), ("wait_seconds", &seconds.to_string())],
    )
}

/// A step on the way without JavaScript. `form_html` is HTML of ours. No page refreshes itself after a time: whoever
/// reads slowly, or listens, would lose their place (WCAG 2.2, 2.2.1).
pub(crate) fn step(title: &str, text: &str, form_html: &str, decision: &str) -> String {
    fill(
        CONTINUE,
        &[
            ("refresh_meta", ""),
            ("title", &escape(title)),
            ("text", &escape(text)),
            ("form_html", form_html),
            ("decision", &escape(decision)),
        ],
    )
}

/// The page of a refusal.
pub(crate) fn refusal(status: u16, title: &str, text: &str, decision: &str) -> String {
    step(&format!("{title} ({status})"), text, "", decision)
}

/// Fills a template in one pass, so that no value is searched for placeholders.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(template.len() + 1024);
    let mut rest = template;
    while let Some(start) = rest.find("{{") {
        out.push_str(&rest[..start]);
        let Some(end) = rest[start..].find("}}") else { break };
        let name = &rest[start + 2..start + end];
        match values.iter().find(|(key, _)| *key == name) {
            Some((_, value)) => out.push_str(value),
            None => out.push_str(&rest[start..start + end + 2]),
        }
        rest = &rest[start + end + 2..];
    }
    out.push_str(rest);
    out
}

/// Text for HTML, in elements and in quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

/// JSON for a script element: what could end the element is written as an escape.
fn script_safe(json: &str) -> String {
    json.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_placeholder_is_filled_and_values_are_escaped() {
        let json = r#"{"return_to":"/</script><script>alert(1)</script>"}"#;
        let nasty = "\"><img src=x onerror=alert(1)>{{decision}}";
        let page = challenge(nasty, "abc", json, &plain("/.spigot/wait", nasty, &[("to", nasty)], 10));
        assert!(!page.contains("<script>alert") && !page.contains("<img src=x"), "{page}");
        let page = step("t", "x", "", "d")
            + &refusal(403, "t", "x", "d")
            + &challenge("h", "d", "{}", &plain("u", "t", &[], 1));
        assert!(!page.contains("{{"), "{page}");
    }
}
