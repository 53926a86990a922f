//! An operator's list as a file: a line each, `subject,until,note`, where only the subject has to be there.

use std::io::{self, Write};

use spigot_decision::Millis;

use crate::setting::{EntrySetting, ListName, Setting};

/// Entries that are taken in at once at most: all are checked before any is put in force.
const IMPORT_MAX: usize = 50_000;
/// Problems of an import that are told at most; the others are of the same kind.
const PROBLEMS_MAX: usize = 20;
/// Found as the first line, it is none.
const HEAD: &str = "subject,until,note";
/// The last moment that may be written: beyond it times have no four-digit years.
const LAST: i64 = 253_402_300_799_000;

/// What entries get that say nothing else themselves, and their list.
pub struct ListDefaults<'a> {
    /// The list.
    pub list: ListName,
    /// Until when.
    pub until: Option<i64>,
    /// Why.
    pub note: &'a str,
}

/// Why a file is not taken in.
#[derive(Debug, PartialEq, Eq)]
pub enum NotTaken {
    /// Lines, from 1, and what is wrong with them.
    Lines(Vec<(usize, String)>),
    /// All of it.
    TooMany(String),
}

/// Reads a file's entries, all or none.
///
/// # Errors
/// What is wrong with it.
pub fn read_list(text: &str, defaults: &ListDefaults<'_>, now: Millis) -> Result<Vec<Setting>, NotTaken> {
    let (mut settings, mut wrong) = (Vec::new(), Vec::new());
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') || (at == 0 && line == HEAD) {
            continue;
        }
        match entry_of(line, defaults, now) {
            Ok(setting) => settings.push(setting),
            Err(problem) if wrong.len() < PROBLEMS_MAX => wrong.push((at + 1, problem)),
            Err(_) => {}
        }
    }
    if settings.len() > IMPORT_MAX {
        return Err(NotTaken::TooMany(format!(
            "There are {} entries; at most {IMPORT_MAX} at once. A list of that size is better a [[list]] of the configuration",
            settings.len()
        )));
    }
    if wrong.is_empty() { Ok(settings) } else { Err(NotTaken::Lines(wrong)) }
}

fn entry_of(line: &str, defaults: &ListDefaults<'_>, now: Millis) -> Result<Setting, String> {
    let mut fields = line.splitn(3, ',').map(|field| field.trim().trim_matches('"'));
    let subject = fields.next().unwrap_or_default();
    let own_end = fields.next().filter(|text| !text.is_empty());
    let own_end = own_end.map(|text| ahead(text, now)).transpose()?;
    let note = fields.next().filter(|text| !text.is_empty()).unwrap_or(defaults.note);
    let setting = Setting::List(EntrySetting {
        list: defaults.list,
        prefix: subject.to_owned(),
        until: own_end.or(defaults.until),
        note: note.trim_start_matches('\'').to_owned(),
    });
    setting.checked()
}

/// A time as people write it (RFC 3339), which has to lie ahead.
pub(crate) fn ahead(text: &str, now: Millis) -> Result<i64, String> {
    let time = Millis::parse(text)
        .ok_or_else(|| format!("\"{text}\" is no time; write for example 2026-12-01T18:00:00Z"))?;
    if time.0 <= now.0 || time.0 > LAST {
        return Err(format!("{text} is not ahead of us"));
    }
    Ok(time.0)
}

/// Begins a file.
///
/// # Errors
/// When it cannot be written.
pub fn write_head(to: &mut dyn Write) -> io::Result<()> {
    writeln!(to, "{HEAD}")
}

/// Writes an entry, as [`read_list`] reads it.
///
/// # Errors
/// When it cannot be written.
pub fn write_entry(to: &mut dyn Write, subject: &str, until: Option<&str>, note: &str) -> io::Result<()> {
    writeln!(to, "{subject},{},{}", until.unwrap_or_default(), cell(note))
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

    const NOW: Millis = Millis(1_800_000_000_000);

    #[test]
    fn a_note_is_no_formula() {
        for (note, written) in
            [("scraper", "scraper"), ("=1+1", "'=1+1"), ("-a", "'-a"), ("a, b", "\"a, b\""), ("a\nb", "a b")]
        {
            assert_eq!(cell(note), written);
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut file = Vec::new();
        write_head(&mut file).unwrap();
        write_entry(&mut file, "192.0.2.7/32", Some("2030-01-01T00:00:00Z"), "=a, b").unwrap();
        write_entry(&mut file, "as64500", None, "").unwrap();
        let text = format!("{}\n# a remark\n\n198.51.100.0/24\n", String::from_utf8(file).unwrap());
        let defaults = ListDefaults { list: ListName::Deny, until: Some(NOW.0 + 1), note: "why" };
        let read = read_list(&text, &defaults, NOW).unwrap();
        let shown: Vec<_> = read
            .iter()
            .map(|setting| match setting {
                Setting::List(entry) => (entry.prefix.as_str(), entry.until, entry.note.as_str()),
                other => panic!("{other:?}"),
            })
            .collect();
        let new_year = Millis::parse("2030-01-01T00:00:00Z").unwrap().0;
        let expected = [
            ("192.0.2.7", Some(new_year), "=a, b"),
            ("AS64500", Some(NOW.0 + 1), "why"),
            ("198.51.100.0/24", Some(NOW.0 + 1), "why"),
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn all_or_none() {
        let defaults = ListDefaults { list: ListName::Deny, until: None, note: "" };
        let check = |text: &str, lines: &[usize]| match read_list(text, &defaults, NOW) {
            Err(NotTaken::Lines(wrong)) => {
                assert_eq!(wrong.iter().map(|(line, _)| *line).collect::<Vec<_>>(), lines, "{text}");
            }
            other => panic!("{text}: {other:?}"),
        };
        check("192.0.2.7\n192.0.2\n", &[2]);
        check("192.0.2.7,soon\n192.0.2.8,2020-01-01T00:00:00Z\n", &[1, 2]);
        check(&"x\n".repeat(100), &(1..=20).collect::<Vec<_>>());
        let many: String = (0..=IMPORT_MAX).map(|number| format!("AS{}\n", number + 1)).collect();
        assert!(matches!(read_list(&many, &defaults, NOW), Err(NotTaken::TooMany(_))));
    }
}
