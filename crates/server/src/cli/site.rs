use clap::{Args, Subcommand};

use super::{Author, Place};

#[derive(Args)]
pub(crate) struct SiteArgs {
    #[command(subcommand)]
    pub(crate) what: SiteCommand,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Subcommand)]
pub(crate) enum SiteCommand {
    /// Add a site. Its secret is shown once.
    Add {
        /// What to call it.
        name: String,
        /// A host whose pages may show the widget; may be given several times. shop.example, *.shop.example, * for every
        /// host, null for apps and files.
        #[arg(long, required = true)]
        host: Vec<String>,
        #[command(flatten)]
        settings: SiteSettings,
        #[command(flatten)]
        author: Author,
    },
    /// Show the sites, or one of them.
    #[command(visible_alias = "list")]
    Show {
        /// Its name or site key.
        site: Option<String>,
    },
    /// Make a new secret, shown once; the ones before retire.
    Rotate {
        /// The site's name or site key.
        site: String,
        /// How long the secrets before still count; 0s for not at all.
        #[arg(long, default_value = "24h")]
        overlap: String,
        #[command(flatten)]
        author: Author,
    },
    /// Change the hosts whose pages may show the widget.
    Hosts {
        /// The site's name or site key.
        site: String,
        /// Allow a host.
        #[arg(long)]
        add: Vec<String>,
        /// Allow a host no more.
        #[arg(long)]
        remove: Vec<String>,
        #[command(flatten)]
        author: Author,
    },
    /// Change what its challenges and tokens are like.
    Set {
        /// The site's name or site key.
        site: String,
        #[command(flatten)]
        settings: SiteSettings,
        #[command(flatten)]
        author: Author,
    },
    /// Remove a site. Its tokens count no more.
    Remove {
        /// Its name or site key.
        site: String,
        #[command(flatten)]
        author: Author,
    },
    /// Keys for the API on the admin port.
    ApiKey {
        #[command(subcommand)]
        what: ApiKeyCommand,
    },
}

/// What a site's challenges and tokens are like; what is absent stays.
#[derive(Args)]
pub(crate) struct SiteSettings {
    /// The level of its challenges: low, medium or high [default: medium].
    #[arg(long)]
    pub(crate) level: Option<String>,
    /// How strictly tokens are bound to the visitor: off, loose or strict [default: loose].
    #[arg(long)]
    pub(crate) client: Option<String>,
    /// When a visitor has to press a button: never, managed (when suspected) or always [default: managed].
    #[arg(long)]
    pub(crate) press: Option<String>,
    /// How long a token counts [default: 5m].
    #[arg(long)]
    pub(crate) token_life: Option<String>,
}

#[derive(Subcommand)]
pub(crate) enum ApiKeyCommand {
    /// Make a key. It is shown once.
    Add {
        /// What to call it.
        name: String,
        #[command(flatten)]
        author: Author,
    },
    /// Show the keys' names.
    Show,
    /// Remove a key.
    Remove {
        /// Its name.
        name: String,
        #[command(flatten)]
        author: Author,
    },
}
