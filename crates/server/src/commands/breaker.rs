use spigot_admin::{BreakerSetting, Setting};

use super::{end, settings};
use crate::cli::{BreakerArgs, BreakerCommand};
use crate::clock::now;

pub(crate) fn run(args: &BreakerArgs) -> Result<(), String> {
    let about = |name: &str, end, reason: &str| {
        let (name, reason) = (name.to_owned(), reason.to_owned());
        Setting::Breaker(BreakerSetting { name, kept: true, end, reason })
    };
    match &args.what {
        BreakerCommand::Show => settings::show(&args.place, |setting| matches!(setting, Setting::Breaker(_))),
        BreakerCommand::End { name, author } => {
            settings::remove(&args.place, author, &[about(name, None, "")])
        }
        BreakerCommand::Keep { name, duration, reason, author } => {
            let until = duration.as_deref().map(|duration| end(now(), duration)).transpose()?;
            settings::commit(&args.place, author, about(name, until, reason))
        }
    }
}
