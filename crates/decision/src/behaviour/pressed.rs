use serde::Deserialize;

use super::whole::whole;

/// Nobody sees a button and presses it in less time than this: starters in athletics who are quicker count as having begun
/// before the shot. It is so short that screen readers, switches and everything else that people press with stay above it.
pub const REACTION_MILLIS: u32 = 100;

/// How the widget's button was pressed: the client's own word, like everything else here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Pressed {
    /// By what.
    pub by: By,
    /// How long the button had been there.
    #[serde(deserialize_with = "whole")]
    pub after_millis: u32,
    /// Not in a page: an app has a button of its own, and no word for it.
    #[serde(skip)]
    pub in_app: bool,
}

/// What pressed a button.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// A mouse, a finger, a pen; or a screen reader that acts as one.
    Pointer,
    /// A key; or a screen reader, voice control or switch, whose press the browser itself makes.
    Key,
    /// In a page, a click that a script made.
    Other,
}

impl Pressed {
    /// A script in the page clicked.
    #[must_use]
    pub fn is_by_script(self) -> bool {
        self.by == By::Other && !self.in_app
    }

    /// Before anybody could have seen the button.
    #[must_use]
    pub fn is_too_soon(self) -> bool {
        self.after_millis < REACTION_MILLIS
    }

    /// Whether it answers a challenge that asks for a press.
    #[must_use]
    pub fn is_an_answer(self) -> bool {
        !self.is_by_script() && !self.is_too_soon()
    }
}
