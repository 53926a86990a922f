use clap::{Args, Subcommand};

use super::{Author, Place};

#[derive(Args)]
pub(crate) struct KeyArgs {
    #[command(subcommand)]
    pub(crate) what: KeyCommand,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key. It is shown once.
    Add {
        /// What to call it: events and the application know it by this name.
        name: String,
        /// The trusted client of the policy that its holder is: one of `[[trusted]]` with `proof = "key"`.
        #[arg(long)]
        client: String,
        /// A route that it is for; may be given several times. All of the client's when left out.
        #[arg(long)]
        route: Vec<String>,
        /// How many requests it may make, for example "600 per 1m".
        #[arg(long)]
        rate: Option<String>,
        /// How long it counts, for example 90d; without end when left out.
        #[arg(long = "for")]
        life: Option<String>,
        #[command(flatten)]
        author: Author,
    },
    /// Show the keys: their names and what they are for.
    List,
    /// Make a new key of the same name, shown once; the one before retires.
    Rotate {
        /// Its name.
        name: String,
        /// How long the key before still counts; 0s for not at all.
        #[arg(long, default_value = "24h")]
        overlap: String,
        #[command(flatten)]
        author: Author,
    },
    /// Revoke a key. It counts no more.
    Revoke {
        /// Its name.
        name: String,
        #[command(flatten)]
        author: Author,
    },
}
