//! Small files of the data folder that are written whole: what is learned, and may be lost since the last hour.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Versioned<T> {
    version: u32,
    #[serde(flatten)]
    kept: T,
}

/// What a file holds; `None` where there is none.
///
/// # Errors
/// With the file's name, when it cannot be read, is longer than `bytes_max`, or is of another version.
pub fn read<T: DeserializeOwned>(path: &Path, version: u32, bytes_max: u64) -> io::Result<Option<T>> {
    let length = match fs::metadata(path) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if length > bytes_max {
        return Err(wrong(path, format!("{length} bytes, and at most {bytes_max} are read")));
    }
    let read: Versioned<T> =
        serde_json::from_slice(&fs::read(path)?).map_err(|error| wrong(path, error.to_string()))?;
    if read.version != version {
        return Err(wrong(path, format!("version {}, and this Spigot knows {version}", read.version)));
    }
    Ok(Some(read.kept))
}

/// Beside the old one first, so that there is always a whole one.
///
/// # Errors
/// When the folder does not take it.
pub fn write<T: Serialize>(path: &Path, version: u32, kept: T) -> io::Result<()> {
    let text = serde_json::to_vec(&Versioned { version, kept })?;
    let fresh = path.with_extension("new");
    let mut file = fs::OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&fresh)?;
    file.write_all(&text)?;
    file.sync_all()?;
    fs::rename(&fresh, path)
}

/// What is wrong with a file.
pub(crate) fn wrong(path: &Path, what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{}: {}", path.display(), what.into()))
}
