//! Lines of a file, plain or gzip, in bounded memory.

use crate::LINE_BYTES_MAX;
use flate2::bufread::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufReader, Cursor, ErrorKind, Read};
use std::path::Path;

/// How much is read at once. Larger brings nothing; it must hold the longest line and then some.
const BUFFER_BYTES: usize = 256 * 1024;
const _: () = assert!(BUFFER_BYTES > 2 * LINE_BYTES_MAX);

const GZIP: &[u8] = &[0x1F, 0x8B];

/// The lines of an access log, one at a time, without their line ends. Not an [`Iterator`], because each line borrows
/// the buffer.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// let mut lines = spigot_accesslog::Lines::new(&b"one\r\ntwo"[..])?;
/// assert_eq!(lines.next_line()?, Some(&b"one"[..]));
/// assert_eq!(lines.next_line()?, Some(&b"two"[..]));
/// assert_eq!(lines.next_line()?, None);
/// # Ok(())
/// # }
/// ```
pub struct Lines<'r> {
    source: Box<dyn Read + Send + 'r>,
    gzip: bool,
    buffer: Box<[u8]>,
    /// What is read and not yet given is `buffer[start..end]`.
    start: usize,
    end: usize,
    ended: bool,
    /// The line at `start` was longer than allowed and its remainder is still to come.
    skipping: bool,
    stats: ReadStats,
}

/// What the reading of one source came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReadStats {
    /// Lines given.
    pub lines: u64,
    /// Lines longer than [`LINE_BYTES_MAX`], skipped; count them as [`Reject::TooLong`](crate::Reject::TooLong).
    pub too_long: u64,
    /// Bytes of text, after decompression.
    pub bytes: u64,
    /// The gzip stream is cut off or damaged. Whole lines before the damage were given, the broken one was not.
    pub gzip_damaged: bool,
}

impl std::fmt::Debug for Lines<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lines").field("gzip", &self.gzip).field("stats", &self.stats).finish_non_exhaustive()
    }
}

impl Lines<'static> {
    /// Opens a file; gzip is recognised by its first bytes, whatever the name.
    ///
    /// # Errors
    /// The file cannot be opened or read, or is compressed with bzip2, xz or zstd.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        Self::new(File::open(path)?)
    }
}

impl<'r> Lines<'r> {
    /// Reads from anything; do not buffer it first.
    ///
    /// # Errors
    /// The source cannot be read, or is compressed with bzip2, xz or zstd.
    pub fn new(mut source: impl Read + Send + 'r) -> io::Result<Self> {
        let mut magic = Vec::with_capacity(6);
        source.by_ref().take(6).read_to_end(&mut magic)?;
        let gzip = magic.starts_with(GZIP);
        if let Some(name) = unsupported(&magic) {
            let message =
                format!("compressed with {name}; decompress it first, only gzip and plain text are read");
            return Err(io::Error::new(ErrorKind::Unsupported, message));
        }
        let whole = Cursor::new(magic).chain(source);
        let source: Box<dyn Read + Send + 'r> = if gzip {
            Box::new(MultiGzDecoder::new(BufReader::with_capacity(BUFFER_BYTES / 4, whole)))
        } else {
            Box::new(whole)
        };
        let buffer = vec![0; BUFFER_BYTES].into_boxed_slice();
        Ok(Self {
            source,
            gzip,
            buffer,
            start: 0,
            end: 0,
            ended: false,
            skipping: false,
            stats: ReadStats::default(),
        })
    }

    /// The next line without its line end (`\n` or `\r\n`), `None` at the end. A last line without line end counts.
    ///
    /// # Errors
    /// The source cannot be read on. Damaged gzip is no error; see [`ReadStats::gzip_damaged`].
    #[inline]
    pub fn next_line(&mut self) -> io::Result<Option<&[u8]>> {
        let mut searched = self.start;
        loop {
            if let Some(found) = memchr::memchr(b'\n', &self.buffer[searched..self.end]) {
                let line = self.start..searched + found;
                self.start = line.end + 1;
                if std::mem::take(&mut self.skipping) {
                    searched = self.start;
                    continue;
                }
                if line.len() > LINE_BYTES_MAX + 1 {
                    self.stats.too_long += 1;
                    searched = self.start;
                    continue;
                }
                return Ok(self.give(line));
            }
            if self.ended {
                return Ok(self.give_last());
            }
            self.skip_if_too_long();
            searched = self.end - self.start;
            self.fill()?;
        }
    }

    /// What the reading came to so far.
    pub fn stats(&self) -> ReadStats {
        self.stats
    }

    #[inline]
    fn give(&mut self, line: std::ops::Range<usize>) -> Option<&[u8]> {
        self.stats.lines += 1;
        let line = &self.buffer[line];
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }

    /// What stands after the last line end. Of damaged gzip it is half a line, which could be read as a whole one
    /// with a wrong size or user agent; so it is not given.
    fn give_last(&mut self) -> Option<&[u8]> {
        let line = std::mem::replace(&mut self.start, self.end)..self.end;
        let skipping = std::mem::take(&mut self.skipping);
        if line.is_empty() || skipping || self.stats.gzip_damaged {
            return None;
        }
        if line.len() > LINE_BYTES_MAX {
            self.stats.too_long += 1;
            return None;
        }
        self.give(line)
    }

    /// Forgets a line that is already too long, so that it is never held.
    fn skip_if_too_long(&mut self) {
        if self.skipping {
            self.start = self.end;
        } else if self.end - self.start > LINE_BYTES_MAX + 1 {
            self.stats.too_long += 1;
            self.skipping = true;
            self.start = self.end;
        }
    }

    /// Reads more behind what is there, which moves to the front.
    fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        loop {
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.ended = true,
                Ok(count) => {
                    self.end += count;
                    self.stats.bytes += count as u64;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if self.gzip && is_damage(&error) => {
                    self.stats.gzip_damaged = true;
                    self.ended = true;
                }
                Err(error) => return Err(error),
            }
            return Ok(());
        }
    }
}

/// Damage has these kinds; a disk that fails has others.
fn is_damage(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::InvalidInput | ErrorKind::InvalidData)
}

fn unsupported(magic: &[u8]) -> Option<&'static str> {
    [(&b"BZh"[..], "bzip2"), (b"\xFD7zXZ", "xz"), (b"\x28\xB5\x2F\xFD", "zstd")]
        .into_iter()
        .find_map(|(prefix, name)| magic.starts_with(prefix).then_some(name))
}
