//! The names of the routes that a running Spigot decides by, kept in its data folder so that commands know them.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use spigot_decision::policy::Policy;
use spigot_decision::policy::source::nearest;

const VERSION: u32 = 1;
/// 512 routes with names of at most 64 bytes, and room.
const BYTES_MAX: u64 = 256 << 10;

#[derive(Serialize, Deserialize)]
struct Names {
    routes: Vec<String>,
}

fn file(folder: &Path) -> PathBuf {
    folder.join("routes.json")
}

/// Keeps the names. Whoever cannot be told them says so: commands then take every name.
pub(crate) fn keep(folder: &Path, policy: &Policy) {
    let routes: Vec<String> = policy.routes.iter().map(|route| route.name.clone()).collect();
    if known(folder).is_ok_and(|known| known.as_ref() == Some(&routes)) {
        return;
    }
    if let Err(error) = spigot_keeping::write(&file(folder), VERSION, Names { routes }) {
        crate::log::line("route_names_not_kept", &[("error", &error.to_string())]);
    }
}

fn known(folder: &Path) -> io::Result<Option<Vec<String>>> {
    Ok(spigot_keeping::read::<Names>(&file(folder), VERSION, BYTES_MAX)?.map(|names| names.routes))
}

/// Whether there are such routes, where a Spigot has told what there is.
///
/// # Errors
/// The name that is none, and the nearest one.
pub(crate) fn check(folder: &Path, wanted: &[String]) -> Result<(), String> {
    let Some(known) = known(folder).map_err(|error| error.to_string())? else { return Ok(()) };
    let names: Vec<&str> = known.iter().map(String::as_str).collect();
    match wanted.iter().find(|name| !known.contains(name)) {
        Some(unknown) => Err(format!(
            "there is no route \"{unknown}\"{}; routes: {}",
            nearest(unknown, &names),
            names.join(", ")
        )),
        None => Ok(()),
    }
}
