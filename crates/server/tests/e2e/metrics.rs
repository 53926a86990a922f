//! What the dashboard shows is what is measured.

use std::collections::BTreeSet;

use super::client::Connection;
use super::demo::Demo;

const DASHBOARD: &str = include_str!("../../../../integrations/grafana/spigot.json");

fn metrics(demo: &Demo) -> String {
    Connection::open(demo.admin).request("GET", "/metrics", &[("Connection", "close")], b"").text()
}

/// Every `spigot_…` name in the queries of the dashboard, with the labels that it is asked by.
fn asked() -> BTreeSet<String> {
    fn queries(value: &serde_json::Value, found: &mut Vec<String>) {
        match value {
            serde_json::Value::Object(map) => {
                found.extend(map.get("expr").and_then(|expr| expr.as_str()).map(str::to_owned));
                map.values().for_each(|value| queries(value, found));
            }
            serde_json::Value::Array(list) => list.iter().for_each(|value| queries(value, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    queries(&serde_json::from_str(DASHBOARD).unwrap(), &mut found);
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = found.iter().flat_map(|query| query.split(|c: char| !is_part(c)));
    words.filter(|word| word.starts_with("spigot_")).map(str::to_owned).collect()
}

#[test]
fn every_series_of_the_dashboard_is_measured() {
    let demo = Demo::start();
    assert_eq!(demo.connect().get("/").status, 200);
    assert_eq!(demo.connect().get("/login").status, 403);
    demo.change(&["force", "GET /search", "--for", "1h"]);
    assert_eq!(demo.connect().get("/search?q=a").status, 403);
    let metrics = metrics(&demo);
    let measured: BTreeSet<&str> = metrics
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split(['{', ' ']).next())
        .collect();
    let asked = asked();
    assert!(asked.len() >= 15, "{asked:?}");
    for name in &asked {
        assert!(measured.contains(name.as_str()), "{name} is not in {metrics}");
    }
    for line in [
        "spigot_route_requests_total{route=\"login\",action=\"challenge\"} 1",
        "spigot_route_requests_total{route=\"search\",action=\"challenge\"} 1",
        "spigot_triggers_total{trigger=\"manual\"} 1",
        "spigot_added_seconds_bucket{le=\"+Inf\"} 3",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line} is not in {metrics}");
    }
}
