//! HTTP/2 from the outside (RFC 9113, section 4.1): frames are followed by their nine-byte heads, for the fingerprint of
//! the client until its first request, and for floods as long as the connection stands.

use std::fmt::Write;

use tokio::time::Instant;

use super::flood::Budget;
use super::hpack::pseudo_fields;

pub(super) const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Of one frame's payload as much is looked at: all settings that exist, and the pseudo-fields of any honest request.
const LOOK_BYTES: usize = 1024;
/// Settings and priority frames in the fingerprint; real clients send six and five.
const SETTINGS_MAX: usize = 32;
const PRIORITIES_MAX: usize = 16;

/// A connection's frames.
pub(super) struct Frames {
    place: Place,
    head: [u8; 9],
    budget: Option<Budget>,
    client: Option<Client>,
    finished: Option<String>,
}

#[derive(Clone, Copy)]
enum Place {
    Preface(usize),
    Head(usize),
    Payload(usize),
}

/// The client so far, until its first request.
#[derive(Default)]
struct Client {
    payload: Vec<u8>,
    settings: Option<String>,
    window: Option<u32>,
    priorities: Vec<String>,
}

/// A client that sends too many frames that only cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flood;

impl std::fmt::Display for Flood {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("too many control frames")
    }
}

impl std::error::Error for Flood {}

impl Frames {
    pub(super) fn new() -> Self {
        Self {
            place: Place::Preface(PREFACE.len()),
            head: [0; 9],
            budget: None,
            client: Some(Client::default()),
            finished: None,
        }
    }

    /// The fingerprint, once.
    pub(super) fn fingerprint(&mut self) -> Option<String> {
        self.finished.take()
    }

    /// Follows the next bytes.
    pub(super) fn follow(&mut self, mut bytes: &[u8], now: Instant) -> Result<(), Flood> {
        while !bytes.is_empty() {
            match self.place {
                Place::Preface(left) => {
                    let count = left.min(bytes.len());
                    bytes = &bytes[count..];
                    self.place = if count == left { Place::Head(0) } else { Place::Preface(left - count) };
                }
                Place::Head(filled) => {
                    let count = (self.head.len() - filled).min(bytes.len());
                    self.head[filled..][..count].copy_from_slice(&bytes[..count]);
                    bytes = &bytes[count..];
                    self.place = Place::Head(filled + count);
                    if filled + count == self.head.len() {
                        self.begin(now)?;
                    }
                }
                Place::Payload(left) => {
                    let count = left.min(bytes.len());
                    if let Some(client) = &mut self.client {
                        let room = LOOK_BYTES - client.payload.len();
                        client.payload.extend_from_slice(&bytes[..count.min(room)]);
                    }
                    bytes = &bytes[count..];
                    self.place = Place::Payload(left - count);
                    if count == left {
                        self.end();
                    }
                }
            }
        }
        Ok(())
    }

    fn length(&self) -> usize {
        usize::from(self.head[0]) << 16 | usize::from(self.head[1]) << 8 | usize::from(self.head[2])
    }

    fn begin(&mut self, now: Instant) -> Result<(), Flood> {
        let length = self.length();
        let budget = self.budget.get_or_insert_with(|| Budget::new(now));
        let (kind, flags) = (self.head[3], self.head[4]);
        let cost = match kind {
            // DATA: empty without ending anything, or so small that its head is most of it.
            0 if length == 0 && flags & 1 == 0 => 2,
            0 => 0,
            1 => {
                budget.earn();
                0
            }
            // RST_STREAM: what it ends had a price.
            3 => 2,
            // SETTINGS and PING ask for an acknowledgement; acknowledging ours costs nothing.
            4 | 6 if flags & 1 == 1 => 0,
            4 => 10,
            6 => 2,
            // WINDOW_UPDATE: downloads need many.
            8 => 0,
            // PRIORITY, CONTINUATION, and kinds that nobody knows.
            _ => 1,
        };
        if cost > 0 && !budget.spend(cost, now) {
            return Err(Flood);
        }
        if length == 0 {
            self.end();
        } else {
            self.place = Place::Payload(length);
        }
        Ok(())
    }

    fn end(&mut self) {
        self.place = Place::Head(0);
        let Some(client) = &mut self.client else { return };
        let payload = std::mem::take(&mut client.payload);
        let stream = &self.head[5..] != [0; 4].as_slice();
        match self.head[3] {
            4 if self.head[4] & 1 == 0 && client.settings.is_none() => {
                client.settings = Some(settings(&payload));
            }
            8 if !stream && client.window.is_none() => client.window = number(&payload),
            2 if client.priorities.len() < PRIORITIES_MAX => {
                client.priorities.extend(priority(&self.head, &payload));
            }
            1 => {
                let text = client.text(block(&payload, self.head[4]));
                self.finished = Some(text);
                self.client = None;
            }
            _ => {}
        }
    }
}

impl Client {
    fn text(&self, block: &[u8]) -> String {
        let settings = self.settings.as_deref().unwrap_or_default();
        // An absent window is written "00", so that it differs from any number.
        let window = self.window.map_or("00".to_owned(), |window| window.to_string());
        let priorities = if self.priorities.is_empty() { "0".to_owned() } else { self.priorities.join(",") };
        format!("{settings}|{window}|{priorities}|{}", pseudo_fields(block))
    }
}

fn settings(payload: &[u8]) -> String {
    let mut text = String::new();
    for setting in payload.chunks_exact(6).take(SETTINGS_MAX) {
        if !text.is_empty() {
            text.push(';');
        }
        let id = u16::from_be_bytes([setting[0], setting[1]]);
        let value = u32::from_be_bytes([setting[2], setting[3], setting[4], setting[5]]);
        let _ = write!(text, "{id}:{value}");
    }
    text
}

fn number(payload: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(payload.get(..4)?.try_into().ok()?) & 0x7fff_ffff)
}

/// Stream, whether exclusive, the stream it depends on, weight.
fn priority(head: &[u8; 9], payload: &[u8]) -> Option<String> {
    let stream = number(&head[5..])?;
    let depends = number(payload)?;
    let weight = u16::from(*payload.get(4)?) + 1;
    Some(format!("{stream}:{}:{depends}:{weight}", payload[0] >> 7))
}

/// The header block of a HEADERS frame without padding and priority (section 6.2).
fn block(payload: &[u8], flags: u8) -> &[u8] {
    let padded = usize::from(flags & 0x8 != 0);
    let priority = if flags & 0x20 != 0 { 5 } else { 0 };
    payload.get(padded + priority..).unwrap_or_default()
}

#[cfg(test)]
#[path = "frames_tests.rs"]
mod tests;
