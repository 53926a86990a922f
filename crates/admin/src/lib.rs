//! Settings that operators change while Spigot runs. [`PolicyStore`] is the only writer: panel, command line and files
//! all go through [`PolicyStore::commit`], which validates, attributes and numbers every change. [`api`] is the API behind the
//! panel, and [`staff`] who may use it.

pub mod api;
mod beyond_policy;
mod breaker_setting;
mod database;
mod key;
mod key_store;
mod known_store;
mod list_file;
mod mark;
pub mod oidc;
mod open;
pub mod panel;
mod policy_edit;
mod policy_route;
mod policy_store;
mod policy_text;
pub mod review;
mod setting;
mod site;
mod site_store;
pub mod staff;
mod versions;

pub use breaker_setting::BreakerSetting;
pub use key::{KeyDigest, KeySetting};
pub use known_store::KnownStore;
pub use list_file::{ListDefaults, NotTaken, read_list, write_entry, write_head};
pub use mark::{MarkSetting, MarkedAs};
pub use policy_edit::{PolicyEdit, SectionOf, edited};
pub use policy_store::{Change, Kept, Lift, Lifted, PolicyStore, StoreError};
pub use policy_text::{PolicyVersion, text_version};
pub use setting::{
    EntrySetting, ExceptionSetting, ForcedSetting, HoldSetting, LiftSetting, ListName, Setting,
};
pub use site::{
    ApiKeySetting, CLIENTS, HOSTS_MAX, NO_ORIGIN, PRESSES, SECRETS_MAX, SecretSetting, SiteSetting,
    TOKEN_SECONDS, token_millis,
};
pub use versions::{InForce, NotMade};
