//! What the breaker demoted, and what it must not.

use clap::{Args, Subcommand};

use super::{Author, Place};

#[derive(Args)]
pub(crate) struct BreakerArgs {
    #[command(subcommand)]
    pub(crate) what: BreakerCommand,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Subcommand)]
pub(crate) enum BreakerCommand {
    /// Show what is demoted and what is kept in force.
    Show,
    /// Put a demoted reason back in force.
    End {
        /// Kind and name, as `show` has it: 'limit login-burst'.
        name: String,
        #[command(flatten)]
        author: Author,
    },
    /// Keep the breaker from demoting a reason.
    Keep {
        /// Kind and name: 'limit login-burst', 'trigger high_frequency', 'budget cohort_budget'; everything for all.
        name: String,
        /// For how long; without end when absent. `end` takes it back.
        #[arg(long = "for")]
        duration: Option<String>,
        /// Why.
        #[arg(long, default_value = "")]
        reason: String,
        #[command(flatten)]
        author: Author,
    },
}
