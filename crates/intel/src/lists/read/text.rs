use super::{Entries, add};

/// Lines of addresses. What follows a comment sign or white space is left alone; `add SET ENTRY` is a line of `ipset save`,
/// whose `create` names no entry.
pub(super) fn read(text: &str, most: usize) -> Result<Entries, String> {
    let mut entries = Entries::default();
    for line in text.lines() {
        let line = line.split(['#', ';']).next().unwrap_or_default().trim().trim_start_matches('\u{feff}');
        let mut words = line.split_ascii_whitespace();
        let entry = match words.next() {
            None | Some("create") => continue,
            Some("add") => words.nth(1).unwrap_or_default(),
            Some(first) => first,
        };
        add(&mut entries, entry.trim_end_matches(','), most)?;
    }
    Ok(entries)
}
