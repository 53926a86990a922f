//! API keys. They are told from the application's own by how they begin: what is not ours is none of our business.

use http::{HeaderMap, HeaderName, header};
use spigot_decision::policy::TrustedKey;
use spigot_decision::{Millis, Policy};
use zeroize::Zeroizing;

use super::{Checked, Proof, TrustedProof};
use crate::site_keys::SecretDigest;

/// How keys of trusted clients begin.
pub const KEY_PREFIX: &str = "spigot_key_";
/// Characters of what is taken for one: ours have 51.
const KEY_MAX: usize = 128;

/// A key that came with a request.
pub(super) struct Presented {
    pub(super) header: HeaderName,
    pub(super) keep: bool,
    key: Zeroizing<String>,
}

/// The key in the first of the fields that are configured for one.
pub(super) fn presented(proofs: &[TrustedProof], headers: &HeaderMap) -> Option<Presented> {
    proofs.iter().find_map(|client| {
        let Proof::Key(proof) = &client.proof else { return None };
        let value = headers.get(&proof.header)?.to_str().ok()?;
        let key = if proof.header == header::AUTHORIZATION { after_bearer(value)? } else { value.trim() };
        let ours = key.starts_with(KEY_PREFIX) && key.len() <= KEY_MAX;
        let key = || Zeroizing::new(key.to_owned());
        ours.then(|| Presented { header: proof.header.clone(), keep: proof.keep, key: key() })
    })
}

fn after_bearer(value: &str) -> Option<&str> {
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

/// Whose key it is.
pub(super) fn check(proofs: &[TrustedProof], presented: &Presented, policy: &Policy, now: Millis) -> Checked {
    let digest = SecretDigest::of(&presented.key);
    let held = |key: &TrustedKey| {
        // Nobody can steer a digest towards one that is held: how its beginning differs may show.
        let is = |(known, _): &&([u8; 32], Option<Millis>)| {
            known.starts_with(&digest.place()) && digest.is(&SecretDigest::from(*known))
        };
        key.digests.iter().find(is).map(|(_, retires)| *retires)
    };
    let keys = policy.operator.keys.iter().enumerate();
    let Some((index, key, retires)) = keys.filter_map(|(at, key)| Some((at, key, held(key)?))).next() else {
        return Checked::Failed("key is not known");
    };
    if retires.is_some_and(|retires| retires <= now) || key.until.is_some_and(|until| until <= now) {
        return Checked::Failed("key is over");
    }
    let is_its = |client: &TrustedProof| {
        client.name == key.entry
            && matches!(&client.proof, Proof::Key(proof) if proof.header == presented.header)
    };
    match (proofs.iter().position(is_its), u16::try_from(index)) {
        (Some(entry), Ok(index)) => Checked::Proven { entry, key: Some(index) },
        _ => Checked::Failed("key is for another field or client"),
    }
}
