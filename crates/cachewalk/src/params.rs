//! What a challenge asks for: how many leaves, how hard the grinding, how many openings.

use core::fmt;

use crate::tree::NODE_BYTES;

/// Smallest `log2 N`: below it the fixed costs are all there is.
pub const LOG2_N_MIN: u8 = 4;
/// Largest `log2 N`: 40 MiB of tree for the solver, and most of a minute of one fast core.
pub const LOG2_N_MAX: u8 = 20;
/// Largest expected number of grinding leaves.
pub const GRIND_MAX: u32 = 1_000_000;
/// Largest number of opened leaves; each costs the verifier one leaf.
pub const OPEN_MAX: u8 = 16;

/// Bytes before the paths in an encoded proof: root and `g`.
const PROOF_HEAD_BYTES: usize = NODE_BYTES + 4;

/// A puzzle's parameters, in bounds by construction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Params {
    log2_n: u8,
    grind: u32,
    open: u8,
}

impl Params {
    /// The default: 8192 leaves, a thousand leaves of grinding, three openings.
    pub const DEFAULT: Params = Params { log2_n: 13, grind: 1000, open: 3 };

    /// Checks the bounds: `log2_n` in 4..=20, `grind` (G) in 1..=1,000,000, `open` (t) in 1..=16.
    pub const fn new(log2_n: u8, grind: u32, open: u8) -> Result<Params, OutOfBounds> {
        if log2_n < LOG2_N_MIN || log2_n > LOG2_N_MAX {
            return Err(OutOfBounds::Log2N(log2_n));
        }
        if grind < 1 || grind > GRIND_MAX {
            return Err(OutOfBounds::Grind(grind));
        }
        if open < 1 || open > OPEN_MAX {
            return Err(OutOfBounds::Open(open));
        }
        Ok(Params { log2_n, grind, open })
    }

    /// Base-two logarithm of the number of leaves; also the length of an authentication path.
    #[must_use]
    pub const fn log2_n(self) -> u8 {
        self.log2_n
    }

    /// `N`, the number of leaves.
    #[must_use]
    pub const fn leaves(self) -> u32 {
        1 << self.log2_n
    }

    /// `G`, the expected number of grinding leaves.
    #[must_use]
    pub const fn grind(self) -> u32 {
        self.grind
    }

    /// `t`, the number of leaves to open.
    #[must_use]
    pub const fn open(self) -> u8 {
        self.open
    }

    /// Number of nodes in all authentication paths together.
    #[must_use]
    pub const fn path_nodes(self) -> usize {
        self.open as usize * self.log2_n as usize
    }

    /// The one length an encoded proof has, in bytes: 644 for the default.
    #[must_use]
    pub const fn proof_bytes(self) -> usize {
        PROOF_HEAD_BYTES + self.path_nodes() * NODE_BYTES
    }
}

/// A parameter outside its bounds, with the value that was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutOfBounds {
    /// `log2 N` is not in 4..=20.
    Log2N(u8),
    /// `G` is not in 1..=1,000,000.
    Grind(u32),
    /// `t` is not in 1..=16.
    Open(u8),
}

impl fmt::Display for OutOfBounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OutOfBounds::Log2N(got) => {
                write!(f, "log2_n is {got}; it must be between {LOG2_N_MIN} and {LOG2_N_MAX}")
            }
            OutOfBounds::Grind(got) => write!(f, "grind is {got}; it must be between 1 and {GRIND_MAX}"),
            OutOfBounds::Open(got) => write!(f, "open is {got}; it must be between 1 and {OPEN_MAX}"),
        }
    }
}

impl core::error::Error for OutOfBounds {}
