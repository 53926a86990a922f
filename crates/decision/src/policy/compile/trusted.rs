//! `[[trusted]]`: who passes by proof. What the proof is, the server reads.

use super::{Compiler, LEVELS, names_at};
use crate::policy::source::Section;
use crate::policy::units::rate;
use crate::policy::{TrustedClient, Worth};

impl Compiler {
    pub(super) fn trusted(&mut self, section: &Section<'_, '_>) {
        for part in section.tables("trusted") {
            let name = part.text("name");
            if name.as_ref().is_some_and(|name| self.is_replaced("trusted", name.value)) {
                continue;
            }
            let routes = names_at(&part);
            let gives = worth(&part);
            let rate = part.parsed("rate", own_rate).map(|rate| rate.value);
            self.check_routes(part.reader, &routes);
            let (Some(name), Some(gives)) = (name, gives) else { continue };
            let routes = routes.into_iter().map(|(name, _)| name).collect();
            self.trusted.push(TrustedClient { name: name.value.to_owned(), routes, gives, rate });
        }
    }
}

fn worth(part: &Section<'_, '_>) -> Option<Worth> {
    let choices = [("pass", 0), ("level", 1), ("soften", 2)];
    let gives = part.require("gives", part.choice("gives", &choices), "gives = \"pass\"")?.value;
    let level = part.choice("level", &LEVELS);
    let by = part.integer("by", 1..=100);
    for (key, belongs, given) in [
        ("level", 1, level.as_ref().map(|level| level.span.clone())),
        ("by", 2, by.as_ref().map(|by| by.span.clone())),
    ] {
        if let Some(span) = given.filter(|_| gives != belongs) {
            let with = choices[belongs].0;
            part.reader.problem(
                span,
                format!("`{key}` is for trusted clients with gives = \"{with}\""),
                format!("remove `{key}`, or write gives = \"{with}\""),
            );
        }
    }
    match gives {
        0 => Some(Worth::Pass),
        1 => part.require("level", level, "level = \"medium\"").map(|level| Worth::Level(level.value)),
        _ => {
            let by = part.require("by", by, "by = 30")?.value;
            Some(Worth::LessRisk(u8::try_from(by).unwrap_or(100)))
        }
    }
}

/// It is always counted by the trusted client.
fn own_rate(text: &str) -> Result<(u32, u64), String> {
    let rate = rate(text).ok().filter(|rate| rate.key.is_empty());
    rate.map(|rate| (rate.events, rate.window_millis)).ok_or_else(|| {
        "write a number and a duration, for example \"600 per 1m\"; it is always per trusted client"
            .to_owned()
    })
}
