use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use spigot_decision::{Decision, Level, Millis, Policy, Source};

use crate::Fingerprints;

/// What happened to one request, as the request path hands it over: nothing is rendered yet.
#[derive(Debug)]
pub struct Event {
    /// When the request was decided.
    pub time: Millis,
    /// The decision's id, which visitors see and operators look up.
    pub id: DecisionId,
    /// The policy that decided; its names and revision are in the record.
    pub policy: Arc<Policy>,
    /// What was decided, and why.
    pub decision: Decision,
    /// The client's address.
    pub client: IpAddr,
    /// Host in lower case, at most 255 bytes. Shared: a connection's requests are mostly for one.
    pub host: Arc<str>,
    /// Method.
    pub method: Cow<'static, str>,
    /// Normalised path, cut at 512 bytes; the query is never stored.
    pub path: Box<str>,
    /// User agent, cut at 256 bytes. Shared like the host.
    pub user_agent: Arc<str>,
    /// Which kind of client code asked.
    pub sender: &'static str,
    /// Network number, where known.
    pub network: Option<u32>,
    /// ISO 3166-1 country code, where known.
    pub country: Option<[u8; 2]>,
    /// Device class, where known.
    pub device: Option<&'static str>,
    /// The client's fingerprints.
    pub fingerprints: Fingerprints,
    /// The account that the request named: a hash under a key that stays with the data folder.
    pub account: Option<u64>,
    /// The level of the clearance that the client held.
    pub clearance: Option<Level>,
    /// What happened to a challenge, when this request was about one; in a box, as most are about none.
    pub challenge: Option<Box<ChallengeStep>>,
    /// What that challenge was asked for, when an earlier request asked: it is counted there.
    pub asked: Option<Arc<Asked>>,
    /// A throttled request was let through.
    pub trickled: bool,
    /// The site of the challenge service that it is about, by name.
    pub site: Option<Arc<str>>,
    /// The upstream's status; `None` when it was not asked or did not answer.
    pub upstream_status: Option<u16>,
    /// The time that Spigot itself added, in microseconds.
    pub added_micros: u32,
}

/// The decision that asked for a challenge, as far as sums are by it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Its policy.
    pub policy: Arc<Policy>,
    /// Its route.
    pub route: u16,
    /// What gave its reasons.
    pub reasons: Vec<Source>,
}

/// The route that the challenge service's events are found by: they are no route's of the policy.
pub const SERVICE_ROUTE: &str = "service";

impl Event {
    /// The name of its route.
    #[must_use]
    pub fn route(&self) -> &str {
        if self.is_service() { SERVICE_ROUTE } else { &self.policy.route(self.decision.route).name }
    }

    /// Whether it is about a site of the challenge service, or about a token that is no site's: one for tests, or one that
    /// came with an unknown secret.
    pub(crate) fn is_service(&self) -> bool {
        self.site.is_some() || self.challenge.as_deref().is_some_and(|step| step.kind == "token")
    }
}

/// What happened to a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChallengeStep {
    /// The kind, by name.
    pub kind: &'static str,
    /// Base-2 logarithm of the work.
    pub log2_work: u8,
    /// `issued`, `solved`, `waited` (the next step of a wait was given), `more_asked` (the proof was good, and another
    /// challenge follows), `given_again` (a token without a challenge), `redeemed`, `redeemed_for_tests`, or the name of
    /// the refusal.
    pub result: &'static str,
    /// Milliseconds from issue to submission by our own clock, for submissions of what we issued.
    pub solve_millis: Option<u32>,
    /// Milliseconds that the browser says it took: its own word, from which nothing follows.
    pub claimed_millis: Option<u32>,
    /// The third party that it is about.
    pub provider: Option<ProviderStep>,
}

/// What a step is counted as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountedAs {
    /// A challenge went out.
    Issued,
    /// It was solved.
    Solved,
    /// A submission or a token was refused.
    Refused,
    /// It went well, and is neither a challenge that went out nor one that was solved.
    Neither,
}

impl ChallengeStep {
    /// What it is counted as, in the sums by minute and in the metrics.
    #[must_use]
    pub fn counted_as(&self) -> CountedAs {
        match self.result {
            "issued" => CountedAs::Issued,
            "solved" => CountedAs::Solved,
            "given_again" | "more_asked" | "redeemed" | "redeemed_for_tests" | "waited" => CountedAs::Neither,
            _ => CountedAs::Refused,
        }
    }
}

/// What a third party said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProviderStep {
    /// Which of the policy's providers, by index.
    pub index: u8,
    /// What its answer came to; `None` when it was not asked.
    pub answer: Option<&'static str>,
    /// How long it took to answer.
    pub millis: Option<u32>,
    /// Its risk, 0 to 100.
    pub risk: Option<u8>,
}

/// A decision's id: its time and 38 random bits, shown as 16 letters and digits that are easy to read out (Crockford's
/// base 32). The time is what finds it again, and what makes neighbours of ids that are written one after the other: an
/// index on random ids costs more than all else of a row.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DecisionId(pub [u8; 10]);

/// Milliseconds since 1970 fit until 2109. The rest is random, so that ids of one millisecond differ.
const TIME_BITS: u32 = 42;
const RANDOM_BITS: u32 = 80 - TIME_BITS;

const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

impl DecisionId {
    /// The id of a decision at `time`, of which the random bytes give 38 bits.
    #[must_use]
    pub fn new(time: Millis, random: [u8; 5]) -> Self {
        let mut padded = [0; 16];
        padded[11..].copy_from_slice(&random);
        let random = u128::from_be_bytes(padded) & ((1 << RANDOM_BITS) - 1);
        let time = time.0.clamp(0, (1 << TIME_BITS) - 1).unsigned_abs();
        Self::of_bits(u128::from(time) << RANDOM_BITS | random)
    }

    /// The time that it begins with; of ids from before they began so, any.
    #[must_use]
    pub fn time(self) -> Millis {
        Millis((self.bits() >> RANDOM_BITS) as i64)
    }

    /// As it is shown.
    #[must_use]
    pub fn letters(self) -> [u8; 16] {
        let bits = self.bits();
        std::array::from_fn(|place| LETTERS[(bits >> (75 - 5 * place) & 31) as usize])
    }

    fn of_bits(bits: u128) -> Self {
        let bytes = bits.to_be_bytes();
        Self(bytes[6..].try_into().expect("ten of sixteen bytes"))
    }

    fn bits(self) -> u128 {
        let mut padded = [0; 16];
        padded[6..].copy_from_slice(&self.0);
        u128::from_be_bytes(padded)
    }

    /// Reads an id as people type it: case, dashes and spaces do not matter, `o` is 0, `i` and `l` are 1.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bits = 0u128;
        let mut count = 0;
        for letter in text.bytes().filter(|b| !matches!(b, b'-' | b' ')) {
            let letter = match letter.to_ascii_lowercase() {
                b'o' => b'0',
                b'i' | b'l' => b'1',
                other => other,
            };
            let value = LETTERS.iter().position(|l| *l == letter)?;
            bits = bits << 5 | value as u128;
            count += 1;
        }
        (count == 16).then(|| Self::of_bits(bits))
    }
}

impl fmt::Display for DecisionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.letters()).expect("letters are ASCII"))
    }
}

impl fmt::Debug for DecisionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_hold_their_time() {
        for time in [0, 1, 1_795_248_000_123, (1 << 42) - 1] {
            let id = DecisionId::new(Millis(time), [0xff; 5]);
            assert_eq!(id.time(), Millis(time));
            assert!(DecisionId::new(Millis(time), [0; 5]) < id, "{id}");
            assert!(
                time == 0 || DecisionId::new(Millis(time - 1), [0xff; 5]) < id,
                "in the order of their times"
            );
        }
        assert_eq!(DecisionId::new(Millis(-1), [0; 5]).time(), Millis(0));
    }

    #[test]
    fn ids_read_back_as_people_type_them() {
        let id = DecisionId([0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x10, 0x32]);
        let text = id.to_string();
        assert_eq!(text.len(), 16);
        assert_eq!(DecisionId::parse(&text), Some(id));
        let typed = format!("{}-{}", text[..8].to_uppercase(), text[8..].replace('0', "O").replace('1', "l"));
        assert_eq!(DecisionId::parse(&typed), Some(id));
        assert_eq!(DecisionId::parse("short"), None);
        assert_eq!(DecisionId::parse("uuuuuuuuuuuuuuuu"), None, "u is no letter of the alphabet");
    }
}
