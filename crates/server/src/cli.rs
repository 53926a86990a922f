use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::commands;

mod admin;
mod breach;
mod breaker;
mod examples;
mod key;
mod lists;
#[cfg(test)]
mod parity;
mod policy;
mod puzzle;
mod review;
mod site;
mod tune;

pub(crate) use self::admin::{AdminArgs, AdminCommand, AskArgs, TokenCommand};
pub(crate) use self::breach::{BreachArgs, BreachCommand, BuildArgs};
pub(crate) use self::breaker::{BreakerArgs, BreakerCommand};
pub(crate) use self::key::{KeyArgs, KeyCommand};
pub(crate) use self::lists::{ListsArgs, ListsCommand};
pub(crate) use self::policy::{PolicyArgs, PolicyCommand};
pub(crate) use self::puzzle::{BenchArgs, PuzzleArgs, PuzzleCommand};
pub(crate) use self::review::{ReviewArgs, ReviewFormat};
pub(crate) use self::site::{ApiKeyCommand, SiteArgs, SiteCommand, SiteSettings};
pub(crate) use self::tune::{MarkArgs, TuneArgs};

#[derive(Parser)]
#[command(
    name = "spigot",
    version,
    about = "Decides how much automation a web application lets through",
    max_term_width = 100
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start a small shop with Spigot in front of it, to look around.
    #[command(after_help = "Example:\n  spigot demo\n  spigot demo --listen 127.0.0.1:9000 --data /tmp/try")]
    Demo(DemoArgs),
    /// Start Spigot in front of your application.
    #[command(after_help = "Example:\n  spigot run --config spigot.toml")]
    Run(RunArgs),
    /// Check a configuration and say everything that is wrong with it.
    #[command(after_help = "Example:\n  spigot check spigot.toml")]
    Check(CheckArgs),
    /// Say what a policy would have done to the traffic of access logs.
    #[command(
        after_help = "Example:\n  spigot replay --config spigot.toml /var/log/nginx/access.log*\n  spigot replay --config new.toml --against old.toml access.log"
    )]
    Replay(ReplayArgs),
    /// Tell the whole story of one decision.
    #[command(after_help = "Example:\n  spigot explain 04hmasw9nf6yy0hj")]
    Explain(ExplainArgs),
    /// List what happened.
    #[command(
        after_help = "Example:\n  spigot events --route login --since 1h --reason high_frequency --ip 203.0.113.0/24"
    )]
    Events(EventsArgs),
    /// Force a challenge on one endpoint, for everybody.
    #[command(
        after_help = "Example:\n  spigot force 'POST /signup' --for 2h --reason 'sign-up wave'\n  spigot force --list\n  spigot force 'POST /signup' --stop"
    )]
    Force(ForceArgs),
    /// Show and change the operator's allowlist and denylist.
    #[command(
        after_help = "Example:\n  spigot list deny 203.0.113.0/24 --for 7d --note scraper\n  spigot list allow 198.51.100.7 --note 'our monitoring'\n  spigot list show\n  spigot list remove 203.0.113.0/24\n  spigot list import deny addresses.txt --for 30d --note 'from the abuse desk'\n  spigot list export deny --as csv > denylist.csv"
    )]
    List(ListArgs),
    /// Bring lists from files and addresses up to date, show them, and tell why an address is on them.
    #[command(
        after_help = "Example:\n  spigot lists update\n  spigot lists update drop --accept\n  spigot lists show --config /etc/spigot.toml\n  spigot lists why 203.0.113.7 --format json"
    )]
    Lists(ListsArgs),
    /// Show and make exceptions, which end by themselves.
    #[command(
        after_help = "Example:\n  spigot exception add sale --times 3 --route search --start 2026-12-04T18:00:00Z --for 4h --reason 'half-price evening'\n  spigot exception add office --address 198.51.100.0/24 --for 30d --reason 'our office'\n  spigot exception add caller --decision 04hmasw9nf6yy0hj --for 2h --reason 'on the phone'\n  spigot exception show\n  spigot exception remove sale"
    )]
    Exception(ExceptionArgs),
    /// Show, set and lift restrictions.
    #[command(
        after_help = "Example:\n  spigot restrict add 203.0.113.7 --for 1h --reason 'guessing coupons'\n  spigot restrict show\n  spigot restrict lift 203.0.113.7 --reason 'called support'"
    )]
    Restrict(RestrictArgs),
    /// Show and change the sites whose pages show the widget, and their keys.
    #[command(
        after_help = "Example:\n  spigot site add shop --host shop.example --host '*.shop.example'\n  spigot site show\n  spigot site rotate shop --overlap 24h\n  spigot site hosts shop --add m.shop.example --remove old.shop.example\n  spigot site set shop --level high --client strict\n  spigot site remove shop\n  spigot site api-key add ci\n  spigot site api-key show\n  spigot site api-key remove ci"
    )]
    Site(SiteArgs),
    /// Show and end what the breaker demoted: reasons for challenges that people solve far more often than usual.
    #[command(
        after_help = "Example:\n  spigot breaker show\n  spigot breaker end 'limit pages'\n  spigot breaker keep 'limit login-posts' --reason 'whatever it costs'"
    )]
    Breaker(BreakerArgs),
    /// Say that a decision was about a person or about a bot; `spigot tune` learns from it.
    #[command(
        after_help = "Example:\n  spigot mark 04hmasw9nf6yy0hj --as person --note 'called support'\n  spigot mark --list\n  spigot mark 04hmasw9nf6yy0hj --remove"
    )]
    Mark(MarkArgs),
    /// Review a week: repeat offenders, likely false positives, rules that earn nothing, what is new. Nothing is changed.
    #[command(after_help = "Example:\n  spigot review\n  spigot review --format html > review.html")]
    Review(ReviewArgs),
    /// Propose thresholds and weights from recorded events. Nothing is changed.
    #[command(
        after_help = "Example:\n  spigot tune --config spigot.toml --since 7d\n  spigot tune --config spigot.toml --write tuned.toml\n  spigot replay --config tuned.toml --against spigot.toml --events spigot-data"
    )]
    Tune(TuneArgs),
    /// Make, rotate and revoke API keys of trusted clients.
    #[command(
        after_help = "Example:\n  spigot key add acme --client partners --rate '600 per 1m' --for 90d\n  spigot key list\n  spigot key rotate acme --overlap 24h\n  spigot key revoke acme"
    )]
    Key(KeyArgs),
    /// What the puzzle costs: here, in browsers, and whoever solves it by the million.
    #[command(
        after_help = "Example:\n  spigot puzzle bench\n  spigot puzzle bench --days 7 --price 0.04 --format json"
    )]
    Puzzle(PuzzleArgs),
    /// Breached passwords: make the file that they are looked up in.
    #[command(
        after_help = "Example:\n  spigot breach build pwned-passwords-sha1-ordered-by-hash.txt --seen-at-least 10 --out breached.spigot\n  spigot breach build words.txt --words --out breached.spigot"
    )]
    Breach(BreachArgs),
    /// Make users of the panel and what they sign in with, and read the audit log.
    #[command(
        after_help = "Example:\n  spigot admin create ada\n  spigot admin create sue --role support --at https://spigot.example\n  spigot admin link ada\n  spigot admin list\n  spigot admin role sue analyst\n  spigot admin disable sue\n  spigot admin enable sue\n  spigot admin identity sue --id 'https://login.example 248289761001'\n  spigot admin remove sue\n  spigot admin token add ci --role operator --resource lists --for 90d\n  spigot admin token list\n  spigot admin token revoke ci\n  spigot admin audit --limit 20\n  spigot admin triggers\n  spigot admin ask health.show --at http://127.0.0.1:8081"
    )]
    Admin(AdminArgs),
    /// Publish the policy, look back at its versions, and roll back.
    #[command(
        after_help = "Example:\n  spigot policy show --config /etc/spigot.toml\n  spigot policy edit --section route/login thresholds.challenge=60 > draft.toml\n  spigot replay --config draft.toml --against spigot.toml --events spigot-data\n  spigot policy publish draft.toml --note 'login asks earlier'\n  spigot policy history\n  spigot policy diff 3\n  spigot policy text 3\n  spigot policy rollback 3 --note 'too many asked'"
    )]
    Policy(PolicyArgs),
    /// Print the JSON Schema of the configuration, for editors.
    #[command(after_help = "Example:\n  spigot schema > spigot.schema.json")]
    Schema,
}

/// How results are written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Where settings and events are, and who acts.
#[derive(Args)]
pub(crate) struct Place {
    /// The data folder of the Spigot that is meant.
    #[arg(long, global = true, default_value = "spigot-data", env = "SPIGOT_DATA")]
    pub(crate) data: PathBuf,
    /// How to write the result.
    #[arg(long, global = true, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

/// Who acts, for the log of changes.
#[derive(Args)]
pub(crate) struct Author {
    /// Your name in the log of changes.
    #[arg(long, env = "USER", default_value = "operator")]
    pub(crate) author: String,
}

#[derive(Args)]
pub(crate) struct DemoArgs {
    /// Where the shop is to be reached.
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// Where the panel, health and metrics are to be reached.
    #[arg(long, default_value = "127.0.0.1:8081")]
    pub(crate) admin: SocketAddr,
    /// Where the challenge service is to be reached; keys for tests count there.
    #[arg(long, default_value = "127.0.0.1:8082")]
    pub(crate) service: SocketAddr,
    /// Where its state stays; nothing else is written.
    #[arg(long, default_value = "spigot-data")]
    pub(crate) data: PathBuf,
    /// Another policy than the shipped one.
    #[arg(long)]
    pub(crate) config: Option<PathBuf>,
    /// Listen beside a process that is about to be stopped; the admin address has to be another.
    #[arg(long)]
    pub(crate) take_over: bool,
    /// Where the shop writes each request that reached it, as lines of JSON.
    #[arg(long)]
    pub(crate) shop_log: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct RunArgs {
    /// The configuration.
    #[arg(long, default_value = "spigot.toml")]
    pub(crate) config: PathBuf,
    /// Listen beside a process that is about to be stopped; data folder and admin address have to be others.
    #[arg(long)]
    pub(crate) take_over: bool,
    /// How its lines on standard error are written.
    #[arg(long, value_enum, default_value = "json")]
    pub(crate) format: Format,
}

#[derive(Args)]
pub(crate) struct CheckArgs {
    /// The configuration.
    pub(crate) config: PathBuf,
    /// How to write the result.
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

#[derive(Args)]
pub(crate) struct ReplayArgs {
    /// The policy to try; the shipped default policy when absent.
    #[arg(long)]
    pub(crate) config: Option<PathBuf>,
    /// A policy to compare it with: who would be treated differently, and why.
    #[arg(long)]
    pub(crate) against: Option<PathBuf>,
    /// The data folder whose fetched lists are asked, in place of that of each configuration.
    #[arg(long)]
    pub(crate) data: Option<PathBuf>,
    /// The lines' format, detected when absent: a name such as combined, or an nginx log_format string.
    #[arg(long)]
    pub(crate) log_format: Option<String>,
    /// How many subjects to list.
    #[arg(long, default_value_t = 1000)]
    pub(crate) top: usize,
    /// Replay the events of this data folder instead of access logs.
    #[arg(long)]
    pub(crate) events: Option<PathBuf>,
    /// Access logs, plain or gzip, rotated ones in any order; - for standard input.
    #[arg(required_unless_present = "events")]
    pub(crate) logs: Vec<PathBuf>,
    /// How to write the result.
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

#[derive(Args)]
pub(crate) struct ExplainArgs {
    /// The decision's id, as the visitor's page or the X-Spigot-Decision header shows it.
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Args)]
pub(crate) struct EventsArgs {
    /// Only of this route.
    #[arg(long)]
    pub(crate) route: Option<String>,
    /// Only since: a duration (1h, 7d) or a time (2026-12-01T18:00:00Z).
    #[arg(long)]
    pub(crate) since: Option<String>,
    /// Only until: a duration ago or a time.
    #[arg(long)]
    pub(crate) until: Option<String>,
    /// Only with this reason, or with this result of a challenge or token (solved, token_spent).
    #[arg(long)]
    pub(crate) reason: Option<String>,
    /// Only of this address or prefix.
    #[arg(long)]
    pub(crate) ip: Option<String>,
    /// Only of clients with this fingerprint, or its beginning: TLS (JA4), HTTP/2 or header.
    #[arg(long)]
    pub(crate) fingerprint: Option<String>,
    /// Only with this action.
    #[arg(long)]
    pub(crate) action: Option<String>,
    /// Only from this network (AS64500).
    #[arg(long)]
    pub(crate) network: Option<String>,
    /// Only from this country, two letters.
    #[arg(long)]
    pub(crate) country: Option<String>,
    /// Only with this device class.
    #[arg(long)]
    pub(crate) device: Option<String>,
    /// Only for paths that begin so.
    #[arg(long)]
    pub(crate) path: Option<String>,
    /// Only about the account with this hash, which an event shows.
    #[arg(long)]
    pub(crate) account: Option<String>,
    /// How many, newest first.
    #[arg(long, default_value_t = 50)]
    pub(crate) limit: usize,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Args)]
pub(crate) struct ForceArgs {
    /// Methods and path, such as 'POST /signup'.
    #[arg(required_unless_present = "list")]
    pub(crate) endpoint: Option<String>,
    /// Only on this host.
    #[arg(long)]
    pub(crate) host: Option<String>,
    /// For how long; without end when neither this nor --until is there.
    #[arg(long = "for")]
    pub(crate) duration: Option<String>,
    /// Until when (2026-12-04T22:00:00Z).
    #[arg(long, conflicts_with = "duration")]
    pub(crate) until: Option<String>,
    /// Why.
    #[arg(long, default_value = "")]
    pub(crate) reason: String,
    /// Stop forcing it.
    #[arg(long)]
    pub(crate) stop: bool,
    /// Show what is forced.
    #[arg(long)]
    pub(crate) list: bool,
    #[command(flatten)]
    pub(crate) author: Author,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Args)]
pub(crate) struct ListArgs {
    #[command(subcommand)]
    pub(crate) what: ListCommand,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Subcommand)]
pub(crate) enum ListCommand {
    /// Let an address or prefix pass.
    Allow(EntryArgs),
    /// Refuse an address or prefix.
    Deny(EntryArgs),
    /// Show both lists.
    Show,
    /// Put the entries of a file on a list, all or none: a line each, SUBJECT or SUBJECT,UNTIL,NOTE.
    Import {
        /// allow or deny.
        list: String,
        /// The file; - for standard input.
        file: PathBuf,
        /// For how long, where a line has no end of its own.
        #[arg(long = "for")]
        duration: Option<String>,
        /// Why, where a line has no note of its own.
        #[arg(long, default_value = "")]
        note: String,
        #[command(flatten)]
        author: Author,
    },
    /// Print a list as a file that can be imported.
    Export {
        /// allow or deny.
        list: String,
        /// csv or jsonl.
        #[arg(long = "as", default_value = "csv")]
        file_format: String,
    },
    /// Take an address or prefix off both lists.
    Remove {
        /// The address or prefix.
        prefix: String,
        #[command(flatten)]
        author: Author,
    },
}

#[derive(Args)]
pub(crate) struct EntryArgs {
    /// The address or prefix.
    pub(crate) prefix: String,
    /// For how long; without end when absent.
    #[arg(long = "for")]
    pub(crate) duration: Option<String>,
    /// Why.
    #[arg(long, default_value = "")]
    pub(crate) note: String,
    #[command(flatten)]
    pub(crate) author: Author,
}

#[derive(Args)]
pub(crate) struct ExceptionArgs {
    #[command(subcommand)]
    pub(crate) what: ExceptionCommand,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Subcommand)]
pub(crate) enum ExceptionCommand {
    /// Make an exception.
    Add {
        /// Its name.
        name: String,
        /// For an address or prefix; for every client of the routes when absent.
        #[arg(long)]
        address: Option<String>,
        /// For the client of this decision, on its route.
        #[arg(long, conflicts_with_all = ["address", "route"])]
        decision: Option<String>,
        /// For a route; may be given several times; for every route when absent.
        #[arg(long)]
        route: Vec<String>,
        /// For every client on every route: nothing else says so.
        #[arg(long, conflicts_with_all = ["address", "route", "decision"])]
        everything: bool,
        /// From when; now when absent.
        #[arg(long)]
        start: Option<String>,
        /// For how long.
        #[arg(long = "for")]
        duration: String,
        /// Allow so many times what is usual; requests pass altogether when absent.
        #[arg(long)]
        times: Option<f64>,
        /// Why.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        author: Author,
    },
    /// Show the exceptions in force or to come.
    Show,
    /// End an exception.
    Remove {
        /// Its name.
        name: String,
        #[command(flatten)]
        author: Author,
    },
}

#[derive(Args)]
pub(crate) struct RestrictArgs {
    #[command(subcommand)]
    pub(crate) what: RestrictCommand,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Subcommand)]
pub(crate) enum RestrictCommand {
    /// Restrict an address or prefix.
    Add {
        /// The address or prefix.
        prefix: String,
        /// For how long.
        #[arg(long = "for")]
        duration: String,
        /// What happens to its requests: throttle, challenge, shadow or block.
        #[arg(long, default_value = "block")]
        action: String,
        /// Why.
        #[arg(long, default_value = "")]
        reason: String,
        #[command(flatten)]
        author: Author,
    },
    /// Show the restrictions in force, automatic ones too.
    #[command(visible_alias = "list")]
    Show,
    /// Lift restrictions, automatic ones too.
    Lift {
        /// An address, a prefix (everybody within it), or a clearance as `show` names it.
        subject: String,
        /// Why.
        #[arg(long, default_value = "")]
        reason: String,
        #[command(flatten)]
        author: Author,
    },
}

#[cfg(test)]
fn command() -> clap::Command {
    Cli::command()
}

/// Runs the command of this process's arguments.
pub(crate) fn run() -> Result<(), String> {
    let given = examples::handed_down(Cli::command()).get_matches();
    let cli = Cli::from_arg_matches(&given).unwrap_or_else(|error| error.exit());
    match cli.command {
        Command::Demo(args) => commands::demo::run(&args),
        Command::Run(args) => commands::run::run(&args),
        Command::Check(args) => commands::check::run(&args),
        Command::Replay(args) => commands::replay::run(args),
        Command::Explain(args) => commands::events::explain(&args),
        Command::Events(args) => commands::events::list(&args),
        Command::Force(args) => commands::settings::force(&args),
        Command::List(args) => commands::settings::list(&args),
        Command::Lists(args) => commands::lists::run(&args),
        Command::Exception(args) => commands::settings::exception(&args),
        Command::Restrict(args) => commands::settings::restrict(&args),
        Command::Breaker(args) => commands::breaker::run(&args),
        Command::Mark(args) => commands::tune::mark(&args),
        Command::Review(args) => commands::review::review(&args),
        Command::Tune(args) => commands::tune::tune(&args),
        Command::Puzzle(args) => commands::puzzle::run(&args),
        Command::Breach(args) => commands::breach::run(&args),
        Command::Site(args) => commands::site::run(&args),
        Command::Admin(args) => commands::admin::run(&args),
        Command::Key(args) => commands::key::run(&args),
        Command::Policy(args) => commands::policy::run(&args),
        Command::Schema => {
            tell!("{}", spigot_decision::policy::json_schema());
            Ok(())
        }
    }
}
