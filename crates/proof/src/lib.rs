//! Proofs that trusted clients bring with their requests, and what has to be true of them: HTTP Message Signatures
//! (RFC 9421) with the keys of Web Bot Auth's directories, Privacy Pass tokens (RFC 9577, RFC 9578), and the names in
//! client certificates. The keys also check the signatures of identity providers (RFC 7515), for the panel.
//!
//! Pure: time is an argument, keys are handed in, and whether something was used before is the caller's to ask. What a
//! check gives ([`Verified`], [`Redeemable`]) can be made by that check alone. Everything read here comes from
//! strangers, so each length and number is bounded before anything is computed.

mod certificate;
mod der;
mod directory;
mod encoding;
mod jws;
mod key;
mod private_token;
mod signature;

pub use certificate::Certificate;
pub use directory::{DIRECTORY_PATH, DIRECTORY_TYPE, directory_keys};
pub use key::{Algorithm, KEYS_MAX, KeySet, PublicKey};
pub use private_token::{
    Challenge, IssuerKey, Redeemable, TOKEN_KEY_BYTES_MAX, Token, Unredeemable, offer, presented,
};
pub use signature::{Demands, Message, Signature, Unproven, Verified, agents, signatures};
