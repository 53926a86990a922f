//! Texts that only their maker reads: a prefix that says what it is, the key's id, a nonce, and the fields encrypted
//! and authenticated. Clients can neither read nor change them.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use crate::keyring::{Key, Keyring};

const KEY_ID_BYTES: usize = 4;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// One purpose of sealed texts: its prefix and its key.
pub(crate) struct Seal {
    pub(crate) prefix: &'static str,
    pub(crate) cipher: fn(&Key) -> &XChaCha20Poly1305,
    /// The longest text, so that longer ones cost nothing.
    pub(crate) most: usize,
}

impl Seal {
    pub(crate) fn close(&self, keys: &Keyring, plain: &[u8], nonce: &[u8; NONCE_BYTES]) -> String {
        let key = keys.newest();
        let id = key.id.to_le_bytes();
        let payload = Payload { msg: plain, aad: &id };
        let sealed = (self.cipher)(key).encrypt(XNonce::from_slice(nonce), payload);
        let mut bytes = id.to_vec();
        bytes.extend(nonce);
        bytes.extend(sealed.expect("a short message encrypts"));
        format!("{}{}", self.prefix, crate::to_text(&bytes))
    }

    /// The fields, when the text is ours and unchanged.
    pub(crate) fn open(&self, keys: &Keyring, text: &str) -> Option<Vec<u8>> {
        let text = text.strip_prefix(self.prefix).filter(|_| text.len() <= self.most)?;
        let bytes = crate::from_text(text)?;
        if bytes.len() < KEY_ID_BYTES + NONCE_BYTES + TAG_BYTES {
            return None;
        }
        let (id, rest) = bytes.split_at(KEY_ID_BYTES);
        let (nonce, sealed) = rest.split_at(NONCE_BYTES);
        let key = keys.find(u32::from_le_bytes(id.try_into().ok()?))?;
        (self.cipher)(key).decrypt(XNonce::from_slice(nonce), Payload { msg: sealed, aad: id }).ok()
    }
}

/// Writes fields one after the other.
#[derive(Default)]
pub(crate) struct Writer(pub(crate) Vec<u8>);

impl Writer {
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// A text with its length before it. Callers bound what they take, so nothing is cut here.
    pub(crate) fn text(&mut self, text: &str) {
        let length = u16::try_from(text.len()).expect("texts in tokens are bounded far below 64 KiB");
        self.bytes(&length.to_le_bytes());
        self.bytes(text.as_bytes());
    }
}

/// Reads them back; `None` at the first that is not there.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_at_checked(N)?;
        self.0 = rest;
        taken.try_into().ok()
    }

    pub(crate) fn text(&mut self) -> Option<&'a str> {
        let length = usize::from(u16::from_le_bytes(self.bytes()?));
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(taken).ok()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
