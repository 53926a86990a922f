//! How the files of settings and of users are opened.

use std::os::unix::fs::PermissionsExt;
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
    let connection = Connection::open(&file)?;
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600))
        .map_err(|error| StoreError(format!("{} cannot be made private: {error}", file.display())))?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "normal")?;
    Ok(connection)
}
