//! Makes the file of breached passwords.

use std::hash::Hasher;
use std::io::{self, BufRead, Write};

use siphasher::sip::SipHasher13;
use xorf::BinaryFuse16;

use super::{Digest, MAGIC, SHARDS, VERSION, sum};

/// What the input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Corpus {
    /// One SHA-1 in hexadecimal a line, with or without `:COUNT`, in ascending order, as Have I Been Pwned hands them
    /// out; those that were seen less often are left out.
    Hashes {
        /// The least count.
        seen_at_least: u64,
    },
    /// One password a line.
    Words,
}

/// What was built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Built {
    /// Distinct passwords.
    pub passwords: u64,
    /// Lines that were read.
    pub lines: u64,
    /// Bytes written.
    pub bytes: u64,
}

/// Words are held until the end, 8 bytes each: 4 GiB.
const WORDS_MAX: u64 = 500_000_000;
/// No password is longer, and no line of a hash.
const LINE_BYTES_MAX: usize = 4096;

/// Reads a corpus and writes the file. Hashes in order take the memory of one of 256 parts; words that of all.
pub fn build(mut input: impl BufRead, corpus: Corpus, output: impl Write) -> io::Result<Built> {
    let mut output = Output { inner: output, sum: sum(), bytes: 0 };
    output.write(MAGIC)?;
    output.write(&VERSION.to_le_bytes())?;
    let mut parts: Vec<Vec<u64>> = vec![Vec::new(); SHARDS];
    let mut built = Built { passwords: 0, lines: 0, bytes: 0 };
    let mut written = 0;
    let mut line = Vec::new();
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        built.lines += 1;
        let text = line.trim_ascii_end();
        if text.is_empty() || text.len() > LINE_BYTES_MAX {
            continue;
        }
        let Some(digest) = digest(text, corpus).map_err(|what| at(built.lines, what))? else { continue };
        let part = usize::from(digest.first());
        if matches!(corpus, Corpus::Hashes { .. }) {
            if part < written {
                return Err(at(built.lines, "the hashes are not in ascending order; sort the file first"));
            }
            while written < part {
                built.passwords += output.shard(&mut parts[written])?;
                written += 1;
            }
        } else if built.lines > WORDS_MAX {
            return Err(at(built.lines, "there are too many words; hash and sort them first"));
        }
        parts[part].push(digest.key());
    }
    for part in &mut parts[written..] {
        built.passwords += output.shard(part)?;
    }
    output.write(&built.passwords.to_le_bytes())?;
    let sum = output.sum.finish();
    output.write(&sum.to_le_bytes())?;
    output.inner.flush()?;
    Ok(Built { bytes: output.bytes, ..built })
}

fn at(line: u64, what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("line {line}: {what}"))
}

/// The digest of a line; `None` when it is left out.
fn digest(text: &[u8], corpus: Corpus) -> Result<Option<Digest>, &'static str> {
    let Corpus::Hashes { seen_at_least } = corpus else { return Ok(Some(Digest::of(text))) };
    let mut fields = text.splitn(2, |byte| *byte == b':');
    let wrong = "this is no SHA-1 in hexadecimal; for a list of passwords say --words";
    let digest = fields.next().and_then(Digest::parse).ok_or(wrong)?;
    let count = match fields.next() {
        Some(count) => std::str::from_utf8(count).ok().and_then(|n| n.trim().parse().ok()).ok_or(wrong)?,
        None => u64::MAX,
    };
    Ok((count >= seen_at_least).then_some(digest))
}

/// A filter without anything in it, to be filled.
pub(super) fn empty() -> BinaryFuse16 {
    // Of one key, so that it always succeeds; what it holds is replaced.
    BinaryFuse16::try_from_iterator([0u64].into_iter()).expect("one key is a filter")
}

struct Output<W> {
    inner: W,
    sum: SipHasher13,
    bytes: u64,
}

impl<W: Write> Output<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sum.write(bytes);
        self.bytes += bytes.len() as u64;
        self.inner.write_all(bytes)
    }

    /// Writes one part and gives its memory back.
    fn shard(&mut self, keys: &mut Vec<u64>) -> io::Result<u64> {
        let mut keys = std::mem::take(keys);
        keys.sort_unstable();
        keys.dedup();
        if keys.is_empty() {
            self.write(&[0; 20])?;
            return Ok(0);
        }
        let filter = BinaryFuse16::try_from(&keys[..]).map_err(io::Error::other)?;
        let descriptor = &filter.descriptor;
        self.write(&descriptor.seed.to_le_bytes())?;
        self.write(&descriptor.segment_length.to_le_bytes())?;
        self.write(&descriptor.segment_count_length.to_le_bytes())?;
        self.write(&u32::try_from(filter.fingerprints.len()).map_err(io::Error::other)?.to_le_bytes())?;
        for piece in filter.fingerprints.chunks(4096) {
            let bytes: Vec<u8> = piece.iter().flat_map(|print| print.to_le_bytes()).collect();
            self.write(&bytes)?;
        }
        Ok(keys.len() as u64)
    }
}
