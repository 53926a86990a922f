use clap::{Args, Subcommand};

use super::{Author, Place};

#[derive(Args)]
pub(crate) struct AdminArgs {
    #[command(subcommand)]
    pub(crate) what: AdminCommand,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Subcommand)]
pub(crate) enum AdminCommand {
    /// Make a user of the panel and a one-time link with which they set their password.
    Create {
        /// How they sign in.
        name: String,
        /// What they may: admin, operator, analyst or support.
        #[arg(long, default_value = "admin")]
        role: String,
        /// Where the panel is reached, for the link.
        #[arg(long, default_value = "http://127.0.0.1:8081")]
        at: String,
        #[command(flatten)]
        author: Author,
    },
    /// Make a one-time link for somebody who cannot sign in any more.
    Link {
        /// Their name.
        name: String,
        /// Where the panel is reached, for the link.
        #[arg(long, default_value = "http://127.0.0.1:8081")]
        at: String,
        #[command(flatten)]
        author: Author,
    },
    /// Show the users.
    List,
    /// Give a user another role; they have to sign in again.
    Role {
        /// Their name.
        name: String,
        /// What they may: admin, operator, analyst or support.
        role: String,
        #[command(flatten)]
        author: Author,
    },
    /// Keep a user out, however they would sign in; their sessions and tokens end.
    Disable {
        /// Their name.
        name: String,
        #[command(flatten)]
        author: Author,
    },
    /// Let a user in again.
    Enable {
        /// Their name.
        name: String,
        #[command(flatten)]
        author: Author,
    },
    /// Tie a user to an identity of the provider, by which alone they sign in then; or untie them.
    Identity {
        /// Their name.
        name: String,
        /// Issuer and subject with a space between, as the audit log shows them.
        #[arg(long, required_unless_present = "none")]
        id: Option<String>,
        /// Untie them.
        #[arg(long, conflicts_with = "id")]
        none: bool,
        #[command(flatten)]
        author: Author,
    },
    /// Remove a user, and the tokens that they made.
    Remove {
        /// Their name.
        name: String,
        #[command(flatten)]
        author: Author,
    },
    /// Make, show and revoke tokens of programs that call the admin API.
    Token {
        #[command(subcommand)]
        what: TokenCommand,
    },
    /// Show the audit log, and whether its chain fits.
    Audit {
        /// How many entries, newest first.
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Show the state of each trigger now, per route; asks the running Spigot.
    Triggers {
        /// Where its admin port is.
        #[arg(long, default_value = "http://127.0.0.1:8081")]
        at: String,
        #[command(flatten)]
        author: Author,
    },
    /// Ask the running Spigot for anything that its admin API shows, and print the answer.
    Ask(AskArgs),
}

/// A question to the admin API.
#[derive(Args)]
pub(crate) struct AskArgs {
    /// An operation of docs/openapi/admin.json that changes nothing: overview.show, health.show.
    pub(crate) operation: String,
    /// What it asks for: NAME=VALUE.
    pub(crate) parameters: Vec<String>,
    /// Where the admin port is.
    #[arg(long, default_value = "http://127.0.0.1:8081")]
    pub(crate) at: String,
    #[command(flatten)]
    pub(crate) author: Author,
}

#[derive(Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token. It is shown once.
    Add {
        /// Its name.
        name: String,
        /// What it may at most: admin, operator, analyst or support.
        #[arg(long)]
        role: String,
        /// A resource of the API that it is for, such as lists; may be given several times; all when absent.
        #[arg(long)]
        resource: Vec<String>,
        /// For how long; without end when absent.
        #[arg(long = "for")]
        life: Option<String>,
        #[command(flatten)]
        author: Author,
    },
    /// Show the tokens.
    List,
    /// Revoke a token.
    Revoke {
        /// Its name.
        name: String,
        #[command(flatten)]
        author: Author,
    },
}
