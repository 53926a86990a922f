//! What the process says about itself, one JSON object a line on standard error. Requests are events, not log lines.

use std::io::Write;

/// Writes a line: what happened, in the past tense, and its fields.
pub(crate) fn line(happened: &str, fields: &[(&str, &str)]) {
    let mut object = serde_json::Map::new();
    object.insert("time".to_owned(), crate::clock::now().to_string().into());
    object.insert("event".to_owned(), happened.into());
    for (name, value) in fields {
        object.insert((*name).to_owned(), (*value).into());
    }
    // A closed standard error is no reason to stop serving.
    let _ = writeln!(std::io::stderr(), "{}", serde_json::Value::Object(object));
}
