//! How the files of settings and of users are opened.

use std::fs::{OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use crate::StoreError;

/// Opens a file of the data folder, and makes both when they are absent. Only its owner may read it: who may change it
/// may change what is decided, or who decides.
pub(crate) fn private(folder: &Path, name: &str) -> Result<Connection, StoreError> {
    std::fs::create_dir_all(folder).map_err(|error| {
        StoreError(format!("the data folder {} cannot be made: {error}", folder.display()))
    })?;
    let file = folder.join(name);
    made_private(&file)
        .map_err(|error| StoreError(format!("{} cannot be made private: {error}", file.display())))?;
    let connection = Connection::open(&file)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "normal")?;
    Ok(connection)
}

/// Makes a file readable by its owner alone, and makes it when it is absent: at no time may others open it.
///
/// One that is there is not opened: to close it again would give up the locks that this process holds on it (POSIX), and
/// with them what SQLite has of it in other connections.
pub(crate) fn made_private(file: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(file) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    std::fs::set_permissions(file, Permissions::from_mode(0o600))
}
