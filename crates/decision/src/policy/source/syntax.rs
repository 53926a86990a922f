//! What the parser says, in words that help.

use std::ops::Range;

use super::problems::{Problem, floor_boundary};

/// The parser's words for the mistakes that are made most, in a sentence, and what to write.
pub(super) fn syntax(text: &str, span: &Range<usize>, message: &str) -> (String, String) {
    let here = text.get(span.clone()).unwrap_or_default().trim();
    let plain = here.trim_matches(['“', '”', '„', '‟', '‘', '’', '«', '»']);
    let (message, help) = if message == "duplicate key" {
        (
            format!("`{here}` is written twice"),
            "keep one of them; several of a kind are written as [[route]], [[limit]], [[rule]] or [[list]]",
        )
    } else if message.starts_with("string values must be quoted") && here.is_empty() {
        ("there is no value".to_owned(), "write it after the equals sign, texts in quotation marks")
    } else if message.starts_with("string values must be quoted") && plain.len() < here.len() {
        return (format!("`{here}` has typographic quotation marks"), format!("write \"{plain}\""));
    } else if message.starts_with("string values must be quoted") {
        return (format!("`{here}` is a text without quotation marks"), format!("write \"{here}\""));
    } else if message.starts_with("missing escaped value") {
        (
            "a backslash begins an escape in double quotes, and this is none".to_owned(),
            "write \\\\ for a backslash, or put the whole text in single quotes",
        )
    } else if message.starts_with("invalid") && message.ends_with("string, expected `\"`") {
        ("this text has no closing quotation mark".to_owned(), "end it with \" on the same line")
    } else if message.starts_with("invalid") && message.contains("string, expected non-") {
        (
            "this character cannot stand in a text".to_owned(),
            "remove it, or write it as \\uXXXX in double quotes",
        )
    } else if message.starts_with("key with no value") || message.starts_with("invalid unquoted key") {
        (message.to_owned(), "write key = value, for example mode = \"monitor\"")
    } else {
        (message.to_owned(), "see https://toml.io for the syntax of TOML")
    };
    (message, help.to_owned())
}

/// A syntax error makes what stands after it look wrong. Keeps the first of a line, and of what follows one that
/// leaves something open only what stands in the lines before it.
pub(super) fn without_consequences(text: &str, problems: Vec<Problem>, syntax: &[Problem]) -> Vec<Problem> {
    let line = |problem: &Problem| {
        let end = floor_boundary(text, problem.span.start);
        text[..end].matches('\n').count()
    };
    let leaves_open =
        |problem: &Problem| ["missing", "unclosed"].iter().any(|w| problem.message.starts_with(w));
    let mut kept: Vec<Problem> = Vec::with_capacity(problems.len());
    let open_from = syntax.iter().filter(|p| leaves_open(p)).map(line).min().unwrap_or(usize::MAX);
    let syntax_lines: Vec<usize> = syntax.iter().map(line).collect();
    for problem in problems {
        let at = line(&problem);
        let is_consequence = if syntax.contains(&problem) {
            at > open_from || kept.iter().any(|p| syntax.contains(p) && line(p) == at)
        } else {
            at >= open_from || syntax_lines.contains(&at)
        };
        if !is_consequence {
            kept.push(problem);
        }
    }
    kept
}
