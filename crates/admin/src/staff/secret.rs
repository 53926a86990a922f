//! Random secrets that are handed out once and kept as digests: sessions, links, tokens. They have 256 bits, so a plain
//! digest tells nobody anything.

use sha2::{Digest, Sha256};

/// 32 random bytes as hexadecimal digits, after a prefix that tells what it is.
///
/// # Errors
/// When the system has no randomness.
pub fn fresh_secret(prefix: &str) -> Result<String, String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| format!("the system has no randomness: {error}"))?;
    Ok(format!("{prefix}{}", hex(&bytes)))
}

/// How a secret is kept.
#[must_use]
pub fn digest(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
