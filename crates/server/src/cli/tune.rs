//! Learning from events: marks, and proposals.

use std::path::PathBuf;

use clap::Args;

use super::{Author, Place};

#[derive(Args)]
pub(crate) struct MarkArgs {
    /// The decision's id.
    #[arg(required_unless_present = "list")]
    pub(crate) id: Option<String>,
    /// What it was about: person or bot.
    #[arg(long = "as", required_unless_present_any = ["list", "remove"])]
    pub(crate) about: Option<String>,
    /// How long it is remembered.
    #[arg(long = "for", default_value = "90d")]
    pub(crate) duration: String,
    /// Why.
    #[arg(long, default_value = "")]
    pub(crate) note: String,
    /// Take the mark away.
    #[arg(long)]
    pub(crate) remove: bool,
    /// Show the marks.
    #[arg(long)]
    pub(crate) list: bool,
    #[command(flatten)]
    pub(crate) author: Author,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Args)]
pub(crate) struct TuneArgs {
    /// The configuration that is in force; the shipped policy when absent.
    #[arg(long)]
    pub(crate) config: Option<PathBuf>,
    /// From when: a duration (7d) or a time.
    #[arg(long, default_value = "7d")]
    pub(crate) since: String,
    /// How many of a hundred people may be asked because of their risk.
    #[arg(long, default_value_t = 1.0)]
    pub(crate) people: f64,
    /// Write the configuration with the proposal at its end to this new file.
    #[arg(long)]
    pub(crate) write: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) place: Place,
}
