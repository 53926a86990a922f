use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// HMAC-SHA-256 over length-framed fields: each goes in with its length as eight little-endian bytes before it, and a
/// purpose goes first, so that no two lists of fields, and no two purposes, share input.
pub(crate) fn authenticate(key: &[u8; 32], purpose: &str, fields: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes any key length");
    for field in std::iter::once(purpose.as_bytes()).chain(fields.iter().copied()) {
        mac.update(&(field.len() as u64).to_le_bytes());
        mac.update(field);
    }
    mac
}

/// The 32 bytes of [`authenticate`].
pub(crate) fn digest(key: &[u8; 32], purpose: &str, fields: &[&[u8]]) -> [u8; 32] {
    authenticate(key, purpose, fields).finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn framing_keeps_fields_apart() {
        let key = [1; 32];
        let digests = [
            digest(&key, "a", &[b"bc", b"d"]),
            digest(&key, "a", &[b"b", b"cd"]),
            digest(&key, "a", &[b"bcd"]),
            digest(&key, "ab", &[b"c", b"d"]),
            digest(&key, "a", &[b"bc", b"d", b""]),
        ];
        for (i, a) in digests.iter().enumerate() {
            assert!(!digests[i + 1..].contains(a), "list {i}");
        }
    }
}
