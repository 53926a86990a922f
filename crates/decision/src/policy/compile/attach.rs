//! Which limits and rules are for which route.

use super::{Compiler, LIMITS_PER_ROUTE_MAX};
use crate::policy::source::{Reader, listing, nearest};

impl Compiler {
    pub(super) fn check_routes(&self, reader: &Reader, routes: &[(String, std::ops::Range<usize>)]) {
        for (name, span) in routes {
            if name != "default" && !self.route_names.contains(name) {
                let names = self.route_names.iter().map(String::as_str).filter(|name| *name != "default");
                let names: Vec<&str> = names.chain(["default"]).collect();
                reader.problem(
                    span.clone(),
                    format!("there is no route \"{name}\""),
                    format!("routes: {}{}", listing(&names), nearest(name, &names)),
                );
            }
        }
    }

    /// Gives each route the indexes of the limits and rules that are for it.
    pub(super) fn attach(&mut self, reader: &Reader) {
        for index in 0..self.limits.len() {
            let (routes, answers) =
                (self.limits[index].routes.clone(), self.limits[index].limit.counts_answers());
            self.check_routes(reader, &routes);
            for route in &mut self.routes {
                if routes.is_empty() || routes.iter().any(|(name, _)| *name == route.name) {
                    let list = if answers { &mut route.answer_limits } else { &mut route.limits };
                    list.push(u16::try_from(index).unwrap_or(u16::MAX));
                }
            }
        }
        for index in 0..self.rules.len() {
            let routes = self.rules[index].routes.clone();
            self.check_routes(reader, &routes);
            for route in &mut self.routes {
                if routes.is_empty() || routes.iter().any(|(name, _)| *name == route.name) {
                    route.rules.push(u16::try_from(index).unwrap_or(u16::MAX));
                }
            }
        }
        // One problem for all routes: the same limit too many is usually on each of them.
        let counts = self.routes.iter().map(|route| (route, route.limits.len() + route.answer_limits.len()));
        if let Some((route, count)) =
            counts.filter(|(_, n)| *n > LIMITS_PER_ROUTE_MAX).max_by_key(|(_, n)| *n)
        {
            let mut spans: Vec<_> = (route.limits.iter().chain(&route.answer_limits))
                .filter_map(|index| self.limits[usize::from(*index)].span.clone())
                .collect();
            spans.sort_by_key(|span| span.start);
            reader.problem(
                spans.into_iter().take(LIMITS_PER_ROUTE_MAX + 1).next_back().unwrap_or(0..0),
                format!("route \"{}\" has {count} limits", route.name),
                format!(
                    "at most {LIMITS_PER_ROUTE_MAX} are allowed on one route; name the routes of each limit"
                ),
            );
        }
    }
}
