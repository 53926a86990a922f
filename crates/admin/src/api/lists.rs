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
use crate::setting::{EntrySetting, ListName, Setting};
use crate::staff::Need;

/// Entries that are taken in at once at most: all are checked before any is put in force.
const IMPORT_MAX: usize = 50_000;
/// Problems of an import that are told at most; the others are of the same kind.
const PROBLEMS_MAX: usize = 20;

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("lists.show", "/api/lists", Need::Look, "The entries of both lists.", show),
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

/// The entries of both lists.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ListEntries {
    entries: Vec<ListEntry>,
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

fn entries(call: &Call<'_>) -> Result<Vec<ListEntry>, Problem> {
    let known = call.settings()?.versions("list ", call.now)?;
    let entries = known.into_iter().filter_map(|known| {
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
    });
    Ok(entries.collect())
}

fn show(call: &Call<'_>, _: &Nothing) -> Result<ListEntries, Problem> {
    Ok(ListEntries { entries: entries(call)? })
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
    let (mut settings, mut problems) = (Vec::new(), Vec::new());
    for (at, line) in wanted.text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') || (at == 0 && line == HEAD) {
            continue;
        }
        match entry_of(call, wanted, line, until) {
            Ok(setting) => settings.push(setting),
            Err(problem) if problems.len() < PROBLEMS_MAX => {
                problems.push(ImportProblem { line: at + 1, problem: problem.detail });
            }
            Err(_) => {}
        }
    }
    if settings.len() > IMPORT_MAX {
        return Err(Problem::refused(format!(
            "There are {} entries; at most {IMPORT_MAX} at once. A list of that size is better a [[list]] of the configuration",
            settings.len()
        )));
    }
    if !problems.is_empty() {
        return Ok(ListImported { made: 0, same: 0, problems });
    }
    let all = settings.len();
    let made = call.settings()?.commit_all(settings, &call.caller.name(), call.now)?;
    Ok(ListImported { made, same: all - made, problems })
}

fn entry_of(
    call: &Call<'_>,
    wanted: &ListImport,
    line: &str,
    until: Option<i64>,
) -> Result<Setting, Problem> {
    let mut fields = line.splitn(3, ',').map(|field| field.trim().trim_matches('"'));
    let subject = fields.next().unwrap_or_default();
    let own_end = fields.next().filter(|text| !text.is_empty());
    let own_end = own_end.map(|text| ahead(text, call.now)).transpose()?;
    let note = fields.next().filter(|text| !text.is_empty()).unwrap_or(&wanted.note);
    let setting = Setting::List(EntrySetting {
        list: wanted.list,
        prefix: subject.to_owned(),
        until: own_end.or(until),
        note: note.trim_start_matches('\'').to_owned(),
    });
    setting.checked().map_err(Problem::refused)
}

const HEAD: &str = "subject,until,note";

fn export(call: &Call<'_>, wanted: &ListExport) -> Result<Download, Problem> {
    let is_csv = match wanted.format.as_deref() {
        None | Some("csv") => true,
        Some("jsonl") => false,
        Some(other) => return Err(Problem::refused(format!("\"{other}\" is no format; write csv or jsonl"))),
    };
    let mut staff = call.staff()?;
    call.audit(&mut staff, "lists.export", &format!("{:?}", wanted.list).to_lowercase(), &json!({}))?;
    let mut entries = entries(call)?;
    entries.retain(|entry| entry.list == wanted.list);
    let name = match wanted.list {
        ListName::Allow => "allowlist",
        ListName::Deny => "denylist",
    };
    Ok(Download {
        media_type: if is_csv { "text/csv; charset=utf-8" } else { "application/jsonl" },
        name: Some(format!("{name}.{}", if is_csv { "csv" } else { "jsonl" })),
        write: Box::new(move |to| {
            if is_csv {
                writeln!(to, "{HEAD}")?;
            }
            for entry in &entries {
                let until = entry.until.as_deref().unwrap_or_default();
                if is_csv {
                    writeln!(to, "{},{until},{}", entry.subject, cell(&entry.note))?;
                } else {
                    writeln!(to, "{}", serde_json::to_string(entry).map_err(std::io::Error::other)?)?;
                }
            }
            Ok(())
        }),
    })
}

/// A text as the last field of a line. What a spreadsheet would take for a formula gets an apostrophe before it.
fn cell(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() || c == '"' { ' ' } else { c }).collect();
    let guard = if plain.starts_with(['=', '+', '-', '@']) { "'" } else { "" };
    if plain.contains(',') { format!("\"{guard}{plain}\"") } else { format!("{guard}{plain}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_no_formula() {
        for (note, written) in
            [("scraper", "scraper"), ("=1+1", "'=1+1"), ("-a", "'-a"), ("a, b", "\"a, b\""), ("a\nb", "a b")]
        {
            assert_eq!(cell(note), written);
        }
    }
}
