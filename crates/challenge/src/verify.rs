use crate::binding::Binding;
use crate::issue::{Challenge, NotOurs, fits, open, reaches};
use crate::keyring::Keyring;
use crate::kind::{Kind, Workspace};

/// What comes back for a challenge.
#[derive(Clone, Copy, Debug)]
pub struct Submission<'a> {
    /// The signed challenge, as it was issued.
    pub challenge: &'a [u8],
    /// The proof, in the kind's own encoding.
    pub proof: &'a [u8],
}

/// Why a submission is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// Challenge or proof do not have the form that they must have.
    Malformed,
    /// Made by another version of Spigot.
    UnknownVersion,
    /// Signed with a key that is not, or no longer, in the ring.
    UnknownKey,
    /// The signature does not hold.
    Forged,
    /// Its time is over.
    Expired,
    /// Issued before this process started, so that it cannot be known whether it was spent.
    Stale,
    /// Issued for another site or another client.
    OtherContext,
    /// Issued to a client in another network of the same address family.
    OtherNetwork,
    /// The wait is not over.
    TooEarly,
    /// The proof is wrong.
    Wrong,
    /// The provider does not vouch for the client.
    NotVouched,
    /// The provider could not be asked, or did not say. Nothing is known of the token.
    ProviderAway,
    /// It was spent already.
    Replay,
    /// Whether it was spent cannot be found out now.
    Unavailable,
    /// Nobody is free to check it. It is as good as before: the same submission may be sent again.
    Busy,
}

impl Rejection {
    /// Its name in events and answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::UnknownVersion => "unknown_version",
            Self::UnknownKey => "unknown_key",
            Self::Forged => "forged",
            Self::Expired => "expired",
            Self::Stale => "stale",
            Self::OtherContext => "other_context",
            Self::OtherNetwork => "other_network",
            Self::TooEarly => "too_early",
            Self::Wrong => "wrong",
            Self::NotVouched => "not_vouched",
            Self::ProviderAway => "provider_away",
            Self::Replay => "spent",
            Self::Unavailable => "unavailable",
            Self::Busy => "busy",
        }
    }

    /// Whether it is our own trouble: the same submission may be sent again.
    #[must_use]
    pub fn is_ours(self) -> bool {
        matches!(self, Self::Unavailable | Self::Busy)
    }

    /// Whether an honest client can come to it, by being slow, by a restart or by a change of network. The others are
    /// failures of the client.
    #[must_use]
    pub fn is_honest(self) -> bool {
        matches!(
            self,
            Self::Expired
                | Self::Stale
                | Self::UnknownKey
                | Self::UnknownVersion
                | Self::TooEarly
                | Self::Replay
                | Self::Unavailable
                | Self::Busy
                | Self::OtherContext
                | Self::OtherNetwork
                | Self::ProviderAway
        )
    }
}

/// A challenge of ours, in its time, for this client, with a proof of the right length: all that costs next to nothing
/// holds. Only [`admit`] makes one.
#[derive(Debug)]
pub struct Admitted {
    challenge: Challenge,
}

/// An admitted challenge that was not spent when the state was asked. Only [`Admitted::unspent`] makes one.
#[derive(Debug)]
pub struct Unspent {
    challenge: Challenge,
}

/// A challenge whose proof holds, not yet spent. Only [`Unspent::verify`] makes one.
#[derive(Debug)]
pub struct Verified {
    challenge: Challenge,
}

/// A challenge that was verified and spent for the first time. Only [`Verified::spent`] makes one.
#[derive(Debug)]
pub struct Solved {
    challenge: Challenge,
}

/// The cheap checks, cheapest first: lengths, signature, times, context, network. `not_before_millis` is when this process began
/// to remember what was spent.
///
/// # Errors
/// The [`Rejection`]; every path that does not prove the submission right is one.
pub fn admit(
    keys: &Keyring,
    submission: Submission<'_>,
    binding: &Binding<'_>,
    not_before_millis: i64,
    now_millis: i64,
) -> Result<Admitted, Rejection> {
    let challenge = opened(keys, submission.challenge)?;
    // What a proof's length has to be stands in the challenge, so it is known only once the signature holds.
    if !challenge.kind.takes_proof_of(submission.proof.len()) {
        return Err(Rejection::Malformed);
    }
    holds(keys, &challenge, binding, not_before_millis, now_millis)?;
    Ok(Admitted { challenge })
}

/// A challenge that comes back without a proof, to be exchanged for another: the same checks but the proof's.
///
/// # Errors
/// As [`admit`].
pub fn recognise(
    keys: &Keyring,
    challenge: &[u8],
    binding: &Binding<'_>,
    not_before_millis: i64,
    now_millis: i64,
) -> Result<Challenge, Rejection> {
    let challenge = opened(keys, challenge)?;
    holds(keys, &challenge, binding, not_before_millis, now_millis)?;
    Ok(challenge)
}

fn opened(keys: &Keyring, challenge: &[u8]) -> Result<Challenge, Rejection> {
    open(keys, challenge).map_err(|error| match error {
        NotOurs::Malformed => Rejection::Malformed,
        NotOurs::UnknownVersion => Rejection::UnknownVersion,
        NotOurs::UnknownKey => Rejection::UnknownKey,
        NotOurs::Forged => Rejection::Forged,
    })
}

fn holds(
    keys: &Keyring,
    challenge: &Challenge,
    binding: &Binding<'_>,
    not_before_millis: i64,
    now_millis: i64,
) -> Result<(), Rejection> {
    if now_millis >= challenge.expires_millis {
        return Err(Rejection::Expired);
    }
    if challenge.issued_millis < not_before_millis
        || challenge.issued_millis > now_millis.saturating_add(60_000)
    {
        return Err(Rejection::Stale);
    }
    if !fits(keys, challenge, binding) {
        return Err(Rejection::OtherContext);
    }
    if reaches(challenge, binding) { Ok(()) } else { Err(Rejection::OtherNetwork) }
}

impl Admitted {
    /// The challenge; its id is what the state is asked about.
    #[must_use]
    pub fn challenge(&self) -> &Challenge {
        &self.challenge
    }

    /// Goes on when the state says that it was not spent. Asked before the costly part, so that a proof that is
    /// submitted again costs nothing; what decides is [`Verified::spent`].
    ///
    /// # Errors
    /// [`Rejection::Replay`] when it was.
    pub fn unspent(self, spent: bool) -> Result<Unspent, Rejection> {
        if spent { Err(Rejection::Replay) } else { Ok(Unspent { challenge: self.challenge }) }
    }
}

impl Unspent {
    /// The challenge.
    #[must_use]
    pub fn challenge(&self) -> &Challenge {
        &self.challenge
    }

    /// Goes on because a provider vouched for the client. Who calls this says so: it belongs behind the one place that
    /// reads providers' answers.
    ///
    /// # Errors
    /// [`Rejection::Wrong`] when the challenge asks for something else than a provider's word.
    pub fn vouched(self) -> Result<Verified, Rejection> {
        match self.challenge.kind {
            Kind::Provider(_) => Ok(Verified { challenge: self.challenge }),
            _ => Err(Rejection::Wrong),
        }
    }

    /// Whether verifying takes long enough that other requests should not wait for it.
    #[must_use]
    pub fn is_costly(&self) -> bool {
        self.challenge.kind.is_costly()
    }

    /// The proof itself: for the puzzles the grinding leaf, then the opened leaves and their paths.
    ///
    /// # Errors
    /// [`Rejection::Wrong`], or what the kind says.
    pub fn verify(
        self,
        proof: &[u8],
        workspace: &mut Workspace,
        now_millis: i64,
    ) -> Result<Verified, Rejection> {
        self.challenge.kind.check(workspace, &self.challenge, proof, now_millis)?;
        Ok(Verified { challenge: self.challenge })
    }
}

impl Verified {
    /// What has to be spent, and until when it has to be remembered (Unix milliseconds).
    #[must_use]
    pub fn to_spend(&self) -> (&[u8; 16], i64) {
        (&self.challenge.id, self.challenge.expires_millis)
    }

    /// The challenge, for the record.
    #[must_use]
    pub fn challenge(&self) -> &Challenge {
        &self.challenge
    }

    /// Becomes solved when the spend was the first.
    ///
    /// # Errors
    /// [`Rejection::Replay`] when it was not.
    pub fn spent(self, first: bool) -> Result<Solved, Rejection> {
        if first { Ok(Solved { challenge: self.challenge }) } else { Err(Rejection::Replay) }
    }
}

impl Solved {
    /// The challenge.
    #[must_use]
    pub fn challenge(&self) -> &Challenge {
        &self.challenge
    }
}
