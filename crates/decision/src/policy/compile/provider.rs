//! Who challenges: the own puzzle, or a third party that a `[[provider]]` names.

use super::super::source::{Placed, Reader, Section, listing, nearest};

/// Who challenges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Challenger {
    /// The own puzzle.
    Own,
    /// A third party, by index.
    Provider(u8),
}

/// Words that stand for something else where a provider is named.
const TAKEN: [&str; 2] = ["own", "closed"];

pub(super) fn check_name(reader: &Reader, name: &Placed<&str>) {
    if TAKEN.contains(&name.value) {
        reader.problem(
            name.span.clone(),
            format!("a provider cannot be called \"{}\"", name.value),
            "\"own\" is the own puzzle and \"closed\" is a refusal; give it another name, for example the vendor's",
        );
    }
}

/// Reads a key that names one.
pub(super) fn challenger(
    section: &Section<'_, '_>,
    key: &'static str,
    providers: &[String],
) -> Option<Challenger> {
    if let Some((value, span)) = section.raw(key)
        && value.as_table().is_some()
    {
        section.reader.problem(
            span,
            format!("`{key}` is a table"),
            format!(
                "write who challenges here, for example {key} = \"own\"; how stands in [challenge] at the top"
            ),
        );
        return None;
    }
    let text = section.text(key)?;
    if text.value == "own" {
        return Some(Challenger::Own);
    }
    if let Some(index) = providers.iter().position(|name| name == text.value) {
        return u8::try_from(index).ok().map(Challenger::Provider);
    }
    let mut names: Vec<&str> = providers.iter().map(String::as_str).collect();
    let help = if names.is_empty() {
        format!(
            "write \"own\", or a [[provider]] with name = \"{}\" (docs/providers.md)",
            if text.value.is_empty() { "turnstile" } else { text.value }
        )
    } else {
        names.push("own");
        format!("who can challenge: {}{}", listing(&names), nearest(text.value, &names))
    };
    section.reader.problem(text.span, format!("there is no provider \"{}\"", text.value), help);
    None
}
