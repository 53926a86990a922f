//! Who may use the panel and the admin API: users with their roles and means of signing in, sessions, one-time links and
//! API tokens, in `staff.sqlite` of the data folder. A file of its own, because a running server takes every write to
//! the settings for a change of policy, and sessions are written all day.

mod audit;
mod browsers;
mod factors;
mod identities;
mod links;
pub(crate) mod passkey;
mod password;
mod role;
mod secret;
mod sessions;
mod store;
mod tokens;
mod totp;
mod users;

pub use audit::{AuditEntry, AuditError, Happening};
pub use browsers::BROWSER_MILLIS;
pub use factors::Passkey;
pub use identities::IdentityCheck;
pub use links::LINK_MILLIS;
pub use password::{PASSWORD_MIN, check_new as check_password_is_good};
pub use role::{Need, Role};
pub(crate) use secret::hex;
pub use secret::{digest, fresh_secret};
pub use sessions::{IDLE_MILLIS, SESSION_MILLIS, Session};
pub use store::StaffStore;
pub use tokens::Token;
pub use totp::{base32, otpauth, totp_at};
pub use users::{PasswordCheck, User, check_name};
