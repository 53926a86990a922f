//! Challenges: issued, verified, and turned into clearances.
//!
//! ```text
//! issue(keys, …, entropy, now) -> Challenge        stateless: everything is in the signed bytes
//! admit(keys, submission, …, now) -> Admitted      or a named Rejection, cheapest checks first
//! Admitted::unspent(spent) -> Unspent              the state was asked, nothing is spent yet
//! Unspent::verify(proof, …) -> Verified            the costly part
//! Unspent::vouched() -> Verified                   in its place where a third party was asked, by whoever asked it
//! Verified::spent(first) -> Solved                 only a first spend makes one
//! clearance::seal(Solved, …) -> cookie             and clearance::open reads it back
//! token::seal(Solved, …) -> token                  for a widget; token::open gives Opened, and
//! Opened::spent(first) -> Redeemed                 only a first spend makes one
//! ```
//!
//! Pure: time and entropy are arguments, there is no I/O. None of these can be built elsewhere, so no path
//! reaches a clearance or a success by falling through an error.

mod binding;
pub mod clearance;
mod frame;
mod issue;
mod keyring;
pub mod kind;
mod sealed;
pub mod server_token;
pub mod token;
mod verify;

pub use binding::{Binding, Errand, Network, Place};
pub use clearance::Clearance;
pub use issue::{CHALLENGE_BYTES, Challenge, Terms, genuine, genuine_here, issue};
pub use keyring::{Keyring, Secret};
pub use kind::{Kind, Workspace};
pub use verify::{Admitted, Rejection, Solved, Submission, Unspent, Verified, admit, recognise};

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
