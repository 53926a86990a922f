use std::path::Path;

use super::harness::{Places, Server, Way};

pub(crate) static ENVOY_HTTP: Server = Server {
    name: "Envoy over HTTP",
    kind: "envoy_http",
    program: "envoy",
    arrange: |places, folder| {
        arrange(include_str!("../../../../../integrations/envoy/envoy-http.yaml"), places, folder)
    },
    closed: &[503],
    opens: true,
    shows_bodies: true,
    removes_keys: true,
    redirects: true,
};

pub(crate) static ENVOY_GRPC: Server = Server {
    name: "Envoy over gRPC",
    kind: "envoy_grpc",
    program: "envoy",
    arrange: |places, folder| {
        arrange(include_str!("../../../../../integrations/envoy/envoy-grpc.yaml"), places, folder)
    },
    closed: &[503],
    opens: true,
    shows_bodies: true,
    removes_keys: true,
    redirects: false,
};

fn arrange(shipped: &str, places: &Places, folder: &Path) -> Vec<String> {
    let port = |port: u16| format!("port_value: {port} ");
    let mut text = shipped.to_owned();
    for (from, to) in [
        ("address: 0.0.0.0, port_value: 80 ", format!("address: 127.0.0.1, {}", port(places.front.port()))),
        ("port_value: 8084 ", port(places.door.port())),
        ("port_value: 3000 ", port(places.application.port())),
    ] {
        assert!(text.contains(from), "{from} is not in the shipped configuration");
        text = text.replace(from, &to);
    }
    if places.way == Way::Open {
        assert!(text.contains("failure_mode_allow: false"));
        text = text.replace("failure_mode_allow: false", "failure_mode_allow: true");
    }
    std::fs::write(folder.join("envoy.yaml"), text).unwrap();
    // Without it several on one machine would be taken for one that restarts.
    ["-c", "envoy.yaml", "--concurrency", "1", "--disable-hot-restart", "-l", "warning"]
        .map(str::to_owned)
        .into()
}
