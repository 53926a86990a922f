//! A `[[route]]` without `match` changes a route that is there anyway, where it stands: the shipped one of its name, or
//! the one that is left for every other request.

use super::names::hosts;
use crate::policy::source::Section;

/// The route of every request that fits no other.
pub(super) const FALLBACK: &str = "default";

/// Those of the file.
pub(super) struct Partials<'a, 't>(Vec<(&'a str, Section<'a, 't>)>);

impl<'a, 't> Partials<'a, 't> {
    /// A route that stands nowhere else keeps its place among the others, so that `match` is missed there.
    pub(super) fn read(section: &Section<'a, 't>, base: Option<&Section<'_, '_>>) -> Self {
        let shipped: Vec<String> = base
            .into_iter()
            .flat_map(|base| base.tables("route"))
            .filter_map(|part| part.text("name").map(|name| name.value.to_owned()))
            .collect();
        let partial = |part: Section<'a, 't>| {
            let name = part.text("name")?.value;
            let is_there = name == FALLBACK || shipped.iter().any(|shipped| shipped == name);
            (is_there && !part.has("match")).then_some((name, part))
        };
        Self(section.tables("route").into_iter().filter_map(partial).collect())
    }

    /// What the file says of the route besides.
    pub(super) fn of(&self, name: &str) -> Option<&Section<'a, 't>> {
        self.0.iter().find(|(partial, _)| *partial == name).map(|(_, part)| part)
    }

    /// When all of them were read.
    pub(super) fn finish(&self) {
        for (_, part) in &self.0 {
            part.finish();
        }
    }
}

/// The last that says any counts.
pub(super) fn hosts_of(parts: &[&Section<'_, '_>]) -> Vec<String> {
    parts.iter().rev().find(|part| part.has("host")).map(|part| hosts(part)).unwrap_or_default()
}
