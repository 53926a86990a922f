//! Following HTTP/1.1 messages: where heads begin and end, and bodies between them.

use spigot_decision::Keys;
use tokio::time::Instant;

use super::chunks::Chunks;
use super::head::{self, Framing, Limits};
use super::notes::Notes;
use super::patience::Pace;
use super::refusal::Refusal;

/// Where a connection is between its messages.
pub(super) struct Http1 {
    pub(super) limits: Limits,
    pub(super) keys: Keys,
    /// Of a body that has not begun.
    pub(super) pace: Pace,
    pub(super) part: Part,
    pub(super) waits_for: Wait,
    /// Bytes of an incomplete head that were looked through.
    pub(super) searched: usize,
    /// Nothing of this connection is read any more.
    pub(super) refused: bool,
    /// The body that is being read has no end that can be known.
    pub(super) broken: bool,
    pub(super) first: bool,
}

#[derive(Clone, Copy)]
pub(super) enum Part {
    Head,
    Length(u64, Pace),
    Chunked(Chunks, Pace),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    Nothing,
    Request,
    Head,
    Body,
}

/// What was found in bytes that came.
pub(super) enum Found {
    /// So many may be handed on; the rest waits.
    Pass(usize),
    /// So many belong to the message before; then there is a head to refuse.
    Refuse(usize, Refusal),
}

impl Http1 {
    /// Before the first request.
    pub(super) fn new(limits: Limits, keys: Keys, pace: Pace) -> Self {
        Self {
            limits,
            keys,
            pace,
            part: Part::Head,
            waits_for: Wait::Nothing,
            searched: 0,
            refused: false,
            broken: false,
            first: true,
        }
    }

    /// Follows messages through `bytes`, which begin where the last look ended, up to the end of at most one head.
    pub(super) fn look(&mut self, bytes: &[u8], notes: &Notes) -> Found {
        let (mut at, mut seen_head) = (0, false);
        while at < bytes.len() {
            let here = &bytes[at..];
            match &mut self.part {
                Part::Head if seen_head => break,
                Part::Head => match head::read(here, &mut self.searched, &self.limits, &self.keys) {
                    Ok(None) => break,
                    Err(refusal) => return Found::Refuse(at, refusal),
                    Ok(Some(head)) => {
                        self.searched = 0;
                        self.first = false;
                        seen_head = true;
                        at += head.length;
                        notes.head(head.order, head.upgrade);
                        self.part = match head.framing {
                            Framing::None => Part::Head,
                            Framing::Length(length) => Part::Length(length, self.pace),
                            Framing::Chunked => Part::Chunked(Chunks::START, self.pace),
                        };
                    }
                },
                Part::Length(left, pace) => {
                    let count = usize::try_from(*left).unwrap_or(usize::MAX).min(here.len());
                    came(pace, count);
                    *left -= count as u64;
                    at += count;
                    if *left == 0 {
                        self.part = Part::Head;
                    }
                }
                Part::Chunked(chunks, pace) => {
                    let Ok((count, ended)) = chunks.follow(here) else {
                        // What came before is whole: the head has to be answered.
                        self.broken = true;
                        return Found::Pass(at);
                    };
                    came(pace, count);
                    at += count;
                    if ended {
                        self.part = Part::Head;
                    }
                }
            }
        }
        Found::Pass(at)
    }
}

/// Reads the clock only when a wait has to be counted.
fn came(pace: &mut Pace, bytes: usize) {
    if pace.waits() {
        pace.came(bytes, Instant::now());
    }
}
