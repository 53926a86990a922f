//! Thresholds and weights of routes that are written elsewhere, the shipped ones included.

use super::names::names_at;
use super::read::{read_thresholds, read_weights};
use super::{Compiler, ROUTES_MAX};
use crate::policy::source::Section;

impl Compiler {
    /// Applies the adjustments of one file, in their order: a later one counts over an earlier one.
    pub(super) fn adjust(&mut self, section: &Section<'_, '_>) {
        for (index, part) in section.tables("adjust").into_iter().enumerate() {
            if index == ROUTES_MAX {
                section.reader.problem(
                    part.span.clone(),
                    "there are too many of [[adjust]]",
                    format!("at most {ROUTES_MAX} are allowed"),
                );
            }
            let routes = names_at(&part);
            self.check_routes(section.reader, &routes);
            for route in &mut self.routes {
                if routes.is_empty() || routes.iter().any(|(name, _)| *name == route.name) {
                    read_thresholds(&part, &mut route.settings);
                    read_weights(&part, &mut route.settings);
                }
            }
            part.finish();
        }
    }
}
