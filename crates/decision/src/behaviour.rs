//! What a widget saw of how a page was used, as sums: the client's own word, so it can only add to the risk, never take
//! from it. Every field is described in `docs/privacy.md`.
//!
//! - `whole`: the numbers. `pressed`: the press of its button. `browser`: marks of the browser itself. `hand`: who could have filled a form in.
//! - [`path_model`]: how much a pointer's way looks like a program's.

mod browser;
mod hand;
pub mod path_model;
mod pressed;
mod whole;

use serde::Deserialize;

pub use browser::{Browser, Mark};
pub use pressed::{By, Pressed, REACTION_MILLIS};

use whole::whole;

/// The sums of one submission. A group or member that is absent is a widget's that knows less, and counts as nothing seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Behaviour {
    /// How long the widget was there.
    #[serde(deserialize_with = "whole")]
    pub since_millis: u32,
    /// The pointer, whatever moves it.
    pub pointer: Pointer,
    /// Keys.
    pub keys: Keys,
    /// Which fields of the form were entered.
    pub focus: Focus,
    /// Inputs into fields.
    pub fill: Fill,
    /// What was pasted or dropped into fields.
    pub paste: Paste,
    /// Whether anybody could see the page.
    pub visibility: Visibility,
    /// Whether the browser's own story holds together.
    pub browser: Browser,
    /// The press of the widget's button, which is sent beside the sums.
    #[serde(skip)]
    pub pressed: Option<Pressed>,
}

/// How a pointer moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Pointer {
    /// Moves seen.
    #[serde(deserialize_with = "whole")]
    pub moves: u32,
    /// Presses seen.
    #[serde(deserialize_with = "whole")]
    pub presses: u32,
    /// Presses by a finger.
    #[serde(deserialize_with = "whole")]
    pub touches: u32,
    /// Moves and presses that a program made in the page.
    #[serde(deserialize_with = "whole")]
    pub untrusted: u32,
    /// Presses that the browser made without a pointer: for a key, a screen reader, a voice.
    #[serde(deserialize_with = "whole")]
    pub silent: u32,
    /// Length of the way.
    #[serde(deserialize_with = "whole")]
    pub path_pixels: u32,
    /// The way as the crow flies over 16 moves each, in percent of the way.
    #[serde(deserialize_with = "whole")]
    pub straight_percent: u32,
    /// Standard deviation of the speed over its mean, in percent.
    #[serde(deserialize_with = "whole")]
    pub speed_cv_percent: u32,
    /// How often it went from getting faster to getting slower or back, in percent of the moves. 0 also from widgets that
    /// do not count it.
    #[serde(deserialize_with = "whole")]
    pub speed_flips_percent: u32,
}

/// The rhythm of typing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Keys {
    /// Keys pressed.
    #[serde(deserialize_with = "whole")]
    pub presses: u32,
    /// Of them, those that a program pressed in the page.
    #[serde(deserialize_with = "whole")]
    pub untrusted: u32,
    /// Mean time between two, pauses above two seconds left out.
    #[serde(deserialize_with = "whole")]
    pub between_millis: u32,
    /// How uneven that is.
    #[serde(deserialize_with = "whole")]
    pub between_cv_percent: u32,
    /// Mean time that one is held.
    #[serde(deserialize_with = "whole")]
    pub held_millis: u32,
    /// How uneven that is.
    #[serde(deserialize_with = "whole")]
    pub held_cv_percent: u32,
}

/// Which fields were entered, and which are filled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Focus {
    /// Fields entered.
    #[serde(deserialize_with = "whole")]
    pub fields: u32,
    /// How often one was entered that stands before the last.
    #[serde(deserialize_with = "whole")]
    pub backwards: u32,
    /// Fields that are filled.
    #[serde(deserialize_with = "whole")]
    pub filled: u32,
    /// Of them, those that nobody entered.
    #[serde(deserialize_with = "whole")]
    pub filled_unentered: u32,
    /// Of them, those that the browser says it filled itself.
    #[serde(deserialize_with = "whole")]
    pub autofilled: u32,
}

/// Inputs into fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Fill {
    /// Inputs seen.
    #[serde(deserialize_with = "whole")]
    pub inputs: u32,
    /// Of them, those that a program made in the page: a script, or a password manager's extension.
    #[serde(deserialize_with = "whole")]
    pub untrusted: u32,
    /// From when the widget was there to the first.
    #[serde(deserialize_with = "whole")]
    pub before_millis: u32,
    /// From the first to the last.
    #[serde(deserialize_with = "whole")]
    pub millis: u32,
}

/// Pastes and drops into fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Paste {
    /// How often.
    #[serde(deserialize_with = "whole")]
    pub pastes: u32,
    /// Into how many fields.
    #[serde(deserialize_with = "whole")]
    pub fields: u32,
}

/// Whether the page was in sight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Visibility {
    /// How often it was hidden.
    #[serde(deserialize_with = "whole")]
    pub hides: u32,
    /// For how long.
    #[serde(deserialize_with = "whole")]
    pub hidden_millis: u32,
    /// It was never in sight.
    pub hidden_throughout: bool,
}

#[cfg(test)]
mod tests;
