//! The operator's lists as files.

use std::io::Read;
use std::path::Path;

use serde_json::json;
use spigot_admin::{ListDefaults, ListName, NotTaken, Setting, read_list, write_entry, write_head};
use spigot_decision::Millis;

use super::settings::open;
use crate::cli::{Author, Format, Place};
use crate::clock::now;

/// Bytes of a file at most, as the admin API takes.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// Puts the entries of a file in force, all or none.
pub(super) fn import(
    place: &Place,
    author: &Author,
    (list, file): (&str, &Path),
    until: Option<i64>,
    note: &str,
) -> Result<(), String> {
    let list = named(list)?;
    let text = read(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    let settings = read_list(&text, &ListDefaults { list, until, note }, now()).map_err(|not| match not {
        NotTaken::TooMany(why) => why,
        NotTaken::Lines(wrong) => {
            let lines = wrong.iter().map(|(line, problem)| format!("\n  line {line}: {problem}"));
            format!("nothing was taken in:{}", lines.collect::<String>())
        }
    })?;
    let all = settings.len();
    let made = open(place)?.commit_all(settings, &author.author, now()).map_err(|error| error.to_string())?;
    if place.format == Format::Json {
        say!("{}", json!({ "made": made, "same": all - made }));
    } else {
        say!("In force: {made} new or changed, {} as before", all - made);
    }
    Ok(())
}

/// Prints a list.
pub(super) fn export(place: &Place, list: &str, format: &str) -> Result<(), String> {
    let list = named(list)?;
    let is_csv = match format {
        "csv" => true,
        "jsonl" => false,
        other => return Err(format!("\"{other}\" is no format; write csv or jsonl")),
    };
    let mut line = Vec::new();
    let failed = |error: std::io::Error| format!("the list cannot be written: {error}");
    if is_csv {
        write_head(&mut line).map_err(failed)?;
        tell!("{}", String::from_utf8_lossy(&line));
    }
    for (setting, author) in open(place)?.in_force(now()).map_err(|error| error.to_string())? {
        let Setting::List(entry) = setting else { continue };
        if entry.list != list {
            continue;
        }
        let until = entry.until.map(|until| Millis(until).to_string());
        if is_csv {
            line.clear();
            write_entry(&mut line, &entry.prefix, until.as_deref(), &entry.note).map_err(failed)?;
            tell!("{}", String::from_utf8_lossy(&line));
        } else {
            say!(
                "{}",
                json!({ "list": entry.list, "subject": entry.prefix, "until": until, "note": entry.note, "author": author })
            );
        }
    }
    Ok(())
}

fn named(list: &str) -> Result<ListName, String> {
    match list {
        "allow" => Ok(ListName::Allow),
        "deny" => Ok(ListName::Deny),
        other => Err(format!("\"{other}\" is no list; write allow or deny")),
    }
}

fn read(file: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    let read = if file == Path::new("-") {
        std::io::stdin().take(FILE_BYTES_MAX + 1).read_to_string(&mut text)?
    } else {
        std::fs::File::open(file)?.take(FILE_BYTES_MAX + 1).read_to_string(&mut text)?
    };
    if read as u64 > FILE_BYTES_MAX {
        return Err(std::io::Error::other(format!("it has more than {FILE_BYTES_MAX} bytes")));
    }
    Ok(text)
}
