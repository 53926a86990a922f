//! JA4, the fingerprint of a TLS client (FoxIO, "JA4: TLS Client Fingerprinting", BSD 3-Clause; JA4 alone, none of the
//! others of that family): versions, counts and ALPN in the clear, then digests of the sorted ciphers and extensions.
//! A client that shuffles its extensions, as browsers do, keeps its fingerprint.

use std::fmt;
use std::io::Write;

use sha2::{Digest, Sha256};

use super::client_hello::ClientHello;

const BYTES: usize = 36;

/// A TLS client's fingerprint: ten characters, twelve, twelve.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ja4([u8; BYTES]);

impl Ja4 {
    pub(crate) fn as_str(&self) -> &str {
        // It was written as ASCII; should that ever be wrong, nothing is claimed.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    pub(super) fn of(hello: &mut ClientHello<'_>) -> Self {
        let mut text = [b'_'; BYTES];
        let version = match hello.version {
            0x0304 => "13",
            0x0303 => "12",
            0x0302 => "11",
            0x0301 => "10",
            0x0300 => "s3",
            0x0002 => "s2",
            _ => "00",
        };
        let name = if hello.names_server { 'd' } else { 'i' };
        let (ciphers, extensions) = (hello.ciphers.len().min(99), hello.extensions.len().min(99));
        let [first, last] = alpn(hello.alpn);
        let mut start = &mut text[..10];
        // Ten characters fit into ten bytes.
        let _ = write!(start, "t{version}{name}{ciphers:02}{extensions:02}{first}{last}");
        hello.ciphers.sort_unstable();
        digest(&mut text[11..23], &hello.ciphers, &[]);
        hello.extensions.retain(|id| !matches!(id, 0x0000 | 0x0010));
        hello.extensions.sort_unstable();
        digest(&mut text[24..36], &hello.extensions, &hello.signatures);
        Self(text)
    }
}

/// The first and the last character of the first protocol. FoxIO's description and its implementation differ where a byte
/// is no letter or digit; published fingerprints come from the implementation, so a byte beyond ASCII is a 9, as there,
/// and beside one whatever does not show: a fingerprint is one word. Of what is ASCII otherwise the hexadecimal form's ends are taken, as described.
fn alpn(protocol: Option<&[u8]>) -> [char; 2] {
    let Some([first, .., last] | [first @ last]) = protocol else { return ['0', '0'] };
    if !first.is_ascii() || !last.is_ascii() {
        return [first, last].map(|byte| if byte.is_ascii_graphic() { char::from(*byte) } else { '9' });
    }
    if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() {
        return [char::from(*first), char::from(*last)];
    }
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    [digit(first >> 4), digit(last & 15)]
}

/// Twelve hexadecimal digits of SHA-256 over the numbers as text; zeros when there are none.
fn digest(into: &mut [u8], sorted: &[u16], then: &[u16]) {
    if sorted.is_empty() && then.is_empty() {
        into.fill(b'0');
        return;
    }
    let mut hasher = Sha256::new();
    let mut separator: &[u8] = b"";
    for number in sorted {
        hasher.update(separator);
        hasher.update(hexadecimal(number.to_be_bytes()));
        separator = b",";
    }
    separator = b"_";
    for number in then {
        hasher.update(separator);
        hasher.update(hexadecimal(number.to_be_bytes()));
        separator = b",";
    }
    let digest = hasher.finalize();
    for (pair, byte) in into.chunks_exact_mut(2).zip(digest.iter()) {
        let [high, low, ..] = hexadecimal([*byte, 0]);
        pair.copy_from_slice(&[high, low]);
    }
}

fn hexadecimal(bytes: [u8; 2]) -> [u8; 4] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| DIGITS[usize::from(nibble & 15)];
    [digit(bytes[0] >> 4), digit(bytes[0]), digit(bytes[1] >> 4), digit(bytes[1])]
}

impl fmt::Display for Ja4 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Ja4 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
#[path = "ja4_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "ja4_captures.rs"]
mod captures;
