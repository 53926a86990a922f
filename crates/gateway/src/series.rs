//! What the metrics tell by route and by trigger, and how long Spigot took. Labels are names of the policy, so that
//! nothing a client sends makes a new series; their number is bounded by the routes that a policy may have.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use spigot_decision::policy::{Policy, Trigger};
use spigot_decision::{Action, Decision, ReasonKind, Source};

/// As many as a policy may have; with six actions each 24 KiB of counts.
const ROUTES: usize = 512;
/// Upper bounds in microseconds: from what a decision takes to what a visitor may feel.
const BOUNDS_MICROS: [u32; 10] = [50, 100, 250, 500, 1000, 2500, 5000, 10_000, 50_000, 250_000];

/// See the module.
pub struct Series {
    routes: Box<[[AtomicU64; Action::ALL.len()]]>,
    triggers: [AtomicU64; Trigger::ALL.len()],
    /// Requests by the time that Spigot added, the last beyond all bounds.
    added: [AtomicU64; BOUNDS_MICROS.len() + 1],
    /// Whose routes are counted.
    names: Mutex<Vec<String>>,
}

impl Default for Series {
    fn default() -> Self {
        Self {
            routes: (0..ROUTES).map(|_| Default::default()).collect(),
            triggers: Default::default(),
            added: Default::default(),
            names: Mutex::default(),
        }
    }
}

impl Series {
    /// Counts a request.
    pub(crate) fn count(&self, decision: &Decision, added_micros: u32) {
        if let Some(actions) = self.routes.get(usize::from(decision.route)) {
            one(&actions[decision.action as usize]);
        }
        for reason in &decision.reasons {
            if let (Source::Trigger(trigger), ReasonKind::Asks(_)) = (reason.source, reason.kind) {
                one(&self.triggers[trigger as usize]);
            }
        }
        let bucket = BOUNDS_MICROS.iter().position(|bound| added_micros <= *bound);
        one(&self.added[bucket.unwrap_or(BOUNDS_MICROS.len())]);
    }

    /// Begins anew where a policy has other routes: an index would mean another one.
    pub fn follow(&self, policy: &Policy) {
        let mut names = self.names.lock();
        if names.iter().ne(policy.routes.iter().map(|route| &route.name)) {
            *names = policy.routes.iter().map(|route| route.name.clone()).collect();
            self.routes.iter().flatten().for_each(|count| count.store(0, Ordering::Relaxed));
        }
    }

    /// In Prometheus' text format 0.0.4. `added_micros_total` is the sum of all times.
    pub(crate) fn render(&self, added_micros_total: u64, text: &mut String) {
        text.push_str("# HELP spigot_route_requests_total Requests by route and by the action that was decided.\n# TYPE spigot_route_requests_total counter\n");
        for (name, actions) in self.names.lock().iter().zip(&self.routes) {
            let name = escaped(name);
            for (action, count) in Action::ALL.iter().zip(actions) {
                // Most routes never see most actions.
                let (action, count) = (action.name(), count.load(Ordering::Relaxed));
                if count > 0 || action == "allow" {
                    let _ = writeln!(
                        text,
                        "spigot_route_requests_total{{route=\"{name}\",action=\"{action}\"}} {count}"
                    );
                }
            }
        }
        text.push_str("# HELP spigot_triggers_total Requests for which a trigger asked.\n# TYPE spigot_triggers_total counter\n");
        for (trigger, count) in Trigger::ALL.iter().zip(&self.triggers) {
            let (name, count) = (trigger.name(), count.load(Ordering::Relaxed));
            let _ = writeln!(text, "spigot_triggers_total{{trigger=\"{name}\"}} {count}");
        }
        text.push_str("# HELP spigot_added_seconds Time that Spigot added to a request.\n# TYPE spigot_added_seconds histogram\n");
        let mut below = 0;
        let bounds = BOUNDS_MICROS.iter().map(|bound| (f64::from(*bound) / 1e6).to_string());
        for (bound, count) in bounds.chain(["+Inf".to_owned()]).zip(&self.added) {
            below += count.load(Ordering::Relaxed);
            let _ = writeln!(text, "spigot_added_seconds_bucket{{le=\"{bound}\"}} {below}");
        }
        let (seconds, micros) = (added_micros_total / 1_000_000, added_micros_total % 1_000_000);
        let _ = writeln!(
            text,
            "spigot_added_seconds_sum {seconds}.{micros:06}\nspigot_added_seconds_count {below}"
        );
    }
}

fn one(count: &AtomicU64) {
    count.fetch_add(1, Ordering::Relaxed);
}

/// A label's value, as the format wants it.
fn escaped(name: &str) -> String {
    name.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use spigot_decision::policy::load;
    use spigot_decision::{Facts, Keys, Millis, Observation, decide, plan};

    use super::*;

    fn policy(routes: &[&str]) -> Policy {
        let routes: String = routes
            .iter()
            .map(|name| format!("[[route]]\nname = \"{name}\"\nmatch = \"/{name}\"\nask = \"always\"\n"))
            .collect();
        load("p", &format!("extends = \"nothing\"\n{routes}")).unwrap_or_else(|problems| panic!("{problems}"))
    }

    fn decided(policy: &Policy, path: &'static str) -> Decision {
        let observation = Observation::of("192.0.2.1".parse().unwrap(), "GET", path);
        let plan = plan(policy, &observation, &Keys(1, 2), Millis(0));
        let facts =
            Facts { available: true, counts: plan.counts.iter().map(|_| 1).collect(), ..Facts::default() };
        decide(policy, &observation, &plan, &facts, Millis(0))
    }

    #[test]
    fn routes_and_times_are_counted_until_the_routes_change() {
        let (series, first) = (Series::default(), policy(&["a", "b"]));
        series.follow(&first);
        for (path, micros) in [("/a", 50), ("/a", 51), ("/b", 300_000), ("/", 0)] {
            series.count(&decided(&first, path), micros);
        }
        let text = || {
            let mut text = String::new();
            series.render(1_500_000, &mut text);
            text
        };
        let check = |lines: &[&str]| {
            let text = text();
            for line in lines {
                assert!(text.lines().any(|found| found == *line), "{line} is not in {text}");
            }
        };
        check(&[
            "spigot_route_requests_total{route=\"a\",action=\"challenge\"} 2",
            "spigot_route_requests_total{route=\"b\",action=\"challenge\"} 1",
            "spigot_route_requests_total{route=\"default\",action=\"allow\"} 1",
            "spigot_triggers_total{trigger=\"manual\"} 0",
            "spigot_added_seconds_bucket{le=\"0.00005\"} 2",
            "spigot_added_seconds_bucket{le=\"0.0001\"} 3",
            "spigot_added_seconds_bucket{le=\"0.25\"} 3",
            "spigot_added_seconds_bucket{le=\"+Inf\"} 4",
            "spigot_added_seconds_sum 1.500000",
            "spigot_added_seconds_count 4",
        ]);
        series.follow(&policy(&["a", "b"]));
        check(&["spigot_route_requests_total{route=\"a\",action=\"challenge\"} 2"]);
        series.follow(&policy(&["b", "a"]));
        assert!(!text().contains("challenge"), "{}", text());
    }
}
