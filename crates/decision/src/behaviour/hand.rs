use super::Behaviour;

/// What several signals ask about. Whoever fills a form by other means than pointer and keys has to come out as a person
/// here, so that no signal has to know of them.
impl Behaviour {
    /// Fields that are filled, and that the browser did not fill itself.
    pub(crate) fn filled_by_client(&self) -> u32 {
        self.focus.filled.saturating_sub(self.focus.autofilled)
    }

    /// Whether a pointer, a finger, a key or an aid's press was seen that no script in the page made. One move is none: that
    /// is what a program's click on an element leaves.
    pub(crate) fn hand_seen(&self) -> bool {
        self.pointer.touches > 0
            || self.pointer.silent > 0
            || self.pointer.moves.saturating_sub(self.pointer.untrusted) >= MOVES_OF_A_HAND
            || self.keys.presses > self.keys.untrusted
    }

    /// Whether all that came into the fields was written by a script: a page's, a robot's, or a password manager's
    /// extension, which look alike from within the page.
    pub(crate) fn only_scripted(&self) -> bool {
        self.fill.inputs > 0 && self.fill.untrusted >= self.fill.inputs
    }
}

/// A pointer that is carried across a page reports more often than this.
const MOVES_OF_A_HAND: u32 = 5;
