use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Args)]
pub(crate) struct BreachArgs {
    #[command(subcommand)]
    pub(crate) what: BreachCommand,
}

#[derive(Subcommand)]
pub(crate) enum BreachCommand {
    /// Make the file that passwords are looked up in, of a published corpus or of a list.
    Build(BuildArgs),
}

#[derive(Args)]
pub(crate) struct BuildArgs {
    /// SHA-1 hashes in ascending order, one a line, with or without `:COUNT`; `-` for standard input.
    pub(crate) input: PathBuf,
    /// The file to make.
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// The input is a list of passwords, one a line.
    #[arg(long)]
    pub(crate) words: bool,
    /// Leave out hashes that were seen less often.
    #[arg(long, default_value_t = 1, conflicts_with = "words")]
    pub(crate) seen_at_least: u64,
}
