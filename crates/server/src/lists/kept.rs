//! The last good state of each list in the data folder: what is decided by when its source is away, and after a restart.

use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use spigot_decision::Millis;
use spigot_gateway::Mark;
use spigot_intel::lists::{Entries, Format, in_force, next_end, read};

use crate::run::{Stamp, stamp};

/// What is known of a list beside its entries.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub(crate) struct About {
    /// Where its entries came from. Entries from elsewhere are not this list's.
    pub(crate) from: String,
    pub(crate) entries: usize,
    /// When they came, in milliseconds.
    pub(crate) changed: Option<i64>,
    /// When the source was asked last and answered well.
    pub(crate) asked: Option<i64>,
    /// Why the last attempt was in vain.
    pub(crate) failed: Option<String>,
    /// When that was.
    pub(crate) failed_at: Option<i64>,
    /// `ETag` of the last answer.
    pub(crate) tag: Option<String>,
    /// `Last-Modified` of the last answer.
    pub(crate) modified: Option<String>,
}

impl About {
    /// What the last answer was marked with.
    pub(crate) fn mark(&self) -> Mark {
        Mark { tag: self.tag.clone(), modified: self.modified.clone() }
    }
}

/// The entries of such a text that have not ended.
pub(super) fn entries_of(text: &str, now: Millis) -> Option<Entries> {
    read(in_force(text, now).as_bytes(), &Format::Text, usize::MAX).ok()
}

/// The folder of lists within a data folder.
#[derive(Clone)]
pub(crate) struct Kept(PathBuf);

impl Kept {
    pub(crate) fn new(data: &Path) -> Self {
        Self(data.join("lists"))
    }

    /// What is known of a list; nothing when what is kept came from elsewhere than `from`.
    pub(crate) fn about(&self, name: &str, from: &str) -> About {
        let text = std::fs::read_to_string(self.path(name, "json")).unwrap_or_default();
        let about: About = serde_json::from_str(&text).unwrap_or_default();
        if about.from == from { about } else { About { from: from.to_owned(), ..About::default() } }
    }

    /// The entries that are kept under a name, without those that have ended.
    pub(crate) fn entries(&self, name: &str, now: Millis) -> Option<Entries> {
        entries_of(&self.text(name)?, now)
    }

    /// When the next of them ends.
    pub(super) fn next_end(&self, name: &str, now: Millis) -> Option<Millis> {
        next_end(&self.text(name)?, now)
    }

    /// What is kept under a name, as it is written: those that have ended, too.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.path(name, "txt")).ok()
    }

    /// Keeps entries, as [`spigot_intel::lists::dated`] writes them, and what is known of them. Each file is whole at
    /// every moment.
    pub(crate) fn put(&self, name: &str, about: &About, entries: Option<&str>) -> io::Result<()> {
        std::fs::create_dir_all(&self.0)?;
        if let Some(entries) = entries {
            self.replace(name, "txt", entries.as_bytes())?;
        }
        self.replace(name, "json", serde_json::to_string_pretty(about)?.as_bytes())
    }

    /// By which it is noticed that another process has kept something.
    pub(crate) fn stamp(&self, name: &str) -> Option<Stamp> {
        stamp(&self.path(name, "txt"))
    }

    fn replace(&self, name: &str, kind: &str, bytes: &[u8]) -> io::Result<()> {
        // Two processes may keep the same list: the running server, and `spigot lists update`.
        let fresh = self.path(name, &format!("{kind}.{}", std::process::id()));
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(&fresh)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(fresh, self.path(name, kind))
    }

    /// Names of lists are letters, digits, `-` and `_`.
    fn path(&self, name: &str, kind: &str) -> PathBuf {
        self.0.join(format!("{name}.{kind}"))
    }
}
