use std::io::IsTerminal;

use spigot_admin::{PolicyStore, review};

use super::{moment, replay};
use crate::cli::{ReviewArgs, ReviewFormat};
use crate::clock::now;

pub(crate) fn review(args: &ReviewArgs) -> Result<(), String> {
    let until = args.until.as_deref().map(moment).transpose()?.unwrap_or_else(now);
    let store = PolicyStore::open(&args.data).map_err(|error| error.to_string())?;
    let policy = replay::policy(args.config.as_deref())?;
    let known = review::Known::of(policy, &store, now()).map_err(|error| error.to_string())?;
    let shown = std::io::stderr().is_terminal();
    let mut go_on = |read: u64, fraction: f64| {
        if shown {
            eprint!("\r{read} events, {:.0} of 100", fraction * 100.0);
        }
        true
    };
    let made = review::read(&args.data, until, &known, &mut go_on)?;
    let Some(made) = made else { return Ok(()) };
    if shown {
        eprint!("\r");
    }
    match args.format {
        ReviewFormat::Text => tell!("{}", review::text(&made)),
        ReviewFormat::Html => tell!("{}", review::html(&made)),
        ReviewFormat::Json => {
            say!("{}", serde_json::to_string_pretty(&made).map_err(|error| error.to_string())?);
        }
    }
    Ok(())
}
