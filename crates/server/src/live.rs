//! What the panel may know of the running server.

use std::path::PathBuf;
use std::sync::Arc;

use spigot_admin::api::{Live, Node};
use spigot_decision::{Millis, Policy};
use spigot_gateway::Gateway;
use spigot_state::Memory;

use crate::clock::now;
use crate::keeping::Keeping;

pub(crate) struct LiveGateway {
    pub(crate) gateway: Arc<Gateway<Memory>>,
    pub(crate) keeping: Arc<Keeping>,
    pub(crate) data: PathBuf,
    pub(crate) started: Millis,
}

impl Live for LiveGateway {
    fn policy(&self) -> Arc<Policy> {
        self.gateway.snapshot.load().policy.clone()
    }

    fn node(&self) -> Node {
        crate::node::node(&self.gateway, &self.keeping, &self.data, self.started)
    }

    fn now(&self) -> Millis {
        now()
    }
}
