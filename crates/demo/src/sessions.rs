//! Who is signed in. In memory: a restart signs everyone out.

use std::collections::VecDeque;
use std::fmt::Write;
use std::io;
use std::sync::{Mutex, PoisonError};

/// Sessions remembered; the oldest goes first. Enough for every browser of a demonstration, and a linear look-up in
/// so few is nothing.
const SESSIONS_MAX: usize = 256;

/// Names of the sessions that are signed in.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<VecDeque<String>>);

impl Sessions {
    /// Starts a session and returns its name: 128 random bits in hexadecimal.
    pub(crate) fn start(&self) -> io::Result<String> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let name = hex(&random);
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if names.len() == SESSIONS_MAX {
            names.pop_front();
        }
        names.push_back(name.clone());
        Ok(name)
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|known| known == name)
    }

    pub(crate) fn end(&self, name: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|known| known != name);
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
