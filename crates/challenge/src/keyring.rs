use std::fmt;

use chacha20poly1305::XChaCha20Poly1305;
use chacha20poly1305::aead::KeyInit;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::frame::digest;

/// 32 secret bytes that cannot be printed and are wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Secret([u8; 32]);

impl Secret {
    /// Takes the bytes, which must come from a good source of randomness.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, for the one place that stores them.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// The keys that challenges, clearances and tokens are made with: the newest makes them, all of them check.
#[derive(Debug)]
pub struct Keyring {
    keys: Vec<Key>,
}

pub(crate) struct Key {
    pub(crate) id: u32,
    pub(crate) challenge: Secret,
    pub(crate) context: Secret,
    pub(crate) clearance: XChaCha20Poly1305,
    pub(crate) token: XChaCha20Poly1305,
    pub(crate) server_token: XChaCha20Poly1305,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.id)
    }
}

impl Keyring {
    /// A ring of master secrets with their ids, newest first. From each, one key per purpose is derived.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn new(masters: &[(u32, Secret)]) -> Self {
        assert!(!masters.is_empty(), "a keyring has at least one key");
        let keys = masters.iter().map(|(id, master)| {
            let derive = |purpose| digest(master.expose(), purpose, &[&id.to_le_bytes()]);
            Key {
                id: *id,
                challenge: Secret::new(derive("spigot challenge key 1")),
                context: Secret::new(derive("spigot context key 1")),
                clearance: XChaCha20Poly1305::new(&derive("spigot clearance key 1").into()),
                token: XChaCha20Poly1305::new(&derive("spigot token key 1").into()),
                server_token: XChaCha20Poly1305::new(&derive("spigot server token key 1").into()),
            }
        });
        Self { keys: keys.collect() }
    }

    pub(crate) fn newest(&self) -> &Key {
        &self.keys[0]
    }

    pub(crate) fn find(&self, id: u32) -> Option<&Key> {
        self.keys.iter().find(|key| key.id == id)
    }
}
