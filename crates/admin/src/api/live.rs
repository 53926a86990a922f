use std::sync::Arc;

use spigot_decision::{Millis, Policy};

/// What only the running server knows. It is implemented where everything is wired, so that this crate and the gateway
/// never see each other.
pub trait Live: Send + Sync {
    /// The policy that decides now.
    fn policy(&self) -> Arc<Policy>;

    /// How it is doing.
    fn node(&self) -> super::Node;

    /// The moment that it is.
    fn now(&self) -> Millis;
}
