use std::path::PathBuf;
use std::sync::Arc;

use spigot_intel::Networks;

use crate::run::{Stamp, stamp};

/// The data files of networks and countries, and what is in force of them.
#[derive(Default)]
pub(crate) struct NetworkFiles {
    files: Vec<PathBuf>,
    seen: Vec<Option<Stamp>>,
    /// What requests are told by.
    pub(crate) current: Arc<Networks>,
}

impl NetworkFiles {
    /// Reads the files that a configuration names, unless they are the ones in force already: what somebody is in the
    /// middle of copying there is no reason to refuse another change of the configuration.
    pub(crate) fn follow(&mut self, files: &[PathBuf]) -> Result<(), String> {
        if self.files != files {
            let seen = stamps(files);
            self.current = Arc::new(Networks::read(files)?);
            (self.files, self.seen) = (files.to_vec(), seen);
        }
        Ok(())
    }

    /// Whether a file has changed since it was read or refused.
    pub(crate) fn changed(&self) -> bool {
        stamps(&self.files) != self.seen
    }

    /// Reads the files again. When one is wrong, what stood stays.
    pub(crate) fn reload(&mut self) -> Result<(), String> {
        self.seen = stamps(&self.files);
        self.current = Arc::new(Networks::read(&self.files)?);
        Ok(())
    }
}

fn stamps(files: &[PathBuf]) -> Vec<Option<Stamp>> {
    files.iter().map(|file| stamp(file)).collect()
}
