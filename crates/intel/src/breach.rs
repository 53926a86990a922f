//! Passwords that are in a corpus of breached ones, looked up in memory.
//!
//! The file is a set of filters, one for each first byte of the passwords' SHA-1, which is how such corpora are handed
//! out. A filter never misses a password that is in it, and takes one in 65,000 others for breached.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `SPGTBRCH` |
//! | 4 | version, 1 |
//! | 256 times: 8, 4, 4, 4 | seed, length of a segment, length of all but two segments, fingerprints |
//! | … 2 each | the fingerprints |
//! | 8 | passwords in all |
//! | 8 | SipHash-1-3 of everything before, under fixed keys: it finds damage, and is no signature |
//!
//! Numbers are little-endian.

mod build;
mod digest;

use std::fs::File;
use std::hash::Hasher;
use std::io::{self, BufReader, Read};
use std::path::Path;

use siphasher::sip::SipHasher13;
use xorf::{BinaryFuse16, Filter};

pub use self::build::{Built, Corpus, build};
pub use self::digest::{Digest, range_holds};

const MAGIC: &[u8; 8] = b"SPGTBRCH";
const VERSION: u32 = 1;
const SHARDS: usize = 256;
/// Fingerprints of one shard: ten times what the largest corpus of 2026 has, so that a damaged length asks for no memory
/// that nobody has.
const FINGERPRINTS_MAX: u32 = 1 << 26;

/// A corpus in memory.
pub struct Breached {
    shards: Vec<BinaryFuse16>,
    /// Passwords in it.
    pub passwords: u64,
}

impl std::fmt::Debug for Breached {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Breached").field("passwords", &self.passwords).finish_non_exhaustive()
    }
}

impl Breached {
    /// Reads a file whole.
    pub fn read(path: &Path) -> Result<Self, String> {
        let file = File::open(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
        Self::from(BufReader::with_capacity(1 << 20, file)).map_err(|error| {
            let help = "build it again with `spigot breach build`";
            match error.kind() {
                io::ErrorKind::InvalidData => format!("{}: {error}; {help}", path.display()),
                io::ErrorKind::UnexpectedEof => format!("{} breaks off; {help}", path.display()),
                _ => format!("{} cannot be read: {error}", path.display()),
            }
        })
    }

    fn from(input: impl Read) -> io::Result<Self> {
        let mut input = Summed { inner: input, sum: sum() };
        if &input.bytes::<8>()? != MAGIC {
            return Err(wrong("it is no file of breached passwords"));
        }
        if u32::from_le_bytes(input.bytes()?) != VERSION {
            return Err(wrong("it is of another version"));
        }
        let mut shards = Vec::with_capacity(SHARDS);
        for _ in 0..SHARDS {
            shards.push(input.shard()?);
        }
        let passwords = u64::from_le_bytes(input.bytes()?);
        let expected = input.sum.finish();
        if u64::from_le_bytes(input.bytes()?) != expected {
            return Err(wrong("it is damaged"));
        }
        if input.inner.read(&mut [0])? != 0 {
            return Err(wrong("something stands behind its end"));
        }
        Ok(Self { shards, passwords })
    }

    /// Whether a password is in it; one in 65,000 that is not is said to be.
    #[must_use]
    pub fn contains(&self, digest: &Digest) -> bool {
        let key = digest.key();
        let shard = &self.shards[usize::from(digest.first())];
        !shard.fingerprints.is_empty() && shard.contains(&key)
    }
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

fn sum() -> SipHasher13 {
    SipHasher13::new_with_keys(0x5370_6967_6f74, 1)
}

/// Reads, and sums up what was read.
struct Summed<R> {
    inner: R,
    sum: SipHasher13,
}

impl<R: Read> Summed<R> {
    fn bytes<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        self.inner.read_exact(bytes)?;
        self.sum.write(bytes);
        Ok(())
    }

    fn shard(&mut self) -> io::Result<BinaryFuse16> {
        let seed = u64::from_le_bytes(self.bytes()?);
        let [segment_length, segment_count_length, count] =
            [self.bytes()?, self.bytes()?, self.bytes()?].map(u32::from_le_bytes);
        // A place beyond the fingerprints would be looked up one day.
        let places = u64::from(segment_count_length) + 2 * u64::from(segment_length);
        let fits = count == 0
            || (segment_length.is_power_of_two() && places <= u64::from(count) && count <= FINGERPRINTS_MAX);
        if !fits {
            return Err(wrong("it is damaged"));
        }
        let mut fingerprints = Vec::with_capacity(count as usize);
        let mut piece = [0; 8192];
        let mut left = count as usize * 2;
        while left > 0 {
            let piece = &mut piece[..left.min(8192)];
            self.fill(piece)?;
            fingerprints.extend(piece.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair)));
            left -= piece.len();
        }
        let mut filter = build::empty();
        filter.descriptor.seed = seed;
        filter.descriptor.segment_length = segment_length;
        filter.descriptor.segment_length_mask = segment_length.wrapping_sub(1);
        filter.descriptor.segment_count_length = segment_count_length;
        filter.fingerprints = fingerprints.into();
        Ok(filter)
    }
}

#[cfg(test)]
mod tests;
