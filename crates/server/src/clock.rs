use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use spigot_decision::Millis;
use spigot_gateway::Clock;

/// The time of the machine. The only place that reads it.
pub(crate) fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

pub(crate) fn clock() -> Clock {
    Arc::new(now)
}
