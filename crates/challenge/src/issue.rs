use crate::binding::{Binding, Network, Place};
use crate::frame::{authenticate, digest};
use crate::keyring::{Key, Keyring};
use crate::kind::Kind;

use hmac::Mac;

/// The length of a signed challenge: 67 bytes of fields and 32 of MAC.
pub const CHALLENGE_BYTES: usize = FIELDS_BYTES + 32;
const FIELDS_BYTES: usize = 62 + Network::BYTES;
const VERSION: u8 = 1;

/// What a challenge asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The kind and its parameters.
    pub kind: Kind,
    /// The level that its clearance will have, 1 to 3.
    pub level: u8,
    /// How long it may be solved, in milliseconds.
    pub life_millis: u32,
}

/// A challenge as its signed bytes say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Single-use id.
    pub id: [u8; 16],
    /// When it was issued, Unix milliseconds.
    pub issued_millis: i64,
    /// When it expires, Unix milliseconds.
    pub expires_millis: i64,
    /// The kind and its parameters.
    pub kind: Kind,
    /// The level that its clearance will have.
    pub level: u8,
    /// The network of the client that it was issued to.
    pub network: Network,
    /// Fields and MAC as they travel. The puzzle's key is derived from them, so every field is bound into the work.
    pub bytes: [u8; CHALLENGE_BYTES],
}

/// Issues a challenge to a client; `entropy` becomes its id.
#[must_use]
pub fn issue(
    keys: &Keyring,
    terms: &Terms,
    binding: &Binding<'_>,
    entropy: [u8; 16],
    now_millis: i64,
) -> Challenge {
    let key = keys.newest();
    let expires_millis = now_millis.saturating_add(i64::from(terms.life_millis));
    let (algorithm, parameters) = terms.kind.encode();
    let mut fields = Vec::with_capacity(FIELDS_BYTES);
    fields.push(VERSION);
    fields.push(algorithm);
    fields.extend(key.id.to_le_bytes());
    fields.extend(entropy);
    fields.extend(now_millis.to_le_bytes());
    fields.extend(expires_millis.to_le_bytes());
    fields.push(terms.level);
    fields.extend(parameters);
    fields.extend(context_hash(key, binding));
    fields.extend(binding.network().bytes());
    let mut bytes = [0; CHALLENGE_BYTES];
    bytes[..FIELDS_BYTES].copy_from_slice(&fields);
    let mac = authenticate(key.challenge.expose(), PURPOSE, &split(&fields)).finalize().into_bytes();
    bytes[FIELDS_BYTES..].copy_from_slice(&mac);
    Challenge {
        id: entropy,
        issued_millis: now_millis,
        expires_millis,
        kind: terms.kind,
        level: terms.level,
        network: binding.network(),
        bytes,
    }
}

const PURPOSE: &str = "spigot challenge 1";

/// Cuts the fields for framing: version, algorithm, key id, id, issued, expires, level, parameters, context,
/// network.
fn split(fields: &[u8]) -> [&[u8]; 10] {
    let mut rest = fields;
    [1, 1, 4, 16, 8, 8, 1, 7, 16, Network::BYTES].map(|length| {
        let (field, after) = rest.split_at(length);
        rest = after;
        field
    })
}

fn context_hash(key: &Key, binding: &Binding<'_>) -> [u8; 16] {
    let hash = digest(key.context.expose(), "spigot context 1", &binding.context());
    hash[..16].try_into().expect("16 of 32 bytes")
}

/// Why bytes are no challenge of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotOurs {
    Malformed,
    UnknownVersion,
    UnknownKey,
    Forged,
}

/// Reads signed bytes back. Nothing in them is believed before the MAC holds.
pub(crate) fn open(keys: &Keyring, bytes: &[u8]) -> Result<Challenge, NotOurs> {
    let bytes: [u8; CHALLENGE_BYTES] = bytes.try_into().map_err(|_| NotOurs::Malformed)?;
    let (fields, mac) = bytes.split_at(FIELDS_BYTES);
    let [version, algorithm, key_id, id, issued, expires, level, parameters, _, network] = split(fields);
    if version[0] != VERSION {
        return Err(NotOurs::UnknownVersion);
    }
    let key =
        keys.find(u32::from_le_bytes(key_id.try_into().expect("four bytes"))).ok_or(NotOurs::UnknownKey)?;
    let genuine = authenticate(key.challenge.expose(), PURPOSE, &split(fields)).verify_slice(mac);
    genuine.map_err(|_| NotOurs::Forged)?;
    let kind = Kind::decode(algorithm[0], parameters.try_into().expect("seven bytes"))
        .ok_or(NotOurs::UnknownVersion)?;
    let time = |field: &[u8]| i64::from_le_bytes(field.try_into().expect("eight bytes"));
    Ok(Challenge {
        id: id.try_into().expect("sixteen bytes"),
        issued_millis: time(issued),
        expires_millis: time(expires),
        kind,
        level: level[0],
        network: Network::from_bytes(network.try_into().expect("five bytes")),
        bytes,
    })
}

/// A challenge of ours, expired or spent as it may be: for the record, and for its terms.
#[must_use]
pub fn genuine(keys: &Keyring, bytes: &[u8]) -> Option<Challenge> {
    open(keys, bytes).ok()
}

/// A challenge of ours for this site, errand and client class, expired or spent as it may be: what it asks for may be
/// asked for again. One for elsewhere says nothing of what is asked for here.
#[must_use]
pub fn genuine_here(keys: &Keyring, bytes: &[u8], binding: &Binding<'_>) -> Option<Challenge> {
    genuine(keys, bytes).filter(|challenge| fits(keys, challenge, binding))
}

impl Challenge {
    /// What it asks for, so that whoever was too late gets the same again and never an easier one.
    #[must_use]
    pub fn terms(&self) -> Terms {
        let life = self.expires_millis.saturating_sub(self.issued_millis);
        Terms { kind: self.kind, level: self.level, life_millis: u32::try_from(life).unwrap_or(u32::MAX) }
    }
}

/// Whether a genuine challenge was issued for this site and client class.
pub(crate) fn fits(keys: &Keyring, challenge: &Challenge, binding: &Binding<'_>) -> bool {
    let fields = split(&challenge.bytes[..FIELDS_BYTES]);
    let id = u32::from_le_bytes(fields[2].try_into().expect("four bytes"));
    keys.find(id).is_some_and(|key| context_hash(key, binding) == fields[8])
}

/// Whether a genuine challenge may come back from where this client is: from its own network, or from an address of the
/// other family. What the clearance allows bounds the second: it holds in one network of that family.
pub(crate) fn reaches(challenge: &Challenge, binding: &Binding<'_>) -> bool {
    match challenge.network.place_of(binding.network()) {
        Place::Home | Place::OtherFamily => true,
        Place::OtherNetwork => false,
    }
}
