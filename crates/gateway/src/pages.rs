//! The pages that visitors get from us. Their templates come built from `web/challenge/dist`.

use std::fmt::Write;

use spigot_challenge::kind::wait::Wait;

use crate::languages::Texts;

const PAGE: &str = include_str!("../../../web/challenge/dist/page.html");
const CONTINUE: &str = include_str!("../../../web/challenge/dist/continue.html");

/// What the interstitial allows itself. Not `form-action`: browsers apply it to the redirects behind a posted form too,
/// and an application that answers a form by redirecting elsewhere (a payment, a log-in) would break.
pub(crate) const PAGE_CSP: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; worker-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The interstitial. `challenge_json` is escaped for a script element here, the texts for HTML.
pub(crate) fn challenge(
    texts: Texts,
    host: &str,
    decision: &str,
    challenge_json: &str,
    plain: &str,
) -> String {
    fill(
        PAGE,
        texts,
        &[
            ("challenge_json", &script_safe(challenge_json)),
            ("decision", &escape(decision)),
            ("host", &escape(host)),
            ("noscript_html", plain),
        ],
    )
}

/// What the interstitial says without JavaScript where there is no other way.
pub(crate) fn needs_script(texts: Texts) -> String {
    format!("<p class=\"text\">{}</p>", escape(texts.text("scriptNeeded")))
}

/// Why a form that was sent is not kept.
#[derive(Clone, Copy)]
pub(crate) enum Lost {
    /// It is larger than so many bytes.
    TooLarge(u64),
    /// There is no room for it now, or it is nothing that can be kept.
    NotKept,
}

/// The way on without JavaScript, as a part of the interstitial. What is lost is said here, before anybody waits.
pub(crate) fn plain(
    texts: Texts,
    token: &str,
    hidden: &[(&str, &str)],
    seconds: u32,
    steps: u8,
    lost: Option<Lost>,
) -> String {
    let text = if steps > 1 { texts.text("stepsText") } else { texts.text("waitText") };
    let text = text.replace("{seconds}", &seconds.to_string()).replace("{steps}", &steps.to_string());
    let mut html = format!("<p class=\"text\">{}</p>\n", escape(&text));
    if let Some(lost) = lost {
        let lost = match lost {
            Lost::TooLarge(bytes) => {
                texts.text("lostText").replace("{size}", &format!("{} MB", (bytes >> 20).max(1)))
            }
            Lost::NotKept => texts.text("notKeptBeforeText").to_owned(),
        };
        let _ = writeln!(html, "<p class=\"text\">{}</p>", escape(&lost));
    }
    html + &wait_form(token, hidden, texts.text("withoutScript"))
}

/// The page of a later step of a wait.
pub(crate) fn next_step(texts: Texts, token: &str, hidden: &[(&str, &str)], wait: Wait) -> String {
    let text = step_text(texts, wait);
    let decision = hidden.iter().find(|(name, _)| *name == "decision").map_or("", |(_, value)| value);
    step(texts, texts.text("heading"), &text, &wait_form(token, hidden, texts.text("goOn")), decision)
}

/// The page of a wait that begins again, because it was too slow or came from elsewhere: it says why.
pub(crate) fn wait_again(
    texts: Texts,
    token: &str,
    hidden: &[(&str, &str)],
    wait: Wait,
    code: &str,
) -> String {
    let said = texts.text("code").replace("{code}", code);
    let text = format!("{}\n{said}\n{}", texts.text("failedText"), step_text(texts, wait));
    let decision = hidden.iter().find(|(name, _)| *name == "decision").map_or("", |(_, value)| value);
    let form = wait_form(token, hidden, texts.text("goOn"));
    step(texts, texts.text("failedHeading"), &text, &form, decision)
}

fn step_text(texts: Texts, wait: Wait) -> String {
    texts
        .text("nextStepText")
        .replace("{step}", &wait.step.to_string())
        .replace("{steps}", &wait.steps.to_string())
        .replace("{seconds}", &wait.millis.div_ceil(1000).to_string())
}

/// A button that sends the kept form on.
pub(crate) fn send_form(texts: Texts, to: &str, stash: &str) -> String {
    format!(
        "<form class=\"actions\" method=\"post\" action=\"{}\"><input type=\"hidden\" name=\"spigot-stash\" value=\"{}\">\
         <button class=\"action\">{}</button></form>",
        escape(to),
        escape(stash),
        escape(texts.text("sendForm"))
    )
}

fn wait_form(token: &str, hidden: &[(&str, &str)], button: &str) -> String {
    let mut inputs = String::new();
    for (name, value) in [("c", token)].iter().chain(hidden).filter(|(_, value)| !value.is_empty()) {
        let _ =
            write!(inputs, "<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape(name), escape(value));
    }
    format!(
        "<form class=\"actions\" method=\"get\" action=\"/.spigot/wait\">{inputs}\
         <button class=\"action\" type=\"submit\">{}</button></form>",
        escape(button)
    )
}

/// A step on the way without JavaScript. `form_html` is HTML of ours. No page refreshes itself after a time: whoever
/// reads slowly, or listens, would lose their place (WCAG 2.2, 2.2.1).
pub(crate) fn step(texts: Texts, title: &str, text: &str, form_html: &str, decision: &str) -> String {
    fill(
        CONTINUE,
        texts,
        &[
            ("title", &escape(title)),
            ("text", &escape(text)),
            ("form_html", form_html),
            ("decision", &escape(decision)),
        ],
    )
}

/// The page of a refusal.
pub(crate) fn refusal(status: u16, title: &str, text: &str, decision: &str) -> String {
    step(Texts::english(), &format!("{title} ({status})"), text, "", decision)
}

/// Fills a template in one pass, so that no value is searched for placeholders: `{{text:…}}` from the language, the
/// others from `values`.
fn fill(template: &str, texts: Texts, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(template.len() + 1024);
    let mut rest = template;
    while let Some(start) = rest.find("{{") {
        out.push_str(&rest[..start]);
        let Some(end) = rest[start..].find("}}") else { break };
        let name = &rest[start + 2..start + end];
        let value = values.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
        match (name, name.strip_prefix("text:").and_then(|key| texts.find(key))) {
            (_, Some(text)) => out.push_str(&escape(text)),
            ("lang", _) => out.push_str(texts.tag),
            ("dir", _) => out.push_str(texts.direction()),
            _ => out.push_str(value.unwrap_or(&rest[start..start + end + 2])),
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
        let texts = Texts::wanted("ar");
        let wait = Wait::first(10_000, 2);
        let hidden = [("to", nasty), ("decision", nasty)];
        let plain = plain(texts, nasty, &hidden, 10, 2, Some(Lost::TooLarge(8 << 20)));
        let page = challenge(texts, nasty, "abc", json, &plain)
            + &next_step(texts, nasty, &hidden, wait)
            + &wait_again(texts, nasty, &hidden, wait, nasty)
            + &send_form(texts, nasty, nasty);
        assert!(!page.contains("<script>alert") && !page.contains("<img src=x"), "{page}");
        assert!(page.contains("lang=\"ar\" dir=\"rtl\""), "{page}");
        let page = step(texts, "t", "x", "", "d")
            + &refusal(403, "t", "x", "d")
            + &needs_script(texts)
            + &challenge(texts, "h", "d", "{}", "");
        assert!(!page.contains("{{"), "{page}");
    }
}
