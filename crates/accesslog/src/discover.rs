//! Which files to read, and in which order.

use crate::{Format, Lines, Scratch};
use std::cmp::Reverse;
use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

/// How many lines are looked at to tell a file's format.
const SAMPLE_LINES: usize = 64;

/// One file, looked into.
#[derive(Debug, Clone, PartialEq)]
pub struct Discovered {
    /// Where it is, as given (or found in a given folder).
    pub path: PathBuf,
    /// What its first lines are; `None` if not one of them is a record.
    pub format: Option<Format>,
    /// When its first record happened, in Unix milliseconds.
    pub first_millis: Option<i64>,
}

/// Looks into the files and puts them into reading order: by the time of the first record, since names tell it only
/// by convention (`access.log.2.gz` is older than `access.log.1`, `access.log-20240102` newer than `-20240101`).
/// Where the times are equal, the convention decides, then the order given. Files without a record come last. A
/// folder stands for the files in it whose name contains `.log`; a file named twice is read once.
///
/// `format` is used to find the first record where it is known; otherwise each file's own is detected.
///
/// # Errors
/// The first file that cannot be read, with its path in the message.
pub fn discover<P: AsRef<Path>>(paths: &[P], format: Option<&Format>) -> io::Result<Vec<Discovered>> {
    let mut seen = HashSet::new();
    let mut files = Vec::new();
    for path in paths {
        for path in expand(path.as_ref())? {
            let identity = path.canonicalize().map_err(|error| naming(&path, &error))?;
            if seen.insert(identity) {
                files.push(look_into(path, format)?);
            }
        }
    }
    files.sort_by_cached_key(|file| (file.first_millis.is_none(), file.first_millis, rotation(&file.path)));
    Ok(files)
}

/// A folder's logs by name, or the path itself.
fn expand(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in path.read_dir().map_err(|error| naming(path, &error))? {
        let file = entry.map_err(|error| naming(path, &error))?.path();
        if file.is_file() && file.file_name().is_some_and(|name| name.to_string_lossy().contains(".log")) {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

fn look_into(path: PathBuf, format: Option<&Format>) -> io::Result<Discovered> {
    let mut sample: Vec<Vec<u8>> = Vec::new();
    let mut lines = Lines::open(&path).map_err(|error| naming(&path, &error))?;
    while sample.len() < SAMPLE_LINES
        && let Some(line) = lines.next_line().map_err(|error| naming(&path, &error))?
    {
        sample.push(line.to_vec());
    }
    let format = format.cloned().or_else(|| Format::detect(sample.iter().map(Vec::as_slice)));
    let mut scratch = Scratch::default();
    let first_millis = format.as_ref().and_then(|format| {
        sample.iter().find_map(|line| format.parse(line, &mut scratch).ok().map(|record| record.time_millis))
    });
    Ok(Discovered { path, format, first_millis })
}

fn naming(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// A key that grows with time under both conventions of logrotate: numbers fall, dates rise, and the file that is
/// still written to, without either, comes last.
fn rotation(path: &Path) -> (u8, Reverse<u64>, u64) {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let suffix = name.rsplit(['.', '-']).next().filter(|suffix| !suffix.is_empty()).unwrap_or("");
    match suffix.parse::<u64>() {
        Ok(date) if suffix.len() >= 6 => (0, Reverse(0), date),
        Ok(number) => (0, Reverse(number), 0),
        Err(_) => (1, Reverse(0), 0),
    }
}
