//! This process as the panel's page about its health shows it.

use std::path::Path;

use spigot_admin::api::{List, Node};
use spigot_decision::Millis;
use spigot_gateway::Gateway;
use spigot_state::Memory;

use crate::lists::About;
use crate::tls::Ends;
use spigot_keeping::Keeping;

pub(crate) fn node(
    gateway: &Gateway<Memory>,
    keeping: &Keeping,
    data: &Path,
    started: Millis,
    certificates: Option<&Ends>,
) -> Node {
    let stats = gateway.recorder.stats();
    let table = gateway.state.table.stats();
    let (spends_max, spends) = gateway.state.spends.fill();
    let said = gateway.recorder.last_error().map(|error| error.to_string());
    Node {
        name: std::fs::read_to_string("/etc/hostname").unwrap_or_default().trim().to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_millis: started.0,
        events_waiting: stats.waiting,
        events_written: stats.written,
        events_dropped: stats.dropped,
        failed: stats.failed + keeping.failed(),
        last_error: said.or_else(|| keeping.last_error()),
        counter_bytes: table.bytes as u64,
        counter_evictions: table.evicted,
        spends_percent: u8::try_from(spends * 100 / spends_max.max(1)).unwrap_or(100),
        lists: lists(data),
        certificates: certificates.map(|ends| ends.load().to_vec()).unwrap_or_default(),
        ..Node::default()
    }
}

/// What is kept of each list that is fetched.
fn lists(data: &Path) -> Vec<List> {
    let Ok(entries) = std::fs::read_dir(data.join("lists")) else { return Vec::new() };
    let list = |entry: std::fs::DirEntry| {
        let path = entry.path();
        let name = path.file_stem().filter(|_| path.extension().is_some_and(|kind| kind == "json"))?;
        let about: About = serde_json::from_str(&std::fs::read_to_string(&path).ok()?).ok()?;
        let name = name.to_string_lossy().into_owned();
        Some(List { name, entries: about.entries as u64, asked_millis: about.asked, failed: about.failed })
    };
    let mut lists: Vec<List> = entries.filter_map(|entry| list(entry.ok()?)).collect();
    lists.sort_by(|one, other| one.name.cmp(&other.name));
    lists
}
