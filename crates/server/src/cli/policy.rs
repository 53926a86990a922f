//! The policy's text: published, looked back at, rolled back.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Author, Place};

#[derive(Args)]
pub(crate) struct PolicyArgs {
    #[command(subcommand)]
    pub(crate) what: PolicyCommand,
    /// The configuration that the running Spigot follows.
    #[arg(long, global = true, default_value = "spigot.toml")]
    pub(crate) config: PathBuf,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Subcommand)]
pub(crate) enum PolicyCommand {
    /// Show the text in force, with the version that a publication names.
    Show,
    /// Put a text in force, in place of the version that was seen, and keep both.
    Publish {
        /// The file with the new text; - for standard input.
        file: PathBuf,
        /// What it changes: it stands in the history.
        #[arg(long)]
        note: String,
        /// The version that it was made from, as `show` has it; whatever stands now when absent.
        #[arg(long)]
        seen: Option<String>,
        #[command(flatten)]
        author: Author,
    },
    /// Show the versions until now, newest first.
    History,
    /// Print the text of a version.
    Text {
        /// Its number.
        number: u64,
    },
    /// Show what differs between two versions, or a version and what stands now.
    Diff {
        /// The version before.
        before: u64,
        /// The version after; what stands now when absent.
        after: Option<u64>,
    },
    /// Put an earlier version in force again.
    Rollback {
        /// Its number.
        number: u64,
        /// Why.
        #[arg(long, default_value = "")]
        note: String,
        #[command(flatten)]
        author: Author,
    },
    /// Print the text with single values changed; comments and order stay. Nothing is put in force.
    Edit {
        /// KEY=VALUE, the value as TOML: thresholds.challenge=60. Without a value the key is taken out.
        #[arg(required = true)]
        changes: Vec<String>,
        /// Of the section of this kind, such as route or limit, and with this name: route/login. The top when absent.
        #[arg(long)]
        section: Option<String>,
    },
}
