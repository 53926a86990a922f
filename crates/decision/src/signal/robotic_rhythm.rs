use super::{Seen, Signal};
use crate::Evidence;

/// Below this many keys a rhythm is chance. A code of six digits is none.
const KEYS: u32 = 24;
/// The fastest typists have 60 ms between keys on average, and not in a form.
const BETWEEN_MILLIS: u32 = 25;
/// Practised typing varies by 30 % and more; a program that waits the same time after each key, by its timer's 1 to 10 %.
const EVEN_PERCENT: u32 = 12;

pub(super) const SIGNAL: Signal = Signal {
    name: "robotic_rhythm",
    finds: "Keys came faster than anybody types, or as even as a clock.",
    matters: "Programs that type wait the same time after each key, or not at all. So do keys that write whole codes and \
              text replacements, for a part of what is written.",
    oat: &[8, 17, 19],
    weight: 20,
    find,
};

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    let keys = seen.observation.behaviour?.keys;
    let measured = |of, value, bound| Some(Evidence::Measured { of, value, bound });
    match keys {
        _ if keys.presses < KEYS => None,
        _ if keys.between_millis < BETWEEN_MILLIS => {
            measured("keys.between_millis", keys.between_millis, BETWEEN_MILLIS)
        }
        _ if keys.between_cv_percent < EVEN_PERCENT => {
            measured("keys.between_cv_percent", keys.between_cv_percent, EVEN_PERCENT)
        }
        _ => None,
    }
}
