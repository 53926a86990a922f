use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use spigot_decision::policy::source::Section;
use spigot_decision::policy::units::duration_millis;
use spigot_gateway::{BreachSettings, Trust, Upstream};

/// `[breach]`: where passwords are looked up.
#[derive(Clone, Debug)]
pub(crate) enum BreachSection {
    /// In a file that `spigot breach build` made.
    File(PathBuf),
    /// At a service.
    Range(BreachSettings),
}

/// Nobody waits longer for the look-up of a password.
const DEADLINE_MILLIS_MAX: u64 = 5000;

pub(super) fn breach(top: &Section<'_, '_>) -> Option<BreachSection> {
    let part = top.table("breach")?;
    let file = part.text("file").map(|file| PathBuf::from(file.value));
    let server =
        part.text("address").and_then(|address| match Upstream::parse(address.value, Trust::system) {
            Ok(server) => Some(Arc::new(server)),
            Err(problem) => {
                top.reader.problem(address.span, problem.what, problem.instead);
                None
            }
        });
    let deadline = part.parsed("deadline", |text| match duration_millis(text)? {
        millis @ 1..=DEADLINE_MILLIS_MAX => Ok(Duration::from_millis(millis)),
        _ => Err("write \"1ms\" to \"5s\"; log-ins wait for it".to_owned()),
    });
    let deadline = deadline.map_or(Duration::from_millis(500), |deadline| deadline.value);
    if part.has("file") == part.has("address") {
        top.reader.problem(
            part.span.clone(),
            "[breach] names a file and an address, or neither",
            "write file = \"breached.spigot\" or address = \"https://api.pwnedpasswords.com\"",
        );
    }
    part.finish();
    let range =
        |server| BreachSection::Range(BreachSettings::Range { server, path: "/range/".to_owned(), deadline });
    file.map(BreachSection::File).or_else(|| server.map(range))
}
