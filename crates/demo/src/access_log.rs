//! What reached the shop, one JSON object a line: for those who measure what a gateway in front of it lets through.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use http::StatusCode;
use http::request::Parts;
use serde_json::json;

use crate::request::text;

/// Lines written: a hundred megabytes or so, more than any measurement of a small shop needs.
const LINES_MAX: u64 = 500_000;
/// Characters kept of a path.
const PATH_CHARS_MAX: usize = 200;

/// The file, or nothing where nobody asked for one.
#[derive(Default)]
pub(crate) struct AccessLog(Option<Mutex<(File, u64)>>);

/// What of a request's head a line shows; taken before a handler takes the rest apart.
pub(crate) struct Line {
    client: String,
    method: String,
    path: String,
    decision: String,
    action: String,
}

impl AccessLog {
    /// Goes on writing to `file`, which only its owner can read: it holds addresses.
    pub(crate) fn open(file: &Path) -> io::Result<AccessLog> {
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(AccessLog(Some(Mutex::new((options.open(file)?, 0)))))
    }

    /// Nothing where nothing is written.
    pub(crate) fn line_of(&self, head: &Parts) -> Option<Line> {
        self.0.as_ref()?;
        let header =
            |name: &str| head.headers.get(name).map(|value| text(value.as_bytes())).unwrap_or_default();
        // The last address is what the nearest gateway wrote.
        let client = header("x-forwarded-for").rsplit(',').next().unwrap_or_default().trim().to_owned();
        Some(Line {
            client,
            method: head.method.to_string(),
            path: head.uri.path().chars().take(PATH_CHARS_MAX).collect(),
            decision: header("x-spigot-decision"),
            action: header("x-spigot-action"),
        })
    }

    /// A line that cannot be written is lost: the shop serves on.
    pub(crate) fn write(&self, line: &Line, status: StatusCode) {
        let Some(file) = &self.0 else { return };
        let mut guard = file.lock().unwrap_or_else(PoisonError::into_inner);
        let (file, lines) = &mut *guard;
        if *lines >= LINES_MAX {
            return;
        }
        *lines += 1;
        let value = json!({
            "client": line.client,
            "method": line.method,
            "path": line.path,
            "status": status.as_u16(),
            "decision": line.decision,
            "action": line.action,
        });
        let _ = file.write_all(format!("{value}\n").as_bytes());
    }
}
