//! What accounts are looked up in: breached passwords, and domains that are given away for a moment.

use std::sync::Arc;

use spigot_gateway::{Breach, BreachSettings, Settings};
use spigot_intel::{Breached, Domains};

use crate::config::{BreachSection, Server};
use crate::data_files::DataFiles;

/// The files, and what is in force of them.
#[derive(Default)]
pub(crate) struct AccountData {
    breached: DataFiles<Option<Arc<Breached>>>,
    disposable: DataFiles<Domains>,
    ill_reputed: DataFiles<Domains>,
}

impl AccountData {
    /// Reads what a configuration names, unless it is in force already.
    pub(crate) fn follow(&mut self, server: &Server) -> Result<(), String> {
        let file = match &server.breach {
            Some(BreachSection::File(file)) => std::slice::from_ref(file),
            _ => &[],
        };
        self.breached.follow(file).map_err(|error| format!("`breach.file`: {error}"))?;
        let disposable = self.disposable.follow(&server.disposable_domains);
        disposable.map_err(|error| format!("`disposable_domains`: {error}"))?;
        let ill_reputed = self.ill_reputed.follow(&server.ill_reputed_domains);
        ill_reputed.map_err(|error| format!("`ill_reputed_domains`: {error}"))
    }

    /// Whether a file has changed since it was read or refused.
    pub(crate) fn changed(&self) -> bool {
        self.breached.changed() || self.disposable.changed() || self.ill_reputed.changed()
    }

    /// Reads the files again that have changed. When one is wrong, what stood stays.
    pub(crate) fn reload(&mut self) -> Result<(), String> {
        let breached = if self.breached.changed() { self.breached.reload() } else { Ok(()) };
        let read = |domains: &mut DataFiles<Domains>| {
            if domains.changed() { domains.reload() } else { Ok(()) }
        };
        let (disposable, ill_reputed) = (read(&mut self.disposable), read(&mut self.ill_reputed));
        breached.and(disposable).and(ill_reputed)
    }

    /// Gives requests what they are told by.
    pub(crate) fn put(&self, server: &Server, settings: &mut Settings) {
        let settings_of = match &server.breach {
            Some(BreachSection::File(_)) => (*self.breached.current).clone().map(BreachSettings::File),
            Some(BreachSection::Range(range)) => Some(range.clone()),
            None => None,
        };
        settings.breach = settings_of.map(|breach| Arc::new(Breach::new(breach)));
        settings.disposable_domains = self.disposable.current.clone();
        settings.ill_reputed_domains = self.ill_reputed.current.clone();
    }
}
