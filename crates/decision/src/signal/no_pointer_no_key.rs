use super::{Seen, Signal, quick_fill};
use crate::Evidence;

pub(super) const SIGNAL: Signal = Signal {
    name: "no_pointer_no_key",
    finds: "A form is filled in, and neither pointer nor finger nor key nor voice was seen.",
    matters: "A script wrote it. What a browser fills in does not count; dictation and screen readers write as keyboards \
              do, without keys, and are seen by that.",
    oat: &[8, 17, 19],
    weight: 20,
    find,
};

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    let behaviour = seen.observation.behaviour?;
    let pointer = behaviour.pointer;
    let none = pointer.moves == 0
        && pointer.presses == 0
        && pointer.silent == 0
        && behaviour.keys.presses <= behaviour.keys.untrusted;
    // Dictated words are inputs of the browser's own, and so is what is pasted; but a tool can write as dictation does, and
    // does not take its time.
    let fill = behaviour.fill;
    let at_once = fill.inputs >= quick_fill::FIELDS && fill.millis < quick_fill::MILLIS;
    let written = (fill.inputs > fill.untrusted && !at_once) || behaviour.paste.pastes > 0;
    let filled = behaviour.filled_by_client();
    (none && !written && filled > 0).then_some(Evidence::Measured {
        of: "focus.filled",
        value: filled,
        bound: 0,
    })
}
