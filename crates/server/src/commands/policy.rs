//! The policy's text on the command line. It is checked as a whole before it is put in force, as the panel does.

use std::io::Read;
use std::path::Path;

use serde_json::{Value, json};
use spigot_admin::api::conflict;
use spigot_admin::staff::{Happening, StaffStore};
use spigot_admin::{NotMade, PolicyEdit, PolicyStore, SectionOf, edited, text_version};

use super::settings::open;
use crate::cli::{Author, Format, Place, PolicyArgs, PolicyCommand};
use crate::clock::now;
use crate::config::Config;

pub(crate) fn run(args: &PolicyArgs) -> Result<(), String> {
    let PolicyArgs { what, config, place } = args;
    let mut store = open(place)?;
    match what {
        PolicyCommand::Show => show(place, &read(config)?),
        PolicyCommand::Publish { file, note, seen, author } => {
            let (before, text) = (read(config)?, read(file)?);
            let seen = seen.clone().unwrap_or_else(|| text_version(&before));
            publish(&mut store, place, config, &text, &seen, (author, note))
        }
        PolicyCommand::History => history(place, &store, &read(config)?),
        PolicyCommand::Text { number } => {
            tell!("{}", text_of(&store, *number)?);
            Ok(())
        }
        PolicyCommand::Diff { before, after } => {
            let before = text_of(&store, *before)?;
            let after = after.map_or_else(|| read(config), |number| text_of(&store, number))?;
            tell!("{}", difference(&before, &after));
            Ok(())
        }
        PolicyCommand::Rollback { number, note, author } => {
            let (before, text) = (read(config)?, text_of(&store, *number)?);
            let why = if note.is_empty() { String::new() } else { format!(": {note}") };
            let note = format!("back to {number}{why}");
            publish(&mut store, place, config, &text, &text_version(&before), (author, &note))
        }
        PolicyCommand::Edit { changes, section } => {
            let edits: Vec<_> =
                changes.iter().map(|change| edit(change, section.as_deref())).collect::<Result<_, _>>()?;
            let text = edited(&read(config)?, &edits)?;
            checked(config, &text)?;
            tell!("{text}");
            Ok(())
        }
    }
}

fn show(place: &Place, text: &str) -> Result<(), String> {
    if place.format == Format::Json {
        say!("{}", json!({ "version": text_version(text), "text": text }));
    } else {
        tell!("{text}");
    }
    Ok(())
}

/// Everything that is wrong with a text, as `check` says it.
fn checked(config: &Path, text: &str) -> Result<(), String> {
    Config::parse(&config.display().to_string(), text).map(|_| ()).map_err(|problems| problems.to_string())
}

fn publish(
    store: &mut PolicyStore,
    place: &Place,
    config: &Path,
    text: &str,
    seen: &str,
    (author, note): (&Author, &str),
) -> Result<(), String> {
    checked(config, text)?;
    if note.trim().is_empty() {
        return Err("say with --note what it changes: it stands in the history".to_owned());
    }
    let made = store.publish_policy(config, text, seen, (&author.author, note.trim()), now());
    let change = made.map_err(|not| match not {
        NotMade::Conflict(theirs) => conflict("the policy", theirs.as_deref()).detail,
        NotMade::Store(error) => error.to_string(),
    })?;
    let version = text_version(text);
    let mut staff = StaffStore::open(&place.data).map_err(|error| error.to_string())?;
    let (who, detail) =
        (format!("{} (command line)", author.author), json!({ "note": note, "number": change.number }));
    let happening = Happening {
        who: &who,
        what: "policy.publish",
        about: &version,
        detail: &detail.to_string(),
        change: None,
    };
    staff.audit(&happening, now()).map_err(|error| error.to_string())?;
    if place.format == Format::Json {
        say!("{}", json!({ "number": change.number, "version": version }));
    } else {
        say!(
            "Published as number {}, version {version}. A running Spigot follows within a second.",
            change.number
        );
    }
    Ok(())
}

fn history(place: &Place, store: &PolicyStore, current: &str) -> Result<(), String> {
    let (current, mut newest) = (text_version(current), true);
    let versions = store.policy_versions().map_err(|error| error.to_string())?;
    if versions.is_empty() && place.format == Format::Text {
        say!("Nothing was published yet.");
    }
    for version in versions {
        let is_current = version.version == current && std::mem::take(&mut newest);
        let (number, time, author, note) = (version.number, version.time, &version.author, &version.note);
        if place.format == Format::Json {
            let shown = json!({
                "number": number, "time": time.to_string(), "author": author, "note": note,
                "version": version.version, "is_current": is_current,
            });
            say!("{shown}");
        } else {
            let current = if is_current { " (in the file now)" } else { "" };
            say!("{number} {time} {author}: {note}{current}");
        }
    }
    Ok(())
}

fn text_of(store: &PolicyStore, number: u64) -> Result<String, String> {
    let text = store.policy_text(number).map_err(|error| error.to_string())?;
    text.ok_or_else(|| {
        format!("there is no version {number}; `spigot policy history` shows those that are kept")
    })
}

fn read(file: &Path) -> Result<String, String> {
    let mut text = String::new();
    if file == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).map_err(|error| format!("standard input: {error}"))?;
        return Ok(text);
    }
    std::fs::read_to_string(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))
}

/// `thresholds.challenge=60`.
fn edit(change: &str, section: Option<&str>) -> Result<PolicyEdit, String> {
    let (key, value) = change.split_once('=').unwrap_or((change, ""));
    let section = section.map(|section| match section.split_once('/') {
        Some((kind, name)) => Ok(SectionOf { kind: kind.to_owned(), name: name.to_owned() }),
        None => Err(format!("\"{section}\" is no section; write for example --section route/login")),
    });
    let value = if value.trim().is_empty() { Value::Null } else { toml_value(value.trim())? };
    let key = key.trim().split('.').map(str::to_owned).collect();
    Ok(PolicyEdit { section: section.transpose()?, key, value })
}

/// A value as TOML writes it; what is none is a text.
fn toml_value(text: &str) -> Result<Value, String> {
    let read = toml::from_str::<toml::Table>(&format!("value = {text}"));
    let value = read.ok().and_then(|mut table| table.remove("value"));
    let value = value.unwrap_or_else(|| toml::Value::String(text.to_owned()));
    serde_json::to_value(value).map_err(|error| error.to_string())
}

/// The lines that differ, with a mark before each, and three around them: by the longest common subsequence.
fn difference(before: &str, after: &str) -> String {
    let (old, new): (Vec<_>, Vec<_>) = (before.lines().collect(), after.lines().collect());
    let same = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let rest = old.len().min(new.len()) - same;
    let tail = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(old, new)| old == new).count();
    let (old_part, new_part) = (&old[same..old.len() - tail], &new[same..new.len() - tail]);
    let marked = marked(old_part, new_part);
    let around = |lines: &[&str]| lines.iter().map(|line| format!("  {line}\n")).collect::<String>();
    if old_part.is_empty() && new_part.is_empty() {
        return String::new();
    }
    let before = around(&old[same.saturating_sub(AROUND)..same]);
    let after = around(&old[old.len() - tail..(old.len() - tail + AROUND).min(old.len())]);
    format!("@ line {}\n{before}{marked}{after}", same + 1)
}

/// Lines shown before and after what differs.
const AROUND: usize = 3;
/// Cells of the table that finds what two parts share; larger ones are shown as replaced altogether.
const CELLS_MAX: usize = 4_000_000;

fn marked(old: &[&str], new: &[&str]) -> String {
    let all =
        |mark: char, lines: &[&str]| lines.iter().map(|line| format!("{mark} {line}\n")).collect::<String>();
    if old.len() * new.len() > CELLS_MAX {
        return all('-', old) + &all('+', new);
    }
    let width = new.len() + 1;
    let mut longest = vec![0u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            longest[i * width + j] = if old[i] == new[j] {
                longest[(i + 1) * width + j + 1] + 1
            } else {
                longest[(i + 1) * width + j].max(longest[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j, mut text) = (0, 0, String::new());
    while i < old.len() || j < new.len() {
        let (mark, line) = if i < old.len() && j < new.len() && old[i] == new[j] {
            (i, j) = (i + 1, j + 1);
            (' ', old[i - 1])
        } else if j == new.len()
            || (i < old.len() && longest[(i + 1) * width + j] >= longest[i * width + j + 1])
        {
            i += 1;
            ('-', old[i - 1])
        } else {
            j += 1;
            ('+', new[j - 1])
        };
        text.push_str(&format!("{mark} {line}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_shown() {
        let check = |before: &str, after: &str, shown: &str| assert_eq!(difference(before, after), shown);
        check("a\nb\n", "a\nb\n", "");
        check("a\nb\nc\n", "a\nx\nc\n", "@ line 2\n  a\n- b\n+ x\n  c\n");
        check("", "a\n", "@ line 1\n+ a\n");
        check("a\n", "", "@ line 1\n- a\n");
        check("a\nb\nc\nd\n", "a\nc\nx\nd\n", "@ line 2\n  a\n- b\n  c\n+ x\n  d\n");
        check(
            "1\n2\n3\n4\n5\n6\n7\n8\n9\n",
            "1\n2\n3\n4\n6\n7\n8\n9\n",
            "@ line 5\n  2\n  3\n  4\n- 5\n  6\n  7\n  8\n",
        );
        check("a\na\n", "a\na\na\n", "@ line 3\n  a\n  a\n+ a\n");
    }

    #[test]
    fn values_are_written_as_the_file_has_them() {
        let check = |change: &str, key: &[&str], value: Value| {
            let edit = edit(change, Some("route/login")).unwrap();
            assert_eq!(
                (edit.key, edit.value),
                (key.iter().map(|part| (*part).to_owned()).collect(), value),
                "{change}"
            );
        };
        check("thresholds.challenge=60", &["thresholds", "challenge"], json!(60));
        check("mode = \"monitor\"", &["mode"], json!("monitor"));
        check("mode=monitor", &["mode"], json!("monitor"));
        check("match=[\"/a\", \"/b\"]", &["match"], json!(["/a", "/b"]));
        check("thresholds=", &["thresholds"], Value::Null);
        check("thresholds", &["thresholds"], Value::Null);
        assert!(edit("a=1", Some("login")).err().unwrap().contains("route/login"));
    }
}
