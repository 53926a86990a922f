//! Waiting, timed by the server. It proves patience, nothing else: its clearance has the lowest level.

use super::Kind;
use crate::issue::Challenge;
use crate::verify::Rejection;

pub(super) fn encode(millis: u32) -> [u8; 7] {
    let millis = millis.to_le_bytes();
    [millis[0], millis[1], millis[2], millis[3], 0, 0, 0]
}

pub(super) fn decode(bytes: [u8; 7]) -> Kind {
    Kind::Wait { millis: u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) }
}

pub(super) fn check(challenge: &Challenge, millis: u32, now_millis: i64) -> Result<(), Rejection> {
    let over = now_millis.saturating_sub(challenge.issued_millis) >= i64::from(millis);
    if over { Ok(()) } else { Err(Rejection::TooEarly) }
}
