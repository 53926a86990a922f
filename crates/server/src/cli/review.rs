//! The weekly review.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Args)]
pub(crate) struct ReviewArgs {
    /// The end of the week: a duration ago (2d) or a time; now when absent.
    #[arg(long)]
    pub(crate) until: Option<String>,
    /// The configuration that proposals are for; the shipped policy when absent.
    #[arg(long)]
    pub(crate) config: Option<PathBuf>,
    /// The data folder of the Spigot that is meant.
    #[arg(long, default_value = "spigot-data", env = "SPIGOT_DATA")]
    pub(crate) data: PathBuf,
    /// How to write it.
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: ReviewFormat,
}

/// How a review is written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReviewFormat {
    /// For a terminal or a mail.
    Text,
    /// For programs.
    Json,
    /// One page that prints.
    Html,
}
