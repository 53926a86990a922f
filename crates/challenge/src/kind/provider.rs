//! A third party is asked. Which one stands in the signed bytes, so that a client can neither choose its provider nor
//! take a token of one for a challenge of another. There is no proof that this crate could check: the token goes to the
//! provider, and only whoever asked it may go on, with [`crate::Unspent::vouched`].

use crate::verify::Rejection;

/// Which provider, and how hard its challenge would have been as a puzzle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Provider {
    /// The provider's number: from its settings, so that it stays what it is when others are added before it.
    pub id: [u8; 6],
    /// What risk doubles. A provider cannot ask for more, but a puzzle in its place does.
    pub doublings: u8,
}

/// Bytes of a token: Friendly Captcha's are the longest, and have at most 16 KiB.
pub const TOKEN_BYTES_MAX: usize = 16 << 10;

pub(super) fn encode(provider: Provider) -> [u8; 7] {
    let [a, b, c, d, e, f] = provider.id;
    [a, b, c, d, e, f, provider.doublings]
}

pub(super) fn decode(bytes: [u8; 7]) -> Provider {
    let [a, b, c, d, e, f, doublings] = bytes;
    Provider { id: [a, b, c, d, e, f], doublings }
}

/// Nothing in a token tells this crate anything.
pub(super) fn check() -> Result<(), Rejection> {
    Err(Rejection::Wrong)
}
