//! Settings that operators change while Spigot runs. [`PolicyStore`] is the only writer: panel, command line and files
//! all go through [`PolicyStore::commit`], which validates, attributes and numbers every change.

mod policy_store;
mod setting;

pub use policy_store::{Change, Kept, Lift, Lifted, PolicyStore, StoreError};
pub use setting::{
    EntrySetting, ExceptionSetting, ForcedSetting, HoldSetting, LiftSetting, ListName, Setting,
};
