//! Whether everything works: what is stored, what was dropped, how old things are.

use schemars::JsonSchema;
use serde::Serialize;

use super::call::Call;
use super::operation::{Nothing, Operation};
use super::problem::Problem;
use crate::staff::Need;

pub(crate) fn operations() -> Vec<Operation> {
    vec![Operation::get("health.show", "/api/health", Need::Look, "How Spigot itself is doing.", show)]
}

/// How Spigot is doing.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Health {
    version: &'static str,
    revision: String,
    now_millis: i64,
    nodes: Vec<Node>,
    stores: Vec<Store>,
}

/// One running Spigot, as only it knows itself.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Since when it runs.
    pub started_millis: i64,
    /// Events that wait for the writer, were written, and will never be stored.
    pub events_waiting: u64,
    /// See there.
    pub events_written: u64,
    /// See there.
    pub events_dropped: u64,
    /// Attempts to write events or to keep state that failed.
    pub failed: u64,
    /// What was said last about that.
    pub last_error: Option<String>,
    /// Bytes of the counter table, and counts that had to make room.
    pub counter_bytes: u64,
    /// See there.
    pub counter_evictions: u64,
    /// How full the memory of spent challenges is, in percent.
    pub spends_percent: u8,
    /// Lists, and how old they are.
    pub lists: Vec<List>,
    /// Certificates that it shows.
    pub certificates: Vec<Certificate>,
    /// How the weekly review went out.
    pub reports: Vec<Report>,
}

/// One way on which the weekly review goes out.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Report {
    /// `hook` or `mail`.
    pub way: String,
    /// The server.
    pub to: String,
    /// When one was taken last, since the start.
    pub sent_millis: Option<i64>,
    /// When the next one is sent, or the last one again.
    pub next_millis: i64,
    /// Attempts with the present one that failed.
    pub attempts: u32,
    /// Why the last attempt was in vain.
    pub failed: Option<String>,
}

/// A list that is fetched or read.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct List {
    /// Its name.
    pub name: String,
    /// Its entries.
    pub entries: u64,
    /// When its source answered well for the last time.
    pub asked_millis: Option<i64>,
    /// Why the last attempt was in vain.
    pub failed: Option<String>,
}

/// A certificate.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Certificate {
    /// Its file.
    pub file: String,
    /// When it ends; unknown when it cannot be read.
    pub ends_millis: Option<i64>,
}

/// A file in the data folder.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Store {
    name: String,
    bytes: u64,
    changed_millis: Option<i64>,
}

fn show(call: &Call<'_>, _: &Nothing) -> Result<Health, Problem> {
    let node = call.live().node();
    Ok(Health {
        version: env!("CARGO_PKG_VERSION"),
        revision: call.live().policy().revision.clone(),
        now_millis: call.now.0,
        nodes: vec![node],
        stores: stores(call.folder()),
    })
}

/// The databases, with what is not in them yet.
fn stores(folder: &std::path::Path) -> Vec<Store> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let store = |entry: std::fs::DirEntry| {
        let name = entry.file_name().into_string().ok()?;
        let is_store = name.ends_with(".sqlite") || name.ends_with(".sqlite-wal");
        let about = entry.metadata().ok().filter(|_| is_store)?;
        let changed = about.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
        Some(Store { name, bytes: about.len(), changed_millis: i64::try_from(changed.as_millis()).ok() })
    };
    let mut stores: Vec<Store> = entries.filter_map(|entry| store(entry.ok()?)).collect();
    stores.sort_by(|one, other| one.name.cmp(&other.name));
    stores
}
