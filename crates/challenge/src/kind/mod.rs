//! Challenge kinds: one file each, one line in each function here.

pub mod cachewalk;
pub mod sha256;
pub mod wait;

use crate::issue::Challenge;
use crate::verify::Rejection;

/// A kind and its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The puzzle of `docs/puzzle.md`.
    Cachewalk(spigot_cachewalk::Params),
    /// A SHA-256 with leading zero bits: the same price everywhere but in a browser. For compatibility, and as proof
    /// that a kind is one file.
    Sha256 {
        /// Leading zero bits, 1 to 40.
        bits: u8,
    },
    /// Waiting, timed by the server: for browsers without JavaScript.
    Wait {
        /// How long, in milliseconds.
        millis: u32,
    },
}

/// Memory that verification reuses, 64 KiB: one per thread.
pub struct Workspace {
    table: Box<spigot_cachewalk::Table>,
}

impl Default for Workspace {
    fn default() -> Self {
        Self { table: spigot_cachewalk::Table::boxed() }
    }
}

impl Kind {
    /// Its name in configuration and events.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Cachewalk(_) => "cachewalk",
            Self::Sha256 { .. } => "sha256",
            Self::Wait { .. } => "wait",
        }
    }

    /// Base-2 logarithm of the work; 0 for a wait.
    #[must_use]
    pub fn log2_work(&self) -> u8 {
        match self {
            Self::Cachewalk(params) => params.log2_n(),
            Self::Sha256 { bits } => *bits,
            Self::Wait { .. } => 0,
        }
    }

    /// The number of the algorithm, and seven bytes of parameters.
    pub(crate) fn encode(self) -> (u8, [u8; 7]) {
        match self {
            Self::Cachewalk(params) => (1, cachewalk::encode(params)),
            Self::Sha256 { bits } => (2, sha256::encode(bits)),
            Self::Wait { millis } => (3, wait::encode(millis)),
        }
    }

    pub(crate) fn decode(algorithm: u8, parameters: [u8; 7]) -> Option<Self> {
        match algorithm {
            1 => cachewalk::decode(parameters),
            2 => sha256::decode(parameters),
            3 => Some(wait::decode(parameters)),
            _ => None,
        }
    }

    /// Whether the proof answers the challenge.
    pub(crate) fn check(
        self,
        workspace: &mut Workspace,
        challenge: &Challenge,
        proof: &[u8],
        now_millis: i64,
    ) -> Result<(), Rejection> {
        match self {
            Self::Cachewalk(params) => cachewalk::check(&mut workspace.table, challenge, params, proof),
            Self::Sha256 { bits } => sha256::check(challenge, bits, proof),
            Self::Wait { millis } => wait::check(challenge, millis, now_millis),
        }
    }
}
