//! The admin API. What it can do stands in one table of [`Operation`]s, from which the router, the rights, the OpenAPI
//! document and with it the panel's client are made. It knows no sockets: `server` brings requests and the clock, and
//! runs [`Api::answer`] on threads that may wait for the disk.

mod answer;
mod audit;
mod call;
mod cookie;
mod csv;
mod events;
mod exceptions;
mod forced;
mod guard;
mod health;
mod identity;
mod lists;
mod live;
mod marks;
mod me;
mod openapi;
mod operation;
mod overview;
mod passkeys;
mod policy;
mod policy_forms;
mod policy_routes;
mod problem;
mod puzzle;
mod replays;
mod resources;
mod restrictions;
mod review;
mod session;
mod settings;
mod shorten;
mod support;
#[cfg(test)]
mod tests;
mod throttle;
mod touched;
mod triggers;
mod users;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use answer::{Answer, Body};
pub use call::{Call, Caller, conflict, take_in_changes};
pub use guard::Hosts;
pub use health::{Certificate, List, Node, Report};
pub use live::{Live, Peaks, Wrong};
pub use openapi::{component_schemas, document};
pub use operation::{Download, Names, Operation, WriteDownload, names_in};
pub use problem::Problem;
pub use replays::{ReplayExample, ReplayProgress, ReplayResult, ReplayRoute};
pub use resources::{Looked, check_resources, looks, operations};

use self::puzzle::Puzzles;
use self::replays::Replays;
use self::throttle::Throttle;
use crate::oidc::Provider;
use crate::open::Open;

/// Bytes of a request's body at most: a list of a hundred thousand addresses.
pub const BODY_BYTES: usize = 4 << 20;

/// The admin API of one running Spigot.
pub struct Api {
    folder: PathBuf,
    live: Arc<dyn Live>,
    hosts: Hosts,
    identity: Option<Provider>,
    throttle: Throttle,
    puzzles: Puzzles,
    review: crate::review::Job,
    replays: Replays,
    /// Challenges for passkeys, and for whom; anybody when they are to sign in with it.
    questions: Open<Option<String>>,
    operations: Vec<Operation>,
}

impl Api {
    /// Over a data folder and what is live, under these names, and with an identity provider where there is one.
    #[must_use]
    pub fn new(folder: &Path, live: Arc<dyn Live>, hosts: Hosts, identity: Option<Provider>) -> Self {
        Self {
            folder: folder.to_owned(),
            live,
            hosts,
            identity,
            throttle: Throttle::default(),
            puzzles: Puzzles::default(),
            review: crate::review::Job::default(),
            replays: Replays::default(),
            questions: Open::default(),
            operations: resources::all(),
        }
    }
}
