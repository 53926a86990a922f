use super::{Entries, add};

/// Which column of a table holds addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// By its number, from 1.
    Number(usize),
    /// By its name in the first line.
    Name(String),
}

/// One column of addresses and prefixes, or two of first and last addresses. Lines that begin with `#` are left alone; a
/// line above the first one that can be read is a head.
pub(super) fn read(text: &str, columns: &[Column], most: usize) -> Result<Entries, String> {
    let mut entries = Entries::default();
    let mut lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')).peekable();
    let separator = separator(lines.peek().copied().unwrap_or_default());
    let mut places: Option<Vec<usize>> = None;
    for line in lines {
        let fields: Vec<&str> = line.split(separator).map(|field| field.trim().trim_matches('"')).collect();
        let Some(places) = &places else {
            let found = found(columns, &fields)?;
            // The head of a table whose columns are numbers is no entry, and its first line may be.
            if columns.iter().all(|column| matches!(column, Column::Number(_))) {
                take(&mut entries, &fields, &found, most)?;
                entries.unread = 0;
            }
            places = Some(found);
            continue;
        };
        take(&mut entries, &fields, places, most)?;
    }
    Ok(entries)
}

fn take(entries: &mut Entries, fields: &[&str], places: &[usize], most: usize) -> Result<(), String> {
    let field = |place: &usize| fields.get(*place).copied().unwrap_or_default();
    match places {
        [first, last] => add(entries, &format!("{}-{}", field(first), field(last)), most),
        [one, ..] => add(entries, field(one), most),
        [] => Ok(()),
    }
}

fn separator(line: &str) -> char {
    let by_count = |separator: &char| line.matches(*separator).count();
    [',', ';', '\t']
        .into_iter()
        .max_by_key(by_count)
        .filter(|separator| line.contains(*separator))
        .unwrap_or(',')
}

fn found(columns: &[Column], head: &[&str]) -> Result<Vec<usize>, String> {
    let place = |column: &Column| match column {
        Column::Number(number) => Ok(number.saturating_sub(1)),
        Column::Name(name) => head
            .iter()
            .position(|field| field.eq_ignore_ascii_case(name))
            .ok_or_else(|| format!("its first line has no column \"{name}\"; it has: {}", head.join(", "))),
    };
    columns.iter().map(place).collect()
}
