//! ALTCHA without a vendor: its widget solves challenges that are made and checked here. Both of its versions:
//! <https://altcha.org/docs/v1/api/proof-of-work/> and version 2 as its library `altcha-lib` has it.
//!
//! Everything in a challenge follows from the provider's secret and the id of the Spigot challenge that it stands for. So
//! nothing is kept; what comes back is compared with what was sent, and only the solution is read. Parameters therefore
//! cannot be spliced (CVE-2025-68113) whatever they look like. That it is used once, the Spigot challenge sees to.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use spigot_challenge::{Challenge, Kind};

use super::geetest::hex;
use super::word::{Refusal, Word, same};
use super::{Altcha, ProviderSettings};

/// What the derived key has to begin with: one in 256 does.
const KEY_PREFIX: &str = "00";
/// Work is doubled at most so often: eight times the iterations take a phone ten seconds already.
const DOUBLINGS_MAX: u8 = 3;

/// What an ALTCHA challenge is made from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Puzzle {
    id: [u8; 16],
    expires_seconds: i64,
    doublings: u8,
}

/// Version 2's parameters, in the order of their names: that is how they are signed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    algorithm: &'static str,
    cost: u32,
    expires_at: i64,
    key_length: u32,
    key_prefix: &'static str,
    nonce: String,
    salt: String,
}

#[derive(Deserialize)]
struct SolvedV1 {
    algorithm: String,
    challenge: String,
    number: u64,
    salt: String,
    signature: String,
}

#[derive(Deserialize)]
struct SolvedV2 {
    challenge: Signed,
    solution: Solution,
}

#[derive(Deserialize)]
struct Signed {
    parameters: Value,
    signature: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Solution {
    counter: u32,
    derived_key: String,
}

impl Puzzle {
    /// The one for a challenge of ours.
    pub(crate) fn of(challenge: &Challenge) -> Self {
        let doublings = match challenge.kind {
            Kind::Provider(provider) => provider.doublings,
            _ => 0,
        };
        Self { id: challenge.id, expires_seconds: challenge.expires_millis.div_euclid(1000), doublings }
    }

    #[cfg(test)]
    pub(super) fn with(id: [u8; 16], expires_seconds: i64, doublings: u8) -> Self {
        Self { id, expires_seconds, doublings }
    }

    /// What the widget fetches.
    pub(crate) fn issue(&self, settings: &ProviderSettings) -> Value {
        match settings.altcha {
            Altcha::V1 { number_max } => self.issue_v1(settings, self.doubled(number_max)),
            Altcha::V2 { cost } => self.issue_v2(settings, self.doubled(cost)),
        }
    }

    /// What a payload of the widget comes to: JSON in base64.
    pub(crate) fn check(&self, settings: &ProviderSettings, payload: &[u8]) -> Word {
        let solves = STANDARD.decode(payload).is_ok_and(|payload| match settings.altcha {
            Altcha::V1 { number_max } => self.solves_v1(settings, self.doubled(number_max), &payload),
            Altcha::V2 { cost } => self.solves_v2(settings, self.doubled(cost), &payload),
        });
        if solves { Word::Passed(None) } else { Word::Refused(Refusal::Invalid) }
    }

    fn doubled(&self, work: u32) -> u32 {
        work.saturating_mul(1 << self.doublings.min(DOUBLINGS_MAX))
    }

    fn issue_v1(&self, settings: &ProviderSettings, number_max: u32) -> Value {
        let random = u64::from_le_bytes(self.derived(settings, "number"));
        let number = random % (u64::from(number_max) + 1);
        // The & at the end keeps the number's digits from becoming the expiry's.
        let salt =
            format!("{}?expires={}&", hex(&self.derived::<12>(settings, "salt")), self.expires_seconds);
        let challenge = hash_v1(&salt, number);
        let signature = sign(settings, challenge.as_bytes());
        json!({ "algorithm": "SHA-256", "challenge": challenge, "maxnumber": number_max, "salt": salt, "signature": signature })
    }

    fn solves_v1(&self, settings: &ProviderSettings, number_max: u32, payload: &[u8]) -> bool {
        let Ok(solved) = serde_json::from_slice::<SolvedV1>(payload) else { return false };
        let issued = self.issue_v1(settings, number_max);
        let matches = |name: &str, told: &str| issued[name].as_str().is_some_and(|text| same(text, told));
        matches("algorithm", &solved.algorithm)
            && matches("salt", &solved.salt)
            && matches("challenge", &solved.challenge)
            && matches("signature", &solved.signature)
            && same(&hash_v1(&solved.salt, solved.number), &solved.challenge)
    }

    fn parameters(&self, settings: &ProviderSettings, cost: u32) -> Parameters {
        Parameters {
            algorithm: "PBKDF2/SHA-256",
            cost,
            expires_at: self.expires_seconds,
            key_length: 32,
            key_prefix: KEY_PREFIX,
            nonce: hex(&self.derived::<16>(settings, "nonce")),
            salt: hex(&self.derived::<16>(settings, "salt")),
        }
    }

    fn issue_v2(&self, settings: &ProviderSettings, cost: u32) -> Value {
        let parameters = self.parameters(settings, cost);
        let signed = serde_json::to_string(&parameters).unwrap_or_default();
        json!({ "parameters": parameters, "signature": sign(settings, signed.as_bytes()) })
    }

    fn solves_v2(&self, settings: &ProviderSettings, cost: u32, payload: &[u8]) -> bool {
        let Ok(SolvedV2 { challenge, solution }) = serde_json::from_slice(payload) else { return false };
        let issued = self.issue_v2(settings, cost);
        let genuine = issued["parameters"] == challenge.parameters
            && issued["signature"].as_str().is_some_and(|signature| same(signature, &challenge.signature));
        // Before a millisecond is spent on the key.
        if !genuine || !solution.derived_key.starts_with(KEY_PREFIX) {
            return false;
        }
        let mut password = self.derived::<16>(settings, "nonce").to_vec();
        password.extend(solution.counter.to_be_bytes());
        let key = pbkdf2(&password, &self.derived::<16>(settings, "salt"), cost);
        same(&hex(&key), &solution.derived_key)
    }

    /// Bytes that only we can know beforehand. What is signed for the widget begins with neither of these words.
    fn derived<const N: usize>(&self, settings: &ProviderSettings, purpose: &str) -> [u8; N] {
        let mac = keyed(settings.secret.expose().as_bytes()).chain_update("spigot altcha ");
        let bytes = mac.chain_update(purpose).chain_update(self.id).finalize().into_bytes();
        std::array::from_fn(|index| bytes[index])
    }
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes any key length")
}

fn sign(settings: &ProviderSettings, text: &[u8]) -> String {
    hex(&keyed(settings.secret.expose().as_bytes()).chain_update(text).finalize().into_bytes())
}

fn hash_v1(salt: &str, number: u64) -> String {
    hex(&Sha256::new().chain_update(salt).chain_update(number.to_string()).finalize())
}

/// PBKDF2-HMAC-SHA-256 (RFC 8018), one block.
pub(super) fn pbkdf2(password: &[u8], salt: &[u8], iterations: u32) -> [u8; 32] {
    let keyed = keyed(password);
    let first = keyed.clone().chain_update(salt).chain_update(1u32.to_be_bytes());
    let mut turn: [u8; 32] = first.finalize().into_bytes().into();
    let mut derived = turn;
    for _ in 1..iterations {
        turn = keyed.clone().chain_update(turn).finalize().into_bytes().into();
        derived.iter_mut().zip(turn).for_each(|(sum, byte)| *sum ^= byte);
    }
    derived
}
