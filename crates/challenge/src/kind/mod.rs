//! Challenge kinds: one file each, one line in each function here.

pub mod cachewalk;
pub mod pbkdf2;
pub mod provider;
pub mod sha256;
pub mod wait;

use crate::issue::Challenge;
use crate::verify::Rejection;

/// A kind and its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The puzzle of `docs/puzzle.md`.
    Cachewalk(spigot_cachewalk::Params),
    /// The same protocol with a leaf that WebCrypto computes, for browsers that do not compile.
    Pbkdf2(spigot_cachewalk::Params),
    /// A SHA-256 with leading zero bits: the same price everywhere but in a browser. For compatibility, and as proof
    /// that a kind is one file.
    Sha256 {
        /// Leading zero bits, 1 to 40.
        bits: u8,
    },
    /// Waiting, timed by the server: for browsers without JavaScript.
    Wait(wait::Wait),
    /// A third party is asked.
    Provider(provider::Provider),
}

/// Memory that verification reuses, 64 KiB from the first use on: one per thread.
#[derive(Default)]
pub struct Workspace {
    table: Option<Box<spigot_cachewalk::Table>>,
}

impl Workspace {
    fn table(&mut self) -> &mut spigot_cachewalk::Table {
        self.table.get_or_insert_with(spigot_cachewalk::Table::boxed)
    }
}

impl Kind {
    /// Its name in configuration and events.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Cachewalk(_) => "cachewalk",
            Self::Pbkdf2(_) => "pbkdf2",
            Self::Sha256 { .. } => "sha256",
            Self::Wait(_) => "wait",
            Self::Provider(_) => "provider",
        }
    }

    /// Base-2 logarithm of the work; 0 where there is none.
    #[must_use]
    pub fn log2_work(&self) -> u8 {
        match self {
            Self::Cachewalk(params) | Self::Pbkdf2(params) => params.log2_n(),
            Self::Sha256 { bits } => *bits,
            Self::Wait(_) | Self::Provider(_) => 0,
        }
    }

    /// Whether a proof may have that length. Only tokens have several.
    pub(crate) fn takes_proof_of(self, bytes: usize) -> bool {
        match self {
            Self::Cachewalk(params) | Self::Pbkdf2(params) => bytes == params.proof_bytes(),
            Self::Sha256 { .. } => bytes == sha256::PROOF_BYTES,
            Self::Wait(_) => bytes == 0,
            Self::Provider(_) => (1..=provider::TOKEN_BYTES_MAX).contains(&bytes),
        }
    }

    /// Whether it is what remains for clients that cannot do the puzzle. It costs an attacker less, so it buys less.
    #[must_use]
    pub fn is_fallback(&self) -> bool {
        matches!(self, Self::Pbkdf2(_) | Self::Wait(_))
    }

    /// Whether checking a proof takes tens of microseconds or more.
    pub(crate) fn is_costly(self) -> bool {
        matches!(self, Self::Cachewalk(_) | Self::Pbkdf2(_))
    }

    /// The number of the algorithm, and seven bytes of parameters.
    pub(crate) fn encode(self) -> (u8, [u8; 7]) {
        match self {
            Self::Cachewalk(params) => (1, cachewalk::encode(params)),
            Self::Sha256 { bits } => (2, sha256::encode(bits)),
            Self::Wait(wait) => (3, wait::encode(wait)),
            Self::Pbkdf2(params) => (4, cachewalk::encode(params)),
            Self::Provider(provider) => (5, provider::encode(provider)),
        }
    }

    pub(crate) fn decode(algorithm: u8, parameters: [u8; 7]) -> Option<Self> {
        match algorithm {
            1 => cachewalk::decode(parameters).map(Self::Cachewalk),
            2 => sha256::decode(parameters),
            3 => wait::decode(parameters).map(Self::Wait),
            4 => cachewalk::decode(parameters).map(Self::Pbkdf2),
            5 => Some(Self::Provider(provider::decode(parameters))),
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
            Self::Cachewalk(params) => cachewalk::check(workspace.table(), challenge, params, proof),
            Self::Pbkdf2(params) => cachewalk::check(&mut pbkdf2::Leaves, challenge, params, proof),
            Self::Sha256 { bits } => sha256::check(challenge, bits, proof),
            Self::Wait(wait) => wait::check(challenge, wait, now_millis),
            Self::Provider(_) => provider::check(),
        }
    }
}
