use crate::issue::{Challenge, NotOurs, fits, open};
use crate::keyring::Keyring;
use crate::kind::Workspace;

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
    /// The wait is not over.
    TooEarly,
    /// The proof is wrong.
    Wrong,
    /// It was spent already.
    Replay,
    /// Whether it was spent cannot be found out now.
    Unavailable,
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
            Self::TooEarly => "too_early",
            Self::Wrong => "wrong",
            Self::Replay => "spent",
            Self::Unavailable => "unavailable",
        }
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
                | Self::OtherContext
        )
    }
}

/// A challenge whose proof holds, not yet spent. Only [`verify`] makes one.
#[derive(Debug)]
pub struct Verified {
    challenge: Challenge,
}

/// A challenge that was verified and spent for the first time. Only [`Verified::spent`] makes one.
#[derive(Debug)]
pub struct Solved {
    challenge: Challenge,
}

/// Verifies a submission, cheapest checks first: length, signature, times, context, proof. `not_before_millis` is when
/// this process began to remember what was spent.
///
/// # Errors
/// The [`Rejection`]; every path that does not prove the submission right is one.
pub fn verify(
    keys: &Keyring,
    submission: Submission<'_>,
    context: &[&[u8]],
    not_before_millis: i64,
    workspace: &mut Workspace,
    now_millis: i64,
) -> Result<Verified, Rejection> {
    let challenge = open(keys, submission.challenge).map_err(|error| match error {
        NotOurs::Malformed => Rejection::Malformed,
        NotOurs::UnknownVersion => Rejection::UnknownVersion,
        NotOurs::UnknownKey => Rejection::UnknownKey,
        NotOurs::Forged => Rejection::Forged,
    })?;
    if now_millis >= challenge.expires_millis {
        return Err(Rejection::Expired);
    }
    if challenge.issued_millis < not_before_millis
        || challenge.issued_millis > now_millis.saturating_add(60_000)
    {
        return Err(Rejection::Stale);
    }
    if !fits(keys, &challenge, context) {
        return Err(Rejection::OtherContext);
    }
    challenge.kind.check(workspace, &challenge, submission.proof, now_millis)?;
    Ok(Verified { challenge })
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
