use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Place;

#[derive(Args)]
pub(crate) struct PuzzleArgs {
    #[command(subcommand)]
    pub(crate) what: PuzzleCommand,
}

#[derive(Subcommand)]
pub(crate) enum PuzzleCommand {
    /// Measure it on this machine, and set it beside the times of the last days' visitors.
    Bench(BenchArgs),
}

#[derive(Args)]
pub(crate) struct BenchArgs {
    /// The policy whose work is measured; the shipped default policy when absent.
    #[arg(long)]
    pub(crate) config: Option<PathBuf>,
    /// What an hour of one processor core costs whoever solves by the million.
    #[arg(long, default_value_t = 0.04)]
    pub(crate) price: f64,
    /// Visitors of how many days.
    #[arg(long, default_value_t = 7)]
    pub(crate) days: u16,
    #[command(flatten)]
    pub(crate) place: Place,
}
