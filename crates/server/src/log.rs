//! What the process says about itself on standard error, one JSON object or sentence a line. Requests are events, not log lines.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

static FOR_PEOPLE: AtomicBool = AtomicBool::new(false);

/// From now on lines are for people: time, what happened, and fields as `name: value`.
pub(crate) fn for_people() {
    FOR_PEOPLE.store(true, Ordering::Relaxed);
}

/// Writes a line: what happened, in the past tense, and its fields.
pub(crate) fn line(happened: &str, fields: &[(&str, &str)]) {
    if FOR_PEOPLE.load(Ordering::Relaxed) {
        let _ = writeln!(std::io::stderr(), "{}", text(&crate::clock::now().to_string(), happened, fields));
        return;
    }
    let mut object = serde_json::Map::new();
    object.insert("time".to_owned(), crate::clock::now().to_string().into());
    object.insert("event".to_owned(), happened.into());
    for (name, value) in fields {
        object.insert((*name).to_owned(), (*value).into());
    }
    // A closed standard error is no reason to stop serving.
    let _ = writeln!(std::io::stderr(), "{}", serde_json::Value::Object(object));
}

/// One line, whatever the fields hold: terminals obey control characters.
fn text(time: &str, happened: &str, fields: &[(&str, &str)]) -> String {
    let mut line = format!("{time} {}", happened.replace('_', " "));
    for (at, (name, value)) in fields.iter().enumerate() {
        line.push_str(if at == 0 { "; " } else { ", " });
        line.push_str(&format!("{name}: "));
        line.extend(value.chars().map(|c| if c.is_control() { ' ' } else { c }));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_one_line() {
        let fields = [("error", "a\nb\u{1b}[31m"), ("key", "x")];
        assert_eq!(text("T", "lists_refused", &fields), "T lists refused; error: a b [31m, key: x");
        assert_eq!(text("T", "stopped", &[]), "T stopped");
    }
}
