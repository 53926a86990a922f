//! Privacy Pass: tokens are asked for with a challenge, and used up.

use http::{HeaderValue, Response, StatusCode, header};
use spigot_decision::policy::Route;
use spigot_decision::{Millis, Subject};
use spigot_proof::{Challenge, Token, Unredeemable, offer};
use spigot_state::{Spend, State};

use super::{Checked, Proof, TokenProof, proven};
use crate::body::Through;
use crate::pipeline::{Gateway, Seen, Snapshot};
use crate::purpose::Purpose;

/// A challenge is the same for an hour, so that nothing of it has to be remembered, and is answered in that hour or the
/// next. So long a token that was used is remembered.
const HOUR_MILLIS: i64 = 3_600_000;

impl<S: State> Gateway<S> {
    pub(super) async fn check_token(
        &self,
        snapshot: &Snapshot,
        seen: &Seen<'_>,
        token: &Result<Token, Unredeemable>,
    ) -> Checked {
        let token = match token {
            Ok(token) => token,
            Err(why) => return Checked::Failed(why.words()),
        };
        let hour = seen.now.0.div_euclid(HOUR_MILLIS);
        let mut why = Unredeemable::OtherKey;
        for (entry, client) in snapshot.settings.trusted.iter().enumerate() {
            let Proof::Token(proof) = &client.proof else { continue };
            let challenges: Vec<Challenge> = [hour, hour - 1]
                .into_iter()
                .filter_map(|hour| self.challenge(proof, seen.host, hour))
                .collect();
            let redeemable = match proof.key.redeem(token, &challenges) {
                Ok(redeemable) => redeemable,
                Err(Unredeemable::OtherKey) => continue,
                Err(other) => {
                    why = other;
                    continue;
                }
            };
            let end = Millis((hour + 2) * HOUR_MILLIS);
            return match self.state.spend(&redeemable.id(), end, seen.now).await {
                Ok(Spend::First) => Checked::Proven { entry, key: None },
                Ok(Spend::Replay) => Checked::Failed("token was used before"),
                // That is ours, and no fault of the client's; it proves nothing.
                Err(_) => Checked::Nothing,
            };
        }
        Checked::Failed(why.words())
    }

    /// Asks for a token beside a challenge, where one would do. A client knows this by its status (RFC 9577, section 2).
    pub(crate) fn offer_tokens(
        &self,
        snapshot: &Snapshot,
        seen: &Seen<'_>,
        route: &Route,
        response: &mut Response<Through>,
    ) {
        let left_millis = HOUR_MILLIS - seen.now.0.rem_euclid(HOUR_MILLIS);
        for client in &snapshot.settings.trusted {
            let Proof::Token(proof) = &client.proof else { continue };
            let here = proven(&snapshot.policy, &client.name, None)
                .is_some_and(|proven| proven.is_for(&snapshot.policy, &route.name, seen.now));
            let challenge = self.challenge(proof, seen.host, seen.now.0.div_euclid(HOUR_MILLIS));
            let Some(challenge) = challenge.filter(|_| here) else { continue };
            let age = u32::try_from((left_millis + HOUR_MILLIS) / 1000).unwrap_or(0);
            if let Ok(value) = HeaderValue::from_str(&offer(&challenge, &proof.key, age)) {
                response.headers_mut().append(header::WWW_AUTHENTICATE, value);
                *response.status_mut() = StatusCode::UNAUTHORIZED;
            }
        }
    }

    /// The challenge of an hour. Nobody outside knows it before, so nobody collects tokens for it. What was used before
    /// this process began is forgotten, so that challenges from before are, too.
    fn challenge(&self, proof: &TokenProof, host: &str, hour: i64) -> Option<Challenge> {
        let mut context = [0; 32];
        for (part, bytes) in (0..).zip(context.chunks_exact_mut(8)) {
            let about = [
                Subject::Text(proof.issuer.as_bytes()),
                Subject::Text(host.as_bytes()),
                Subject::Text(&[hour, part, self.start.0].map(i64::to_le_bytes).concat()),
            ];
            bytes.copy_from_slice(&self.keys.hash(Purpose::TokenContext.counter(), &about).to_le_bytes());
        }
        Challenge::new(&proof.issuer, &context, host)
    }
}
