//! Other servers with Spigot beside them: the real ones, with the configuration of `integrations/`, asked for everything
//! that a door promises.
//!
//! - [`harness`]: an application, Spigot, and a server between it and its clients.
//! - [`promises`]: what is asked of each of them.
//! - One file for each server, with what is different about it. One that is not installed is skipped, aloud.

mod harness;
mod nginx;
mod promises;
mod spoofing;

use self::harness::{Stand, Way};
use self::nginx::NGINX;

/// The real server, as it is shipped: what passes, what does not, and what no client can change.
fn decides(server: &'static harness::Server) {
    let Some(stand) = Stand::start(server, Way::Closed) else { return };
    promises::all(&stand);
    spoofing::changes_nothing(&stand);
}

/// Without an answer from Spigot nothing passes, or everything, as the server's configuration says.
fn without_spigot(server: &'static harness::Server) {
    for way in [Way::Closed, Way::Open] {
        let Some(mut stand) = Stand::start(server, way) else { return };
        promises::with_and_without_answers(&mut stand);
    }
}

#[test]
fn nginx_decides() {
    decides(&NGINX);
}

#[test]
fn nginx_without_spigot() {
    without_spigot(&NGINX);
}
