//! The operator's own lists: entries with their hits, import and export.

use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use spigot_decision::Millis;

use super::call::Call;
use super::operation::{Download, Nothing, Operation};
use super::problem::Problem;
use super::settings::{ahead, put, remove, shown};
use crate::list_file::{ListDefaults, NotTaken, read_list, write_entry, write_head};
use crate::setting::{EntrySetting, ListName, Setting};
use crate::staff::Need;
use crate::versions::InForce;

/// Entries of one page at most.
const LIMIT_MAX: u32 = 500;
pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("lists.show", "/api/lists", Need::Look, "A page of the entries of a list.", show),
        Operation::send("lists.put", Method::PUT, "/api/lists", Need::Steer, "Puts an entry on a list.", add),
        Operation::send(
            "lists.import",
            Method::POST,
            "/api/lists/import",
            Need::Steer,
            "Puts many entries on a list, all or none.",
            import,
        ),
        Operation::download(
            "lists.export",
            "/api/lists/export",
            Need::Read,
            "The entries of a list as a file that can be imported.",
            &["text/csv", "application/jsonl"],
            export,
        ),
        Operation::send(
            "lists.remove",
            Method::DELETE,
            "/api/lists/{key}",
            Need::Steer,
            "Takes an entry off its list.",
            |call, _: &Nothing| remove(call, "list ").map(|()| Nothing {}),
        )
        .guarded(),
    ]
}

/// Which entries.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    list: ListName,
    /// What stands in the subject, the note or the author's name.
    find: Option<String>,
    /// Where to go on: what an answer called `next`.
    after: Option<String>,
    /// At most so many, up to 500; 100 when absent.
    limit: Option<u32>,
}

/// A page of the entries of a list.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ListEntries {
    entries: Vec<ListEntry>,
    /// How many there are of the kind.
    found: u64,
    /// Where to go on; absent at the end.
    next: Option<String>,
}

/// An entry.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ListEntry {
    key: String,
    /// Goes back in `If-Match` or `version` with a change.
    version: u64,
    list: ListName,
    /// An address, a prefix, `AS64500`, `country:DE` or `fingerprint:…`.
    subject: String,
    until: Option<String>,
    note: String,
    author: String,
    since: String,
    /// Requests that it was met by since the program started.
    hits: u64,
    last_hit: Option<String>,
}

/// An entry to be.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListEntryWanted {
    list: ListName,
    /// An address, a prefix, `AS64500`, `country:DE` or `fingerprint:…`.
    subject: String,
    /// Without end when absent.
    until: Option<String>,
    #[serde(default)]
    note: String,
    /// The version that it takes the place of.
    version: Option<u64>,
}

/// Many entries to be.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListImport {
    list: ListName,
    /// A line each: the subject, or `subject,until,note`. What begins with # is a remark.
    text: String,
    /// For those without an end of their own.
    until: Option<String>,
    /// For those without a note of their own.
    #[serde(default)]
    note: String,
}

/// What became of an import.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ListImported {
    /// Entries that are new or were changed; none when there are problems.
    made: usize,
    /// Entries that stood so already.
    same: usize,
    problems: Vec<ImportProblem>,
}

/// A line that is no entry.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ImportProblem {
    line: usize,
    problem: String,
}

/// Which list, and how it is written.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListExport {
    list: ListName,
    /// `csv` or `jsonl`.
    format: Option<String>,
}

fn shown_entry(call: &Call<'_>, known: InForce) -> Option<ListEntry> {
    let Setting::List(entry) = known.setting else { return None };
    let (hits, last) = call.live().hits(&entry.prefix);
    Some(ListEntry {
        key: if call.sees_shortened() { String::new() } else { known.key },
        version: known.version,
        list: entry.list,
        subject: shown(call, &entry.prefix),
        until: entry.until.map(|until| Millis(until).to_string()),
        note: shown(call, &entry.note),
        author: known.author,
        since: known.since.to_string(),
        hits,
        last_hit: last.map(|last| last.to_string()),
    })
}

fn show(call: &Call<'_>, query: &ListQuery) -> Result<ListEntries, Problem> {
    let prefix = prefix(query.list);
    let find = query.find.as_deref().unwrap_or_default().trim();
    // Whoever sees addresses shortened must not find out their ends by looking for them.
    if !find.is_empty() && call.sees_shortened() {
        return Err(Problem::forbidden("Your role sees addresses shortened, and cannot look for them"));
    }
    let most = query.limit.unwrap_or(100).min(LIMIT_MAX);
    // A place is the key of an entry, and with it a whole address: for them there is the first page.
    let after = query.after.as_deref().filter(|_| !call.sees_shortened()).unwrap_or_default();
    let (page, found) = call.settings()?.page((prefix, find), after, most, call.now)?;
    let is_full = page.len() == most as usize && !call.sees_shortened();
    let next = page.last().map(|last| last.key.clone()).filter(|_| is_full);
    let entries = page.into_iter().filter_map(|known| shown_entry(call, known)).collect();
    Ok(ListEntries { entries, found, next })
}

/// How the keys of a list's entries begin.
fn prefix(list: ListName) -> &'static str {
    match list {
        ListName::Allow => "list allow ",
        ListName::Deny => "list deny ",
    }
}

fn add(call: &Call<'_>, wanted: &ListEntryWanted) -> Result<Nothing, Problem> {
    let setting = Setting::List(EntrySetting {
        list: wanted.list,
        prefix: wanted.subject.trim().to_owned(),
        until: wanted.until.as_deref().map(|until| ahead(until, call.now)).transpose()?,
        note: wanted.note.trim().to_owned(),
    });
    put(call, setting.checked().map_err(Problem::refused)?, wanted.version)?;
    Ok(Nothing {})
}

fn import(call: &Call<'_>, wanted: &ListImport) -> Result<ListImported, Problem> {
    let until = wanted.until.as_deref().map(|until| ahead(until, call.now)).transpose()?;
    let defaults = ListDefaults { list: wanted.list, until, note: &wanted.note };
    let settings = match read_list(&wanted.text, &defaults, call.now) {
        Ok(settings) => settings,
        Err(NotTaken::TooMany(why)) => return Err(Problem::refused(why)),
        Err(NotTaken::Lines(wrong)) => {
            let problems = wrong.into_iter().map(|(line, problem)| ImportProblem { line, problem }).collect();
            return Ok(ListImported { made: 0, same: 0, problems });
        }
    };
    let all = settings.len();
    let made = call.settings()?.commit_all(settings, &call.caller.name(), call.now)?;
    Ok(ListImported { made, same: all - made, problems: Vec::new() })
}

fn export(call: &Call<'_>, wanted: &ListExport) -> Result<Download, Problem> {
    let is_csv = match wanted.format.as_deref() {
        None | Some("csv") => true,
        Some("jsonl") => false,
        Some(other) => return Err(Problem::refused(format!("\"{other}\" is no format; write csv or jsonl"))),
    };
    let mut staff = call.staff()?;
    call.audit(&mut staff, "lists.export", &format!("{:?}", wanted.list).to_lowercase(), &json!({}))?;
    let known = call.settings()?.versions(prefix(wanted.list), call.now)?;
    let entries: Vec<_> = known.into_iter().filter_map(|known| shown_entry(call, known)).collect();
    let name = match wanted.list {
        ListName::Allow => "allowlist",
        ListName::Deny => "denylist",
    };
    Ok(Download {
        media_type: if is_csv { "text/csv; charset=utf-8" } else { "application/jsonl" },
        name: Some(format!("{name}.{}", if is_csv { "csv" } else { "jsonl" })),
        write: Box::new(move |to| {
            if is_csv {
                write_head(to)?;
            }
            for entry in &entries {
                if is_csv {
                    write_entry(to, &entry.subject, entry.until.as_deref(), &entry.note)?;
                } else {
                    writeln!(to, "{}", serde_json::to_string(entry).map_err(std::io::Error::other)?)?;
                }
            }
            Ok(())
        }),
    })
}
