//! HTTP Message Signatures (RFC 9421) on requests: read strictly, checked in the order of what it costs.

mod base;
mod field;

use http::HeaderMap;
use sfv::{BareItem, Dictionary, InnerList, ListEntry, Parser};
use sha2::{Digest, Sha256};

use crate::PublicKey;

/// Bytes of each of the header fields that are read here. A signature by RSA with everything covered has some 900.
const FIELD_BYTES_MAX: usize = 4096;
/// Signatures of one request that are looked at. Proxies on the way may add theirs; nobody needs more.
const SIGNATURES_MAX: usize = 4;
/// Parts of a request that one signature covers.
const COMPONENTS_MAX: usize = 32;
/// Characters of a key's id, a nonce and a tag.
const TEXT_MAX: usize = 256;
/// Agents that `Signature-Agent` names.
const AGENTS_MAX: usize = 4;

/// A message, as its signer saw it.
#[derive(Clone, Copy, Debug)]
pub struct Message<'m> {
    /// Method; of an answer, that of its request.
    pub method: &'m str,
    /// `https` or `http`.
    pub scheme: &'m str,
    /// Host, with its port where one was sent.
    pub authority: &'m str,
    /// Path as it was sent.
    pub path: &'m str,
    /// Query without its question mark; `None` without one.
    pub query: Option<&'m str>,
    /// Header fields.
    pub headers: &'m HeaderMap,
    /// Of an answer.
    pub status: Option<u16>,
}

/// Why a signature proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unproven {
    /// A field cannot be read, or is too large.
    Malformed,
    /// It names no key.
    NoKeyId,
    /// It is for another purpose.
    OtherTag,
    /// It does not say when it was made, or until when it holds, where it has to.
    NoTime,
    /// It is from the future.
    TooNew,
    /// It is older than signatures may be here, or over.
    Expired,
    /// It could be sent again by whoever saw it, where that may not be.
    NoNonce,
    /// It does not cover what it has to.
    CoversTooLittle,
    /// It covers what is not there, or what cannot be covered here.
    CoversWhatIsNotThere,
    /// It names another algorithm than its key's.
    OtherAlgorithm,
    /// The key did not sign this.
    Forged,
}

impl Unproven {
    /// In words, for the record.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Malformed => "signature cannot be read",
            Self::NoKeyId => "signature names no key",
            Self::OtherTag => "signature is for another purpose",
            Self::NoTime => "signature has no time",
            Self::TooNew => "signature is from the future",
            Self::Expired => "signature is too old",
            Self::NoNonce => "signature has no nonce",
            Self::CoversTooLittle => "signature covers too little",
            Self::CoversWhatIsNotThere => "signature covers what is not there",
            Self::OtherAlgorithm => "signature is of another algorithm",
            Self::Forged => "signature is not the key's",
        }
    }
}

/// What a signature has to be besides genuine.
#[derive(Clone, Debug)]
pub struct Demands {
    /// The purpose that it names.
    pub tag: Option<&'static str>,
    /// Seconds since its creation.
    pub age_seconds_max: i64,
    /// Seconds by which clocks may differ.
    pub skew_seconds: i64,
    /// Whether it says until when it holds.
    pub needs_expiry: bool,
    /// Whether it has a nonce.
    pub needs_nonce: bool,
    /// What it covers. `@authority` is also covered by `@target-uri`.
    pub covers: Vec<String>,
}

/// A signature as it came, unchecked.
#[derive(Clone, Debug)]
pub struct Signature {
    covered: InnerList,
    bytes: Vec<u8>,
}

/// A genuine signature that meets its demands; only the check makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    created_seconds: i64,
    /// What it is remembered under so that it is used once: where it has a nonce, and until which second.
    once: Option<([u8; 16], i64)>,
}

impl Verified {
    /// When it was made, by its maker's clock.
    #[must_use]
    pub fn created_seconds(&self) -> i64 {
        self.created_seconds
    }

    /// What it is remembered under, and until which second: whoever sees this twice before sees a replay. `None` for a
    /// signature without a nonce.
    #[must_use]
    pub fn once(&self) -> Option<([u8; 16], i64)> {
        self.once
    }
}

/// The signatures of a message.
///
/// # Errors
/// When the fields cannot be read, do not fit each other, or hold too much.
pub fn signatures(headers: &HeaderMap) -> Result<Vec<Signature>, Unproven> {
    read(headers, SIGNATURES_MAX)
}

/// At most `most` signatures.
pub(crate) fn read(headers: &HeaderMap, most: usize) -> Result<Vec<Signature>, Unproven> {
    let bytes_max = FIELD_BYTES_MAX / SIGNATURES_MAX * most.max(SIGNATURES_MAX);
    let inputs = field::dictionary(headers, "signature-input", bytes_max)?;
    let values = field::dictionary(headers, "signature", bytes_max)?;
    if inputs.is_empty() || inputs.len() > most || inputs.len() != values.len() {
        return Err(Unproven::Malformed);
    }
    inputs.into_iter().map(|(label, input)| paired(input, values.get(&label))).collect()
}

fn paired(input: ListEntry, value: Option<&ListEntry>) -> Result<Signature, Unproven> {
    let (ListEntry::InnerList(covered), Some(ListEntry::Item(value))) = (input, value) else {
        return Err(Unproven::Malformed);
    };
    let bytes = value.bare_item.as_byte_sequence().ok_or(Unproven::Malformed)?.to_vec();
    let named = covered.items.iter().all(|item| item.bare_item.as_string().is_some());
    // The same part twice would be ambiguous (section 2).
    let twice = (1..).zip(&covered.items).any(|(next, item)| covered.items[next..].contains(item));
    if !named || twice || covered.items.len() > COMPONENTS_MAX {
        return Err(Unproven::Malformed);
    }
    let signature = Signature { covered, bytes };
    let known = ["created", "expires", "nonce", "alg", "keyid", "tag"];
    let fits = signature.covered.params.iter().all(|(name, value)| match name.as_str() {
        "created" | "expires" => value.as_integer().is_some(),
        name if known.contains(&name) => value.as_string().is_some_and(|t| t.as_str().len() <= TEXT_MAX),
        // What is not known may change what a signature means.
        _ => false,
    });
    if fits { Ok(signature) } else { Err(Unproven::Malformed) }
}

impl Signature {
    /// The key that it names.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.text("keyid")
    }

    /// What it is for.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.text("tag")
    }

    /// Checks it: first what costs nothing, and what is computed last.
    ///
    /// # Errors
    /// Why it proves nothing.
    pub fn verify(
        &self,
        message: &Message<'_>,
        key: &PublicKey,
        demands: &Demands,
        now_seconds: i64,
    ) -> Result<Verified, Unproven> {
        if demands.tag.is_some_and(|tag| self.tag() != Some(tag)) {
            return Err(Unproven::OtherTag);
        }
        let (created_seconds, until) = self.times(demands, now_seconds)?;
        let nonce = self.text("nonce").filter(|nonce| !nonce.is_empty());
        if demands.needs_nonce && nonce.is_none() {
            return Err(Unproven::NoNonce);
        }
        if self.text("alg").is_some_and(|name| name != key.algorithm().name()) {
            return Err(Unproven::OtherAlgorithm);
        }
        if !demands.covers.iter().all(|part| self.covers(part)) {
            return Err(Unproven::CoversTooLittle);
        }
        let base = base::of(&self.covered, message).ok_or(Unproven::CoversWhatIsNotThere)?;
        if !key.signed(base.as_bytes(), &self.bytes) {
            return Err(Unproven::Forged);
        }
        let once = nonce.map(|nonce| (remembered(key, nonce), until));
        Ok(Verified { created_seconds, once })
    }

    /// When it was made, and until which second it holds.
    fn times(&self, demands: &Demands, now_seconds: i64) -> Result<(i64, i64), Unproven> {
        let created = self.integer("created").ok_or(Unproven::NoTime)?;
        let expires = self.integer("expires");
        if demands.needs_expiry && expires.is_none() {
            return Err(Unproven::NoTime);
        }
        if created > now_seconds.saturating_add(demands.skew_seconds) {
            return Err(Unproven::TooNew);
        }
        let oldest = created.saturating_add(demands.age_seconds_max);
        let until =
            expires.map_or(oldest, |expires| expires.min(oldest)).saturating_add(demands.skew_seconds);
        if now_seconds >= until || expires.is_some_and(|expires| expires <= created) {
            return Err(Unproven::Expired);
        }
        Ok((created, until))
    }

    fn covers(&self, part: &str) -> bool {
        let named = |name: &str| {
            let is = |item: &sfv::Item| item.bare_item.as_string().is_some_and(|text| text.as_str() == name);
            // Part of a field, or of another message, is not the field.
            let whole = |item: &sfv::Item| item.params.keys().all(|key| matches!(key.as_str(), "sf" | "bs"));
            let agent = name == "signature-agent";
            self.covered.items.iter().any(|item| is(item) && (whole(item) || agent))
        };
        named(part) || (part == "@authority" && named("@target-uri"))
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.covered.params.get(name)?.as_string().map(sfv::StringRef::as_str)
    }

    fn integer(&self, name: &str) -> Option<i64> {
        self.covered.params.get(name).and_then(BareItem::as_integer).map(i64::from)
    }
}

/// Two keys may draw the same nonce.
fn remembered(key: &PublicKey, nonce: &str) -> [u8; 16] {
    let digest = Sha256::new()
        .chain_update(b"nonce of a message signature\0")
        .chain_update(key.thumbprint())
        .chain_update(nonce)
        .finalize();
    std::array::from_fn(|at| digest[at])
}

/// The agents that `Signature-Agent` names: a text, or a dictionary of them as later drafts have it.
///
/// # Errors
/// When it cannot be read as either.
pub fn agents(headers: &HeaderMap) -> Result<Vec<String>, Unproven> {
    let value = field::joined(headers, "signature-agent", FIELD_BYTES_MAX)?;
    let Some(value) = value else { return Ok(Vec::new()) };
    if let Ok(item) = Parser::new(&value).parse::<sfv::Item>() {
        let text = item.bare_item.as_string().ok_or(Unproven::Malformed)?;
        return Ok(vec![text.as_str().to_owned()]);
    }
    let members = Parser::new(&value).parse::<Dictionary>().map_err(|_| Unproven::Malformed)?;
    if members.len() > AGENTS_MAX {
        return Err(Unproven::Malformed);
    }
    let text = |entry: &ListEntry| match entry {
        ListEntry::Item(item) => item.bare_item.as_string().map(|text| text.as_str().to_owned()),
        ListEntry::InnerList(_) => None,
    };
    members.values().map(|entry| text(entry).ok_or(Unproven::Malformed)).collect()
}

impl Signature {
    /// Of an answer: whether it is for whom the request was for.
    pub(crate) fn covers_authority_of_request(&self) -> bool {
        self.covered.items.iter().any(|item| {
            item.bare_item.as_string().is_some_and(|name| name.as_str() == "@authority")
                && item.params.keys().map(|key| key.as_str()).eq(["req"])
        })
    }
}

#[cfg(test)]
mod tests;
