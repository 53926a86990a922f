//! The file that events are stored in: its name, its tables and their version.

use std::fmt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OpenFlags};
use spigot_decision::Millis;

/// The file's name in the data folder.
pub(crate) const FILE: &str = "events.sqlite";

/// Locked by whoever writes. A file beside the database, because closing any handle on a database drops the POSIX
/// locks that SQLite itself holds on it.
pub(crate) const LOCK_FILE: &str = "events.lock";

/// `PRAGMA user_version` of the tables below.
pub(crate) const VERSION: i64 = 6;

/// `event.at` is the time in milliseconds shifted by this, plus a sequence number. So the row id itself is the index on
/// time and the cursor for paging: rows are appended, and ranges of time are ranges of row ids.
pub(crate) const SEQUENCE_BITS: u32 = 20;

/// Words that are remembered at most. They come from policies and from code, so a process sees far fewer.
pub(crate) const MAX_WORDS: usize = 4096;

/// The name in `meta` of the row id before which ids are random; absent in files that never held such.
pub(crate) const RANDOM_IDS_BEFORE: &str = "random_ids_before";

/// `word` holds the texts that come from the policy or from code, so there are few. What queries ask by has a column;
/// the rest is one text (see `packed`), because each column costs a row as much as all of that.
///
/// There is no index besides the row id: ids begin with their time, and so find their rows.
const SCHEMA: &str = "
CREATE TABLE word (word INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE event (
  at INTEGER PRIMARY KEY, route INTEGER NOT NULL, action INTEGER NOT NULL, client BLOB NOT NULL, id BLOB NOT NULL,
  reasons TEXT, fingerprints TEXT, packed TEXT NOT NULL
) STRICT;
";

/// `slice` holds sums (see `slice.rs`): `span` is its length and `start` its begin, both in minutes; `key` is a word, 0 for
/// none, -1 for those that found no room. `block` holds what runs of rows can have (see `filter.rs`): a row that lies in
/// no block can have anything. `addresses` goes when the rows' own addresses are cut.
const SLICES: &str = "
CREATE TABLE slice (
  span INTEGER NOT NULL, start INTEGER NOT NULL, dimension INTEGER NOT NULL, key INTEGER NOT NULL,
  events INTEGER NOT NULL, monitored INTEGER NOT NULL, issued INTEGER NOT NULL, solved INTEGER NOT NULL,
  failed INTEGER NOT NULL, added_micros INTEGER NOT NULL,
  done_0 INTEGER NOT NULL, done_1 INTEGER NOT NULL, done_2 INTEGER NOT NULL,
  done_3 INTEGER NOT NULL, done_4 INTEGER NOT NULL, done_5 INTEGER NOT NULL,
  latency_0 INTEGER NOT NULL DEFAULT 0, latency_1 INTEGER NOT NULL DEFAULT 0, latency_2 INTEGER NOT NULL DEFAULT 0,
  latency_3 INTEGER NOT NULL DEFAULT 0, latency_4 INTEGER NOT NULL DEFAULT 0, latency_5 INTEGER NOT NULL DEFAULT 0,
  latency_6 INTEGER NOT NULL DEFAULT 0, latency_7 INTEGER NOT NULL DEFAULT 0, latency_8 INTEGER NOT NULL DEFAULT 0,
  latency_9 INTEGER NOT NULL DEFAULT 0, latency_10 INTEGER NOT NULL DEFAULT 0, latency_11 INTEGER NOT NULL DEFAULT 0,
  latency_12 INTEGER NOT NULL DEFAULT 0, latency_13 INTEGER NOT NULL DEFAULT 0, latency_14 INTEGER NOT NULL DEFAULT 0,
  latency_15 INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (span, dimension, start, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE block (
  first INTEGER PRIMARY KEY, last INTEGER NOT NULL, rows INTEGER NOT NULL, addresses BLOB, rest BLOB NOT NULL
) STRICT;
";

/// What a block's filters know: since 1 the beginnings of paths (see [`KNOWS`]). Older blocks say nothing of those.
const KNOWING: &str = "ALTER TABLE block ADD COLUMN knows INTEGER NOT NULL DEFAULT 0;";

/// What the filters that this version writes know.
pub(crate) const KNOWS: i64 = 1;

/// The sums by minute of older files, as far as they go: they have no countries and no histogram.
const MINUTES: &str = "
INSERT INTO slice (span, start, dimension, key, events, monitored, issued, solved, failed, added_micros,
  done_0, done_1, done_2, done_3, done_4, done_5)
SELECT span, minute / span * span AS begin, dimension, route * dimension AS word, sum(events),
  sum(iif(action <> effective, events, 0)), sum(issued), sum(solved), sum(failed), sum(added_micros),
  sum(iif(effective = 0, events, 0)), sum(iif(effective = 1, events, 0)), sum(iif(effective = 2, events, 0)),
  sum(iif(effective = 3, events, 0)), sum(iif(effective = 4, events, 0)), sum(iif(effective = 5, events, 0))
FROM minute,
  (SELECT 1 AS span UNION ALL SELECT 60 UNION ALL SELECT 1440),
  (SELECT 0 AS dimension UNION ALL SELECT 1)
GROUP BY span, begin, dimension, word;
DROP TABLE minute;
";

/// What brings a file of each older version, from 1 on, to the next.
const STEPS: [&[&str]; VERSION as usize - 1] = [
    &["ALTER TABLE event ADD COLUMN claimed_millis INTEGER;"],
    &["ALTER TABLE event ADD COLUMN fingerprints TEXT;"],
    &[PACK],
    &[SLICES, MINUTES],
    &[KNOWING],
];

/// From tables with a column for everything and an index on random ids.
const PACK: &str = "
ALTER TABLE event RENAME TO wide;
CREATE TABLE event (
  at INTEGER PRIMARY KEY, route INTEGER NOT NULL, action INTEGER NOT NULL, client BLOB NOT NULL, id BLOB NOT NULL,
  reasons TEXT, fingerprints TEXT, packed TEXT NOT NULL
) STRICT;
INSERT INTO event SELECT at, route, action, client, id, nullif(reasons, '[]'), fingerprints, json_array(
  revision, effective, risk, thresholds, level, sender, added_micros, host, method, path, user_agent,
  upstream_status, device, clearance, network, country, trickled,
  json(iif(challenge_kind IS NULL, NULL,
    json_array(challenge_kind, challenge_result, log2_work, solve_millis, claimed_millis)))
) FROM wide;
INSERT INTO meta SELECT 'random_ids_before', max(at) + 1 FROM wide HAVING count(*) > 0;
DROP TABLE wide;
";

/// Why events cannot be opened or read.
#[derive(Debug)]
pub enum StoreError {
    /// There is no file.
    Absent(PathBuf),
    /// The file was written by a newer Spigot.
    Newer {
        /// The file.
        file: PathBuf,
        /// Its version.
        found: i64,
    },
    /// The file was written by an older Spigot, and only a running one brings it up to date.
    Older(PathBuf),
    /// The file is a database, but not of events.
    Foreign(PathBuf),
    /// Another process writes to the folder.
    Taken(PathBuf),
    /// The folder or a file in it cannot be used.
    Folder {
        /// The folder or file.
        path: PathBuf,
        /// What the operating system said.
        error: std::io::Error,
    },
    /// SQLite failed.
    Database {
        /// The file.
        file: PathBuf,
        /// What it said.
        error: rusqlite::Error,
    },
}

impl StoreError {
    /// Whether the file is no database any more, or a broken one.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        let Self::Database { error, .. } = self else { return false };
        matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
    }
}

/// Gives a damaged file of events, and what belongs to it, another name, so that a new one can be begun; the other name.
///
/// # Errors
/// The folder does not allow it.
pub fn set_aside(folder: &Path, now: Millis) -> Result<PathBuf, StoreError> {
    let name = |of: &str| folder.join(format!("{FILE}{of}"));
    let aside = format!(".damaged-{}", now.0);
    for part in ["-wal", "-shm", ""] {
        let file = name(part);
        match std::fs::rename(&file, name(&format!("{aside}{part}"))) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(StoreError::Folder { path: file, error });
            }
            _ => {}
        }
    }
    Ok(name(&aside))
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent(file) => write!(
                f,
                "there is no {}: name the data folder of a Spigot that has run, or start one there first",
                file.display()
            ),
            Self::Newer { file, found } => write!(
                f,
                "{} has version {found} and this Spigot knows up to {VERSION}: use the newer Spigot that wrote it",
                file.display()
            ),
            Self::Older(file) => write!(
                f,
                "{} was written by an older Spigot: start this one on the folder once, it brings the file up to date",
                file.display()
            ),
            Self::Foreign(file) => {
                write!(f, "{} holds no events of Spigot: name another data folder", file.display())
            }
            Self::Taken(folder) => write!(
                f,
                "another Spigot writes events in {}: stop it, or give this one a data folder of its own",
                folder.display()
            ),
            Self::Folder { path, error } => {
                write!(f, "{} cannot be used: {error}; check that it exists and who owns it", path.display())
            }
            Self::Database { file, error } => write!(f, "{}: {error}", file.display()),
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Folder { error, .. } => Some(error),
            Self::Database { error, .. } => Some(error),
            _ => None,
        }
    }
}

/// Opens the folder's file to read.
pub(crate) fn open_reader(folder: &Path) -> Result<Connection, StoreError> {
    let file = folder.join(FILE);
    if !file.exists() {
        return Err(StoreError::Absent(file));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let failed = |error| StoreError::Database { file: file.clone(), error };
    let connection = Connection::open_with_flags(&file, flags).map_err(failed)?;
    // The writer recovers or checkpoints now and then, for less than this.
    connection.busy_timeout(std::time::Duration::from_secs(2)).map_err(failed)?;
    match version(&connection).map_err(failed)? {
        VERSION => Ok(connection),
        0 => Err(StoreError::Foreign(file)),
        1..VERSION => Err(StoreError::Older(file)),
        found => Err(StoreError::Newer { file, found }),
    }
}

/// Opens the folder's file to write, and makes it when it is absent.
pub(crate) fn open_writer(folder: &Path) -> Result<Connection, StoreError> {
    let file = folder.join(FILE);
    let failed = |error| StoreError::Database { file: file.clone(), error };
    // SQLite gives its -wal and -shm files the mode of the database, so that this one is enough.
    private(&file)?;
    let mut connection = Connection::open(&file).map_err(failed)?;
    connection.busy_timeout(std::time::Duration::from_secs(1)).map_err(failed)?;
    match version(&connection).map_err(failed)? {
        VERSION => configure(&connection).map_err(failed)?,
        found @ 1..VERSION => {
            configure(&connection).map_err(failed)?;
            bring_up(&mut connection, &STEPS[found as usize - 1..].concat()).map_err(failed)?;
        }
        0 => {
            let tables: i64 = connection
                .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
                .map_err(failed)?;
            if tables > 0 {
                return Err(StoreError::Foreign(file));
            }
            // Has to come before the first page is written.
            connection.pragma_update(None, "auto_vacuum", "INCREMENTAL").map_err(failed)?;
            configure(&connection).map_err(failed)?;
            bring_up(&mut connection, &[SCHEMA, SLICES, KNOWING]).map_err(failed)?;
        }
        found => return Err(StoreError::Newer { file, found }),
    }
    Ok(connection)
}

/// Opens a file for reading and writing, made with mode 0600 when it is absent.
pub(crate) fn private(path: &Path) -> Result<std::fs::File, StoreError> {
    let mut options = std::fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| StoreError::Folder { path: path.to_owned(), error })
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // A power cut may lose the last commits and never corrupts; a killed process loses nothing that was committed.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    // In KiB: rows are appended, so that a batch's own pages are all it has to hold.
    connection.pragma_update(None, "cache_size", -8_192)?;
    connection.pragma_update(None, "wal_autocheckpoint", 4_000)?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20)
}

/// All of it or nothing.
fn bring_up(connection: &mut Connection, steps: &[&str]) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    for step in steps {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}
