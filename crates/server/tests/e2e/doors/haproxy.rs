use std::path::Path;

use super::harness::{Places, Server, Way};

pub(crate) static HAPROXY: Server = Server {
    name: "HAProxy",
    kind: "haproxy",
    program: "haproxy",
    arrange,
    closed: &[503],
    opens: true,
    shows_bodies: true,
    removes_keys: true,
    redirects: false,
};

const SHIPPED: &str = include_str!("../../../../../integrations/haproxy/haproxy.cfg");
const SCRIPT: &str = include_str!("../../../../../integrations/haproxy/spigot.lua");

fn arrange(places: &Places, folder: &Path) -> Vec<String> {
    let text = places.fill(SHIPPED, "bind :80", &format!("bind {}", places.front));
    std::fs::write(folder.join("haproxy.cfg"), text.replace("/etc/haproxy", &folder.display().to_string()))
        .unwrap();
    let mut script = SCRIPT.replace("127.0.0.1:8084", &places.door.to_string());
    if places.way == Way::Open {
        assert!(script.contains("local OPEN = false"));
        script = script.replace("local OPEN = false", "local OPEN = true");
    }
    std::fs::write(folder.join("spigot.lua"), script).unwrap();
    ["-db", "-f", "haproxy.cfg"].map(str::to_owned).into()
}
