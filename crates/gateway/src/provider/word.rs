//! What a vendor's answer comes to. Vendors say it in nine ways; what is asked of their word is the same for all.

use subtle::ConstantTimeEq;

/// What an answer comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// The vendor vouches for the client, with a risk from 0 to 100 where it gives one.
    Passed(Option<u8>),
    /// It does not, or what it vouches for is something else.
    Refused(Refusal),
    /// It did not say. Nothing is known of the token.
    Unknown(Unknown),
}

/// Why a token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The vendor did not issue it, or does not vouch for it.
    Invalid,
    /// It was issued too long ago.
    Expired,
    /// It was asked about before.
    Duplicate,
    /// The widget was shown on another host.
    OtherHost,
    /// It was shown for another action.
    OtherAction,
    /// It was shown for another challenge of ours.
    OtherChallenge,
    /// The risk is above what the operator accepts.
    TooRisky(u8),
}

/// Why nothing is known of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unknown {
    /// It could not be reached, or gave no answer in time.
    Silent,
    /// Its answer has a status that says that it is in trouble.
    Status,
    /// Its answer cannot be understood, or is too long.
    Garbage,
    /// It does not accept our keys, or gives no risk where one is demanded.
    Misconfigured,
    /// The vendor, or the browser, says that the quota is used up.
    Degraded,
}

impl Word {
    /// Its name in events and metrics.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Passed(_) => "passed",
            Self::Refused(Refusal::Invalid) => "invalid",
            Self::Refused(Refusal::Expired) => "expired",
            Self::Refused(Refusal::Duplicate) => "duplicate",
            Self::Refused(Refusal::OtherHost) => "other_host",
            Self::Refused(Refusal::OtherAction) => "other_action",
            Self::Refused(Refusal::OtherChallenge) => "other_challenge",
            Self::Refused(Refusal::TooRisky(_)) => "too_risky",
            Self::Unknown(Unknown::Silent) => "silent",
            Self::Unknown(Unknown::Status) => "status",
            Self::Unknown(Unknown::Garbage) => "garbage",
            Self::Unknown(Unknown::Misconfigured) => "misconfigured",
            Self::Unknown(Unknown::Degraded) => "degraded",
        }
    }

    /// The vendor's risk, where it gave one.
    pub(crate) fn risk(self) -> Option<u8> {
        match self {
            Self::Passed(risk) => risk,
            Self::Refused(Refusal::TooRisky(risk)) => Some(risk),
            _ => None,
        }
    }
}

/// What a vendor's yes is about, as far as it says.
#[derive(Debug, Default)]
pub(crate) struct Yes<'a> {
    pub(crate) host: Option<&'a str>,
    pub(crate) action: Option<&'a str>,
    /// What we gave the widget to carry along.
    pub(crate) carried: Option<&'a str>,
    pub(crate) risk: Option<u8>,
}

/// What it has to be about. `None` asks for nothing: the vendor does not know it, or the operator does not want it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Expected<'a> {
    pub(crate) host: Option<&'a str>,
    pub(crate) action: Option<&'a str>,
    pub(crate) carried: Option<&'a str>,
    pub(crate) risk_max: Option<u8>,
}

/// Weighs a yes. What is expected and not told counts as other.
pub(crate) fn weigh(yes: &Yes<'_>, expected: &Expected<'_>) -> Word {
    let host = |host: &str| yes.host.is_some_and(|told| told.eq_ignore_ascii_case(host));
    if !expected.host.is_none_or(host) {
        return Word::Refused(Refusal::OtherHost);
    }
    if expected.action.is_some_and(|action| yes.action != Some(action)) {
        return Word::Refused(Refusal::OtherAction);
    }
    if !expected.carried.is_none_or(|carried| yes.carried.is_some_and(|told| same(told, carried))) {
        return Word::Refused(Refusal::OtherChallenge);
    }
    match (expected.risk_max, yes.risk) {
        (Some(_), None) => Word::Unknown(Unknown::Misconfigured),
        (Some(most), Some(risk)) if risk > most => Word::Refused(Refusal::TooRisky(risk)),
        _ => Word::Passed(yes.risk),
    }
}

/// Whether two texts are the same, in a time that does not tell where they differ.
pub(super) fn same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

/// A share from 0 to 1 as a risk from 0 to 100. What is no such share is no risk.
pub(super) fn risk_of_share(share: f64) -> Option<u8> {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 100")]
    (0.0..=1.0).contains(&share).then(|| (share * 100.0).round() as u8)
}
