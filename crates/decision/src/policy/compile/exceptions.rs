//! Exceptions that a file makes.

use super::names::{names_at, own_name};
use super::{Compiler, EXCEPTIONS_MAX};
use crate::Millis;
use crate::policy::source::Section;
use crate::policy::{Exception, Relief};
use crate::subject::Prefix;

impl Compiler {
    pub(super) fn exceptions(&mut self, section: &Section<'_, '_>) {
        let mut names = Vec::new();
        for (index, part) in section.tables("exception").into_iter().enumerate() {
            let name = part.require("name", part.text("name"), "name = \"spring-sale\"");
            own_name(section.reader, "exception", name.as_ref(), &mut names);
            if index == EXCEPTIONS_MAX {
                section.reader.problem(
                    part.span.clone(),
                    "there are too many of [[exception]]",
                    format!("at most {EXCEPTIONS_MAX} are allowed"),
                );
            }
            let time = |key, example| {
                part.require(
                    key,
                    part.parsed(key, |text| {
                        Millis::parse(text).ok_or_else(|| {
                            "write a time with its zone, for example \"2026-12-01T18:00:00Z\"".to_owned()
                        })
                    }),
                    example,
                )
            };
            let (start, end) = (
                time("start", "start = \"2026-12-01T18:00:00Z\""),
                time("end", "end = \"2026-12-01T22:00:00Z\""),
            );
            let reason = part.require("reason", part.text("reason"), "reason = \"half-price evening\"");
            let author = part.require("author", part.text("author"), "author = \"ada@shop.example\"");
            let prefix = part.parsed("address", |text| {
                Prefix::parse(text)
                    .ok_or_else(|| "write for example \"192.0.2.0/24\" or \"2001:db8::/32\"".to_owned())
            });
            let times = part.number("times", 1.0..=1000.0);
            let routes = names_at(&part);
            self.check_routes(section.reader, &routes);
            part.finish();
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 1 to 1000, times 1000
            let relief = times.map_or(Relief::Pass, |times| Relief::Scale((times.value * 1000.0) as u32));
            if let (Some(start), Some(end)) = (&start, &end)
                && start.value >= end.value
            {
                section.reader.problem(
                    end.span.clone(),
                    "the exception ends before it starts",
                    "write an end that is later than the start",
                );
            }
            let (Some(name), Some(start), Some(end), Some(reason), Some(author)) =
                (name, start, end, reason, author)
            else {
                continue;
            };
            self.exceptions.push(Exception {
                name: name.value.to_owned(),
                prefix: prefix.map(|p| p.value),
                routes: routes.into_iter().map(|(name, _)| name).collect(),
                start: start.value,
                end: end.value,
                relief,
                author: author.value.to_owned(),
                reason: reason.value.to_owned(),
                from_policy: true,
                yields: false,
            });
        }
    }
}
