//! Who passes by proof: what a request brings is checked here, before it is decided. What costs nothing is checked
//! first; a client that brings proofs that do not hold soon has no more of them looked at.

mod certificate;
mod directory;
mod key;
mod settings;
mod signature;
mod token;

use http::{HeaderMap, HeaderName, header};
use spigot_decision::{Count, CountKind, Policy, Prefix, Proven, Subject, Trusted};
use spigot_proof::Certificate;
use spigot_state::State;

pub use self::directory::Directory;
pub use self::key::KEY_PREFIX;
pub use self::settings::{
    CertificateProof, KeyProof, Proof, SignatureKeys, SignatureProof, TokenProof, TrustedProof,
};
use crate::metrics::Metrics;
use crate::pipeline::{Gateway, Seen, Snapshot};
use crate::purpose::Purpose;

/// Proofs of one address that may be wrong before none of its proofs is looked at: checking one costs up to a tenth of a
/// millisecond, and a client that has a proof has a good one.
const WRONG_MAX: u32 = 30;
const WRONG_WINDOW_MILLIS: u64 = 60_000;

/// What a request brought.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    pub(crate) trusted: Trusted,
    /// The field that held it, where the application is not to see it.
    pub(crate) left_out: Option<HeaderName>,
}

/// What checking one kind of proof came to.
#[derive(Clone, Copy)]
enum Checked {
    /// It is this entry of the settings, and by which of the operator's keys.
    Proven { entry: usize, key: Option<u16> },
    /// It does not hold.
    Failed(&'static str),
    /// There is nothing that is ours to check, or it could not be checked at all.
    Nothing,
}

/// A request, as proofs see it.
pub(crate) struct Brought<'a> {
    pub(crate) seen: &'a Seen<'a>,
    /// As it was sent, before it was brought into its one form.
    pub(crate) uri: &'a http::Uri,
    pub(crate) certificate: Option<&'a Certificate>,
    /// The peer may speak for clients.
    pub(crate) from_trusted_proxy: bool,
}

impl<S: State> Gateway<S> {
    /// Who a request's client proved to be. Nothing of it is an error: whatever cannot be checked proves nothing.
    pub(crate) async fn proofs(&self, snapshot: &Snapshot, brought: &Brought<'_>) -> Found {
        let proofs = &snapshot.settings.trusted;
        if proofs.is_empty() {
            return Found::default();
        }
        let headers = brought.seen.headers;
        let key = key::presented(proofs, headers);
        let signed = headers.contains_key("signature-input") && settings::has_signatures(proofs);
        let authorization = headers.get(header::AUTHORIZATION).filter(|_| settings::has_tokens(proofs));
        let token = authorization.and_then(|value| spigot_proof::presented(value.as_bytes()));
        let certificate =
            settings::has_certificates(proofs).then(|| certificate::of(snapshot, brought)).flatten();
        if key.is_none() && !signed && token.is_none() && certificate.is_none() {
            return Found::default();
        }
        let mut found = Found::default();
        let mut weigh = |checked: Checked| self.weigh(snapshot, brought.seen, checked, &mut found.trusted);
        if let Some(certificate) = &certificate {
            weigh(certificate::check(proofs, certificate));
        }
        let patient = (key.is_some() || signed || token.is_some()) && !self.is_worn_out(brought.seen).await;
        if !patient {
            if key.is_some() || signed || token.is_some() {
                weigh(Checked::Failed("too many proofs that did not hold"));
            }
        } else {
            if let Some(key) = &key {
                weigh(key::check(proofs, key, &snapshot.policy, brought.seen.now));
            }
            if signed {
                weigh(self.check_signatures(snapshot, brought).await);
            }
            if let Some(token) = &token {
                weigh(self.check_token(snapshot, brought.seen, token).await);
            }
            if found.trusted.failed.is_some() {
                self.count_wrong(brought.seen, true).await;
            }
        }
        found.left_out = key.filter(|key| !key.keep).map(|key| key.header);
        if token.is_some() {
            found.left_out = Some(header::AUTHORIZATION);
        }
        match (found.trusted.proven, found.trusted.failed) {
            (Some(_), _) => Metrics::one(&self.metrics.proofs_held),
            (None, Some(_)) => Metrics::one(&self.metrics.proofs_failed),
            (None, None) => {}
        }
        found
    }

    /// The first proof that means something on the request's route counts, otherwise the first of all.
    fn weigh(&self, snapshot: &Snapshot, seen: &Seen<'_>, checked: Checked, trusted: &mut Trusted) {
        match checked {
            Checked::Proven { entry, key } => {
                let Some(proven) = proven(&snapshot.policy, &snapshot.settings.trusted[entry].name, key)
                else {
                    return;
                };
                let policy = &snapshot.policy;
                let route = &policy.route(policy.route_for(seen.host, seen.method, seen.matched)).name;
                let is_for = |proven: Proven| proven.is_for(policy, route, seen.now);
                if trusted.proven.is_none_or(|before| !is_for(before) && is_for(proven)) {
                    trusted.proven = Some(proven);
                }
            }
            Checked::Failed(why) => trusted.failed = trusted.failed.or(Some(why)),
            Checked::Nothing => {}
        }
    }

    async fn is_worn_out(&self, seen: &Seen<'_>) -> bool {
        self.count_wrong(seen, false).await >= WRONG_MAX
    }

    async fn count_wrong(&self, seen: &Seen<'_>, add: bool) -> u32 {
        let address = Subject::Address(Prefix::client(seen.client));
        let count = Count {
            key: self.keys.hash(Purpose::WrongProof.counter(), &[address]),
            window_millis: WRONG_WINDOW_MILLIS,
            limit: WRONG_MAX,
            kind: CountKind::Trickle,
            add,
        };
        // Without the state the proofs are still checked: their cost is bounded by connections then.
        self.state.count(&count, seen.now).await.unwrap_or(0)
    }
}

/// The policy's entry of this name; a policy without it knows nothing of the proof.
fn proven(policy: &Policy, name: &str, key: Option<u16>) -> Option<Proven> {
    let entry = policy.trusted.iter().position(|client| client.name == name)?;
    Some(Proven { entry: u16::try_from(entry).ok()?, key })
}

/// The one value of a field, as text.
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    if values.next().is_some() {
        return None;
    }
    value.to_str().ok()
}
