//! What was said about the data folder: a fault is a line when it begins and a line when it is over, not one a second.

use spigot_event::Recorder;
use spigot_keeping::Keeping;

use crate::alerts::Alerts;

/// What was said already.
#[derive(Default)]
pub(crate) struct Said {
    keeping: bool,
    recording: bool,
}

impl Said {
    pub(crate) fn about(&mut self, keeping: &Keeping, recorder: &Recorder, alerts: &Alerts) {
        let once = |fails: &mut bool, error: Option<String>, [failed, works_again]: [&str; 2], what: &str| {
            match error {
                Some(error) if !std::mem::replace(fails, true) => {
                    alerts.tell(
                        failed,
                        &[("error", &error)],
                        &format!("Spigot: {what} cannot be written to the data folder: {error}"),
                    );
                }
                None if std::mem::take(fails) => {
                    alerts.tell(
                        works_again,
                        &[],
                        &format!("Spigot: {what} can be written to the data folder again"),
                    );
                }
                _ => {}
            }
        };
        let names = ["keeping_failed", "keeping_works_again"];
        once(&mut self.keeping, keeping.last_error(), names, "what is known of clients");
        let error = recorder.last_error().map(|error| error.to_string());
        let names = ["recording_failed", "recording_works_again"];
        once(&mut self.recording, error, names, "events");
    }
}

/// A file that cannot be used.
pub(crate) fn error(what: &str, why: &str) {
    crate::log::line(what, &[("error", why)]);
}
