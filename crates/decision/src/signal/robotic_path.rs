use super::{Seen, Signal};
use crate::Evidence;
use crate::behaviour::path_model;

pub(super) const SIGNAL: Signal = Signal {
    name: "robotic_path",
    finds: "The pointer's way has the shape and the pace of a program's.",
    matters: "Hands hurry and hesitate; programs keep their pace. A small model that was trained on recordings says so, \
              from 50 moves on; what it was trained and measured on is in docs/behaviour.md.",
    oat: &[8, 17, 19],
    // Never enough for a challenge by itself: a model of recordings knows no eye tracker and no trackball.
    weight: 25,
    find,
};

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    let (value, bound) = path_model::suspicion(&seen.observation.behaviour?.pointer)?;
    Some(Evidence::Measured { of: "path_model.percent", value, bound })
}
