//! Challenges: issued, verified, and turned into clearances.
//!
//! ```text
//! issue(keys, …, entropy, now) -> Challenge        stateless: everything is in the signed bytes
//! verify(keys, submission, …, now) -> Verified     or a named Rejection, cheapest checks first
//! Verified::spent(first) -> Solved                 only a first spend makes one
//! clearance::seal(Solved, …) -> cookie             and clearance::open reads it back
//! ```
//!
//! Pure: time and entropy are arguments, there is no I/O. `Verified` and `Solved` cannot be built elsewhere, so no path
//! reaches a clearance by falling through an error.

pub mod clearance;
mod frame;
mod issue;
mod keyring;
pub mod kind;
mod verify;

pub use clearance::{Binding, Clearance};
pub use issue::{CHALLENGE_BYTES, Challenge, Terms, issue, terms_of};
pub use keyring::{Keyring, Secret};
pub use kind::{Kind, Workspace};
pub use verify::{Rejection, Solved, Submission, Verified, verify};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Bytes as text for addresses, cookies and JSON: base64url without padding.
#[must_use]
pub fn to_text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of such a text; `None` when it is not canonical.
#[must_use]
pub fn from_text(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}
