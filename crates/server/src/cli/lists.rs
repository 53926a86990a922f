use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Format;

#[derive(Args)]
pub(crate) struct ListsArgs {
    #[command(subcommand)]
    pub(crate) what: ListsCommand,
    /// The configuration that names the lists.
    #[arg(long, global = true, default_value = "spigot.toml")]
    pub(crate) config: PathBuf,
    /// The data folder; the configuration's when absent.
    #[arg(long, global = true, env = "SPIGOT_DATA")]
    pub(crate) data: Option<PathBuf>,
    /// How to write the result.
    #[arg(long, global = true, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

#[derive(Subcommand)]
pub(crate) enum ListsCommand {
    /// Fetch or read lists now; a running Spigot has them a second later.
    Update {
        /// The list's name; all of them when absent.
        name: Option<String>,
        /// Take it even if it is much shorter or longer than before.
        #[arg(long)]
        accept: bool,
    },
    /// Show every list: what it means, where it comes from, and how old it is.
    Show,
    /// Tell which lists an address is on, and by which entry.
    Why {
        /// The address.
        address: IpAddr,
    },
}
