//! The record of what happened.

mod event;

pub use event::{ChallengeStep, DecisionId, Event};
