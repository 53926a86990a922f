use crate::cli::{Format, RunArgs};
use crate::config::Config;
use crate::listening::Sharing;
use crate::log;

pub(crate) fn run(args: &RunArgs) -> Result<(), String> {
    if args.format == Format::Text {
        log::for_people();
    }
    let seen = crate::run::stamp(&args.config);
    let config = Config::read(&args.config)?;
    let addresses: Vec<String> =
        config.server.addresses().iter().map(|(key, address)| format!("{key} {address}")).collect();
    let revision = config.policy.revision.clone();
    let running = crate::run::start(config, Some(args.config.clone()), seen, Sharing::of(args.take_over))?;
    log::line("started", &[("listening", &addresses.join(", ")), ("revision", &revision)]);
    running.wait().map_err(|error| error.to_string())?;
    log::line("stopping", &[]);
    running.stop();
    log::line("stopped", &[]);
    Ok(())
}
