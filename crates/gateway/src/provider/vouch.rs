//! From a token to a verified challenge. This is the only way there, and it leads through a vendor's yes.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use spigot_challenge::{Rejection, Unspent, Verified};
use spigot_decision::Millis;
use tokio::time::Instant;

use super::altcha::Puzzle as AltchaPuzzle;
use super::asker::{Asker, Busy};
use super::geetest::hex;
use super::question::Asked;
use super::verdict::{Refusal, Unknown, Verdict};
use super::{Fail, Provider, ProviderKind};
use crate::verifier::Verifier;

/// Who is asked about, and where and when.
#[derive(Clone, Copy)]
pub(crate) struct Visit<'a> {
    pub(crate) host: &'a str,
    pub(crate) client: IpAddr,
    pub(crate) now: Millis,
}

/// What a provider said, for the record and for what comes next.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heard {
    pub(crate) verdict: Verdict,
    pub(crate) took: Duration,
}

impl Heard {
    /// Whether what the operator wrote for a provider that does not answer holds now. Not for what a token alone can
    /// bring about, nor for keys that the vendor does not accept: that is for the operator to mend.
    pub(crate) fn fails_over(&self, provider: &Provider) -> bool {
        let settings = &provider.settings;
        settings.fail != Fail::Closed
            && match self.verdict {
                Verdict::Unknown(Unknown::Silent | Unknown::Status | Unknown::Garbage) => true,
                Verdict::Unknown(Unknown::Degraded) => settings.believe_degraded,
                _ => false,
            }
    }
}

/// A provider's word for the client behind a challenge. Only [`vouch`] makes one, from a yes that was weighed.
struct Vouched(());

impl Vouched {
    fn by(verdict: Verdict) -> Result<Self, Rejection> {
        match verdict {
            Verdict::Passed(_) => Ok(Self(())),
            Verdict::Refused(Refusal::Expired) => Err(Rejection::Expired),
            Verdict::Refused(Refusal::Duplicate) => Err(Rejection::Replay),
            Verdict::Refused(_) => Err(Rejection::NotVouched),
            Verdict::Unknown(_) => Err(Rejection::ProviderAway),
        }
    }

    #[allow(clippy::disallowed_methods, reason = "the one place that holds a vendor's yes")]
    fn verified(self, unspent: Unspent) -> Result<Verified, Rejection> {
        let Self(()) = self;
        unspent.vouched()
    }
}

/// Asks the provider about a token. There is no second return value when it was not asked at all.
pub(crate) async fn vouch(
    provider: &Arc<Provider>,
    asker: &Asker,
    verifier: &Verifier,
    visit: Visit<'_>,
    unspent: Unspent,
    token: Vec<u8>,
) -> (Result<Verified, Rejection>, Option<Heard>) {
    let Some(_open) = provider.standing.open() else {
        provider.standing.was_busy();
        return (Err(Rejection::Busy), None);
    };
    let begun = Instant::now();
    let verdict = match judged(provider, asker, verifier, visit, &unspent, token).await {
        Ok(verdict) => verdict,
        Err(Busy) => {
            provider.standing.was_busy();
            return (Err(Rejection::Busy), None);
        }
    };
    let took = begun.elapsed();
    provider.standing.heard(verdict, took, visit.now);
    let verified = Vouched::by(verdict).and_then(|vouched| vouched.verified(unspent));
    (verified, Some(Heard { verdict, took }))
}

async fn judged(
    provider: &Arc<Provider>,
    asker: &Asker,
    verifier: &Verifier,
    visit: Visit<'_>,
    unspent: &Unspent,
    token: Vec<u8>,
) -> Result<Verdict, Busy> {
    let settings = &provider.settings;
    if settings.kind == ProviderKind::Altcha {
        // Nobody is asked, and deriving a key takes a millisecond: it is verified where puzzles are.
        let (puzzle, provider) = (AltchaPuzzle::of(unspent.challenge()), provider.clone());
        let job = move |_: &mut spigot_challenge::Workspace| puzzle.check(&provider.settings, &token);
        return verifier.run(job).await.map_err(|_| Busy);
    }
    let Some(vendor) = &settings.base else { return Ok(Verdict::Unknown(Unknown::Misconfigured)) };
    let Ok(token) = std::str::from_utf8(&token) else { return Ok(Verdict::Refused(Refusal::Invalid)) };
    let challenge = hex(&unspent.challenge().id);
    let asked = Asked {
        settings,
        token,
        address: settings.send_address.then_some(visit.client.to_canonical()),
        challenge: &challenge,
        host: visit.host,
    };
    let question = match settings.kind.question(&asked) {
        Ok(question) => question,
        Err(verdict) => return Ok(verdict),
    };
    let answer = asker.ask(vendor, question, settings.deadline).await?;
    Ok(match answer {
        Some(answer) => settings.kind.read(&asked, &answer),
        None => Verdict::Unknown(Unknown::Silent),
    })
}
