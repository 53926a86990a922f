//! Client certificates: verified in TLS by us, or by a trusted proxy that shows them to us (RFC 9440).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use spigot_proof::Certificate;

use super::{Brought, Checked, Proof, TrustedProof, only};
use crate::pipeline::Snapshot;

/// Bytes of a certificate in a header field, encoded. Usual ones have 1 to 3 thousand.
const FIELD_BYTES_MAX: usize = 16 << 10;

/// The certificate that a request's client showed.
pub(super) fn of(snapshot: &Snapshot, brought: &Brought<'_>) -> Option<Certificate> {
    let name = snapshot.settings.certificate_header.as_ref();
    match name.filter(|_| brought.from_trusted_proxy) {
        Some(name) => Certificate::read(&decoded(only(brought.seen.headers, name)?)?),
        None => brought.certificate.cloned(),
    }
}

/// A byte sequence as RFC 9440 has it, or nginx's PEM in percent-encoding.
fn decoded(value: &str) -> Option<Vec<u8>> {
    let value = value.trim();
    if value.len() > FIELD_BYTES_MAX {
        return None;
    }
    if let Some(inner) = value.strip_prefix(':') {
        return STANDARD.decode(inner.strip_suffix(':')?).ok();
    }
    let pem = percent_decode_str(value).decode_utf8().ok()?;
    let body = pem.trim().strip_prefix("-----BEGIN CERTIFICATE-----")?;
    let body: String = body.strip_suffix("-----END CERTIFICATE-----")?.split_ascii_whitespace().collect();
    STANDARD.decode(body).ok()
}

/// Whose it is. One that is nobody's is no failure: a browser shows whatever its user has.
pub(super) fn check(proofs: &[TrustedProof], certificate: &Certificate) -> Checked {
    let is = |client: &TrustedProof| match &client.proof {
        Proof::Certificate(proof) => proof.names.iter().any(|name| certificate.is_named(name)),
        _ => false,
    };
    proofs.iter().position(is).map_or(Checked::Nothing, |entry| Checked::Proven { entry, key: None })
}
