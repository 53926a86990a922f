//! What the browser keeps: a sealed cookie with a level, a scope, a quota and an expiry, bound to the client.
//!
//! Bound to the host and the client's class (its user agent) always. To its address loosely: [`open`] says whether it
//! is presented from the network that its challenge was issued to; what holds elsewhere is the caller's, who can count
//! and remember.

use chacha20poly1305::XNonce;
use chacha20poly1305::aead::{Aead, Payload};

use crate::binding::{Binding, Network, Place};
use crate::frame::digest;
use crate::keyring::Keyring;
use crate::verify::Solved;

const VERSION: u8 = 1;
const PLAIN_BYTES: usize = 1 + 8 + 1 + 8 + 8 + 4 + 16 + Network::BYTES;

/// A clearance that holds for the client that presented it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clearance {
    /// Its id, random.
    pub id: u64,
    /// Its level, 1 to 3.
    pub level: u8,
    /// When it was given, Unix milliseconds.
    pub issued_millis: i64,
    /// When it expires, Unix milliseconds.
    pub expires_millis: i64,
    /// How often it may be used.
    pub quota: u32,
}

/// Why a cookie is no clearance for this client now. It is then as if there were none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Not made by us, or changed.
    NotOurs,
    /// Its time is over.
    Expired,
    /// Made for another host or client.
    OtherClient,
}

/// Seals a clearance for whoever solved. `entropy` gives the id and the nonce; `life_millis` and `quota` bound what
/// one solve buys.
#[must_use]
pub fn seal(
    keys: &Keyring,
    solved: &Solved,
    binding: &Binding<'_>,
    life_millis: u32,
    quota: u32,
    entropy: [u8; 32],
    now_millis: i64,
) -> (String, Clearance) {
    let (id, nonce) = entropy.split_at(8);
    let clearance = Clearance {
        id: u64::from_le_bytes(id.try_into().expect("eight bytes")),
        level: solved.challenge().level,
        issued_millis: now_millis,
        expires_millis: now_millis.saturating_add(i64::from(life_millis)),
        quota,
    };
    let mut plain = Vec::with_capacity(PLAIN_BYTES);
    plain.push(VERSION);
    plain.extend(clearance.id.to_le_bytes());
    plain.push(clearance.level);
    plain.extend(clearance.issued_millis.to_le_bytes());
    plain.extend(clearance.expires_millis.to_le_bytes());
    plain.extend(quota.to_le_bytes());
    plain.extend(class(binding));
    // Not where it was submitted from: from there it would reach a network further.
    plain.extend(solved.challenge().network.bytes());
    let key = keys.newest();
    let aad = key.id.to_le_bytes();
    let nonce = XNonce::from_slice(nonce);
    let sealed =
        key.clearance.encrypt(nonce, Payload { msg: &plain, aad: &aad }).expect("a short message encrypts");
    let mut bytes = aad.to_vec();
    bytes.extend(nonce);
    bytes.extend(sealed);
    (crate::to_text(&bytes), clearance)
}

/// Opens a cookie's value for a client, and says where it is presented from.
///
/// # Errors
/// [`Refused`]; the caller goes on as if there were no cookie.
pub fn open(
    keys: &Keyring,
    text: &str,
    binding: &Binding<'_>,
    now_millis: i64,
) -> Result<(Clearance, Place), Refused> {
    let bytes = crate::from_text(text)
        .filter(|bytes| bytes.len() == 4 + 24 + PLAIN_BYTES + 16)
        .ok_or(Refused::NotOurs)?;
    let (aad, rest) = bytes.split_at(4);
    let (nonce, sealed) = rest.split_at(24);
    let key = keys.find(u32::from_le_bytes(aad.try_into().expect("four bytes"))).ok_or(Refused::NotOurs)?;
    let plain = key
        .clearance
        .decrypt(XNonce::from_slice(nonce), Payload { msg: sealed, aad })
        .map_err(|_| Refused::NotOurs)?;
    let mut rest = plain.as_slice();
    let [version, id, level, issued, expires, quota, sealed_class, network] =
        [1, 8, 1, 8, 8, 4, 16, Network::BYTES].map(|length| {
            let (field, after) = rest.split_at(length);
            rest = after;
            field
        });
    let time = |field: &[u8]| i64::from_le_bytes(field.try_into().expect("eight bytes"));
    let clearance = Clearance {
        id: u64::from_le_bytes(id.try_into().expect("eight bytes")),
        level: level[0],
        issued_millis: time(issued),
        expires_millis: time(expires),
        quota: u32::from_le_bytes(quota.try_into().expect("four bytes")),
    };
    if version[0] != VERSION {
        return Err(Refused::NotOurs);
    }
    if now_millis >= clearance.expires_millis {
        return Err(Refused::Expired);
    }
    if sealed_class != class(binding) {
        return Err(Refused::OtherClient);
    }
    let home = Network::from_bytes(network.try_into().expect("five bytes"));
    Ok((clearance, home.place_of(binding.network())))
}

fn class(binding: &Binding<'_>) -> [u8; 16] {
    let hash = digest(&[0; 32], "spigot client class 1", &binding.context());
    hash[..16].try_into().expect("16 of 32 bytes")
}
