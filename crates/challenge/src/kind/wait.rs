//! Waiting, timed by the server, in one step or several: each is a signed challenge of its own, issued when the one
//! before is over and spent when it is used, so that no step is skipped and none is used twice. It proves patience.

use crate::issue::Challenge;
use crate::verify::Rejection;

/// One step of a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// How long this step lasts, in milliseconds.
    pub millis: u32,
    /// Which step it is, from 1.
    pub step: u8,
    /// How many there are.
    pub steps: u8,
}

impl Wait {
    /// The first of some steps; at least one.
    #[must_use]
    pub fn first(millis: u32, steps: u8) -> Self {
        Self { millis, step: 1, steps: steps.max(1) }
    }

    /// The step after this one; `None` after the last.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        (self.step < self.steps).then(|| Self { step: self.step + 1, ..self })
    }
}

pub(super) fn encode(wait: Wait) -> [u8; 7] {
    let millis = wait.millis.to_le_bytes();
    [millis[0], millis[1], millis[2], millis[3], wait.step, wait.steps, 0]
}

pub(super) fn decode(bytes: [u8; 7]) -> Option<Wait> {
    let millis = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    let wait = Wait { millis, step: bytes[4], steps: bytes[5] };
    (1..=wait.steps).contains(&wait.step).then_some(wait)
}

pub(super) fn check(challenge: &Challenge, wait: Wait, now_millis: i64) -> Result<(), Rejection> {
    let over = now_millis.saturating_sub(challenge.issued_millis) >= i64::from(wait.millis);
    if over { Ok(()) } else { Err(Rejection::TooEarly) }
}
