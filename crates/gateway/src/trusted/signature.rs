//! Signatures of requests: whose key, genuine, and used once.

use std::sync::Arc;

use http::header;
use spigot_decision::Millis;
use spigot_proof::{KeySet, Message, Signature, Unproven, agents, signatures};
use spigot_state::{Spend, State};

use super::{Brought, Checked, Proof, SignatureKeys, SignatureProof};
use crate::pipeline::{Gateway, Snapshot};

impl SignatureProof {
    /// The keys that count now.
    fn keys(&self, now: Millis) -> Arc<KeySet> {
        match &self.keys {
            SignatureKeys::File(keys) => keys.clone(),
            SignatureKeys::Directory(directory) => directory.keys(now),
        }
    }

    /// Someone signs in its name with a key that is not known: it may be new.
    fn key_missed(&self, now: Millis) {
        if let SignatureKeys::Directory(directory) = &self.keys {
            directory.key_missed(now);
        }
    }
}

impl<S: State> Gateway<S> {
    /// Checks the signatures of a request. Those by keys that nobody here knows are nothing, unless they are in the
    /// name of an agent that is known.
    pub(super) async fn check_signatures(&self, snapshot: &Snapshot, brought: &Brought<'_>) -> Checked {
        let headers = brought.seen.headers;
        let (signatures, agents) = match (signatures(headers), agents(headers)) {
            (Ok(signatures), Ok(agents)) => (signatures, agents),
            (Err(why), _) | (_, Err(why)) => return Checked::Failed(why.words()),
        };
        let mut failed = None;
        for signature in &signatures {
            match self.check_signature(snapshot, brought, signature, &agents).await {
                proven @ Checked::Proven { .. } => return proven,
                Checked::Failed(why) => failed = failed.or(Some(why)),
                Checked::Nothing => {}
            }
        }
        failed.map_or(Checked::Nothing, Checked::Failed)
    }

    async fn check_signature(
        &self,
        snapshot: &Snapshot,
        brought: &Brought<'_>,
        signature: &Signature,
        agents: &[String],
    ) -> Checked {
        let now = brought.seen.now;
        let Some(key_id) = signature.key_id() else { return Checked::Failed(Unproven::NoKeyId.words()) };
        let mut in_its_name = false;
        for (entry, client) in snapshot.settings.trusted.iter().enumerate() {
            let Proof::Signature(proof) = &client.proof else { continue };
            let named = proof.agent.as_ref().is_some_and(|agent| agents.iter().any(|named| is(named, agent)));
            let keys = proof.keys(now);
            // Web Bot Auth names keys by their thumbprints alone.
            let key = if proof.agent.is_some() { keys.by_thumbprint(key_id) } else { keys.find(key_id) };
            let Some(key) = key else {
                in_its_name |= named;
                if named {
                    proof.key_missed(now);
                }
                continue;
            };
            if proof.agent.is_some() && !agents.is_empty() && !named {
                return Checked::Failed("signature is in another's name");
            }
            let mut demands = proof.demands.clone();
            if proof.agent.is_some() && !agents.is_empty() {
                demands.covers.push("signature-agent".to_owned());
            }
            let verified = signature.verify(&message(brought), key, &demands, now.0.div_euclid(1000));
            let verified = match verified {
                Ok(verified) => verified,
                Err(why) => return Checked::Failed(why.words()),
            };
            return match verified.once() {
                None => Checked::Proven { entry, key: None },
                // What was used before this process began is forgotten.
                Some(_) if verified.created_seconds() < self.start.0.div_euclid(1000) => Checked::Nothing,
                Some((id, until)) => {
                    match self.state.spend(&id, Millis(until.saturating_mul(1000)), now).await {
                        Ok(Spend::First) => Checked::Proven { entry, key: None },
                        Ok(Spend::Replay) => Checked::Failed("signature was used before"),
                        // That is ours, and no fault of the client's; it proves nothing.
                        Err(_) => Checked::Nothing,
                    }
                }
            };
        }
        if in_its_name { Checked::Failed("key is none of the agent's") } else { Checked::Nothing }
    }
}

/// Whether an address in `Signature-Agent` is of this origin.
fn is(named: &str, agent: &str) -> bool {
    let rest = named.get(..agent.len()).filter(|start| start.eq_ignore_ascii_case(agent));
    rest.is_some() && matches!(named.as_bytes().get(agent.len()), None | Some(b'/'))
}

fn message<'a>(brought: &Brought<'a>) -> Message<'a> {
    let host = brought.seen.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let authority = brought.uri.authority().map(http::uri::Authority::as_str).or(host);
    Message {
        method: brought.seen.method,
        scheme: if brought.seen.secure { "https" } else { "http" },
        authority: authority.unwrap_or(brought.seen.host),
        path: brought.uri.path(),
        query: brought.uri.query(),
        headers: brought.seen.headers,
        status: None,
    }
}
