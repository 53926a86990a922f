//! Other servers with Spigot beside them: the real ones, with the configuration of `integrations/`, asked for everything
//! that a door promises.
//!
//! - [`harness`]: an application, Spigot, and a server between it and its clients.
//! - [`promises`]: what is asked of each of them.
//! - [`peers`]: who may ask, and for whom; without a server.
//! - One file for each server, with what is different about it. One that is not installed is skipped, aloud.

mod apache;
mod caddy;
mod envoy;
mod haproxy;
mod harness;
mod nginx;
mod peers;
mod promises;
mod spoofing;
mod traefik;

use self::apache::APACHE;
use self::caddy::CADDY;
use self::envoy::{ENVOY_GRPC, ENVOY_HTTP};
use self::haproxy::HAPROXY;
use self::harness::{Server, Stand, Way};
use self::nginx::NGINX;
use self::traefik::TRAEFIK;

/// The real server, as it is shipped: what passes, what does not, and what no client can change.
fn decides(server: &'static Server) {
    let Some(stand) = Stand::start(server, Way::Closed) else { return };
    promises::all(&stand);
    spoofing::changes_nothing(&stand);
}

/// Without an answer from Spigot nothing passes, or everything, as the server's configuration says.
fn without_spigot(server: &'static Server) {
    for way in [Way::Closed, Way::Open] {
        if way == Way::Open && !server.opens {
            continue;
        }
        let Some(mut stand) = Stand::start(server, way) else { return };
        promises::with_and_without_answers(&mut stand);
    }
}

macro_rules! doors {
    ($($name:ident: $server:ident),* $(,)?) => {$(
        mod $name {
            #[test]
            fn decides() {
                crate::doors::decides(&crate::doors::$server);
            }

            #[test]
            fn without_spigot() {
                crate::doors::without_spigot(&crate::doors::$server);
            }
        }
    )*};
}

mod real {
    doors! { nginx: NGINX, caddy: CADDY, traefik: TRAEFIK, haproxy: HAPROXY, apache: APACHE, envoy_http: ENVOY_HTTP, envoy_grpc: ENVOY_GRPC }
}
