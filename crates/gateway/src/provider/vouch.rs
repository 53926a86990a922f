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
use super::word::{Refusal, Unknown, Word};
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
    pub(crate) word: Word,
    pub(crate) took: Duration,
}

impl Heard {
    /// Whether what the operator wrote for a provider that does not answer holds now. Not for what a token alone can
    /// bring about, nor for keys that the vendor does not accept: that is for the operator to mend.
    pub(crate) fn fails_over(&self, provider: &Provider) -> bool {
        let settings = &provider.settings;
        settings.fail != Fail::Closed
            && match self.word {
                Word::Unknown(Unknown::Silent | Unknown::Status | Unknown::Garbage) => true,
                Word::Unknown(Unknown::Degraded) => settings.believe_degraded,
                _ => false,
            }
    }
}

/// A provider's word for the client behind a challenge. Only [`vouch`] makes one, from a yes that was weighed.
struct Vouched(());

impl Vouched {
    fn by(word: Word) -> Result<Self, Rejection> {
        match word {
            Word::Passed(_) => Ok(Self(())),
            Word::Refused(Refusal::Expired) => Err(Rejection::Expired),
            Word::Refused(Refusal::Duplicate) => Err(Rejection::Replay),
            Word::Refused(_) => Err(Rejection::NotVouched),
            Word::Unknown(_) => Err(Rejection::ProviderAway),
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
    let word = match judged(provider, asker, verifier, visit, &unspent, token).await {
        Ok(word) => word,
        Err(Busy) => {
            provider.standing.was_busy();
            return (Err(Rejection::Busy), None);
        }
    };
    let took = begun.elapsed();
    provider.standing.heard(word, took, visit.now);
    let verified = Vouched::by(word).and_then(|vouched| vouched.verified(unspent));
    (verified, Some(Heard { word, took }))
}

async fn judged(
    provider: &Arc<Provider>,
    asker: &Asker,
    verifier: &Verifier,
    visit: Visit<'_>,
    unspent: &Unspent,
    token: Vec<u8>,
) -> Result<Word, Busy> {
    let settings = &provider.settings;
    if settings.kind == ProviderKind::Altcha {
        // Nobody is asked, and deriving a key takes a millisecond: it is verified where puzzles are.
        let (puzzle, provider) = (AltchaPuzzle::of(unspent.challenge()), provider.clone());
        let job = move |_: &mut spigot_challenge::Workspace| puzzle.check(&provider.settings, &token);
        return verifier.run(job).await.map_err(|_| Busy);
    }
    let Some(vendor) = &settings.base else { return Ok(Word::Unknown(Unknown::Misconfigured)) };
    let Ok(token) = std::str::from_utf8(&token) else { return Ok(Word::Refused(Refusal::Invalid)) };
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
        Err(word) => return Ok(word),
    };
    let answer = asker.ask(vendor, question, settings.deadline).await?;
    Ok(match answer {
        Some(answer) => settings.kind.read(&asked, &answer),
        None => Word::Unknown(Unknown::Silent),
    })
}
