//! Key directories of signed agents, fetched by the control thread: requests read what is there.

use std::sync::Arc;

use spigot_gateway::Gateway;
use spigot_state::Memory;

use crate::clock::now;

/// Begins to fetch those that are due.
pub(crate) fn turn(gateway: &Arc<Gateway<Memory>>) {
    for (name, directory) in gateway.due_directories(now()) {
        let gateway = gateway.clone();
        tokio::task::spawn_local(async move {
            match gateway.fetch_directory(&directory).await {
                Ok(keys) => {
                    let keys = keys.to_string();
                    crate::log::line("directory_read", &[("trusted", &name), ("keys", &keys)]);
                }
                Err(error) => {
                    crate::log::line("directory_refused", &[("trusted", &name), ("error", &error)]);
                }
            }
        });
    }
}
