//! What the panel may know of the running server.

use std::sync::Arc;

use spigot_admin::api::Live;
use spigot_decision::{Millis, Policy};
use spigot_gateway::Gateway;
use spigot_state::Memory;

use crate::clock::now;

pub(crate) struct LiveGateway {
    pub(crate) gateway: Arc<Gateway<Memory>>,
}

impl Live for LiveGateway {
    fn policy(&self) -> Arc<Policy> {
        self.gateway.snapshot.load().policy.clone()
    }

    fn now(&self) -> Millis {
        now()
    }
}
