use std::path::PathBuf;
use std::sync::Arc;

use spigot_intel::{Breached, Domains, Networks};

use crate::run::{Stamp, stamp};

/// Data files that a configuration names, and what is in force of them.
pub(crate) struct DataFiles<T> {
    files: Vec<PathBuf>,
    seen: Vec<Option<Stamp>>,
    read: fn(&[PathBuf]) -> Result<T, String>,
    /// What requests are told by.
    pub(crate) current: Arc<T>,
}

impl Default for DataFiles<Networks> {
    fn default() -> Self {
        Self::none(Networks::read, Networks::default())
    }
}

impl Default for DataFiles<Domains> {
    fn default() -> Self {
        Self::none(Domains::read, Domains::default())
    }
}

impl Default for DataFiles<Option<Arc<Breached>>> {
    fn default() -> Self {
        let read = |files: &[PathBuf]| match files {
            [file, ..] => Breached::read(file).map(|breached| Some(Arc::new(breached))),
            [] => Ok(None),
        };
        Self::none(read, None)
    }
}

impl<T> DataFiles<T> {
    fn none(read: fn(&[PathBuf]) -> Result<T, String>, nothing: T) -> Self {
        Self { files: Vec::new(), seen: Vec::new(), read, current: Arc::new(nothing) }
    }

    /// Reads the files that a configuration names, unless they are the ones in force already: what somebody is in the
    /// middle of copying there is no reason to refuse another change of the configuration.
    pub(crate) fn follow(&mut self, files: &[PathBuf]) -> Result<(), String> {
        if self.files != files {
            let seen = stamps(files);
            self.current = Arc::new((self.read)(files)?);
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
        self.current = Arc::new((self.read)(&self.files)?);
        Ok(())
    }
}

fn stamps(files: &[PathBuf]) -> Vec<Option<Stamp>> {
    files.iter().map(|file| stamp(file)).collect()
}
