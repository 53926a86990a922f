//! Names, patterns and hosts as a file has them.

use crate::policy::Pattern;
use crate::policy::host::wrong_host;
use crate::policy::source::{Placed, Reader, Section};

pub(super) fn check_name(reader: &Reader, name: &Placed<&str>) {
    if !is_name(name.value) {
        reader.problem(
            name.span.clone(),
            format!("\"{}\" is no name", name.value),
            "use a to z, 0 to 9, - and _, at most 64 of them",
        );
    }
}

pub(super) fn twice(reader: &Reader, key: &str, name: &Placed<&str>) {
    reader.problem(
        name.span.clone(),
        format!("there are two of [[{key}]] \"{}\"", name.value),
        "give each its own name",
    );
}

/// Names of rules and exceptions stand in headers and events, and say there which of them it was.
pub(super) fn own_name<'a>(
    reader: &Reader,
    key: &str,
    name: Option<&Placed<&'a str>>,
    names: &mut Vec<&'a str>,
) {
    let Some(name) = name else { return };
    if names.contains(&name.value) {
        twice(reader, key, name);
    }
    check_name(reader, name);
    names.push(name.value);
}

fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'))
}

pub(super) fn names_at(section: &Section<'_, '_>) -> Vec<(String, std::ops::Range<usize>)> {
    texts_or_none(section, "routes", "name at least one route, or leave `routes` out for all of them")
        .into_iter()
        .map(|text| (text.value.to_owned(), text.span))
        .collect()
}

pub(super) fn patterns(section: &Section<'_, '_>) -> Vec<Pattern> {
    let mut patterns = Vec::new();
    for text in texts_or_none(section, "match", "write for example match = \"/**\" for every path") {
        match Pattern::parse(text.value) {
            Ok(pattern) => patterns.push(pattern),
            Err(help) => section.reader.problem(text.span, format!("\"{}\" is no pattern", text.value), help),
        }
    }
    patterns
}

pub(super) fn hosts(section: &Section<'_, '_>) -> Vec<String> {
    let texts = texts_or_none(section, "host", "name at least one host, or leave `host` out for all of them");
    for text in &texts {
        if let Some(help) = wrong_host(text.value) {
            section.reader.problem(text.span.clone(), format!("\"{}\" is no host", text.value), help);
        }
    }
    texts.iter().map(|text| text.value.to_ascii_lowercase()).collect()
}

/// An empty list would quietly mean "all of them".
fn texts_or_none<'a>(section: &Section<'a, '_>, key: &'static str, help: &str) -> Vec<Placed<&'a str>> {
    if let Some((value, span)) = section.raw(key)
        && value.as_array().is_some_and(|list| list.is_empty())
    {
        section.reader.problem(span, format!("`{key}` is an empty list"), help);
    }
    section.texts(key).unwrap_or_default()
}
