use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::harness::{Places, Server, Way};

pub(crate) static APACHE: Server = Server {
    name: "Apache",
    kind: "apache",
    program: "apache2",
    arrange,
    closed: &[503],
    opens: true,
    shows_bodies: false,
    removes_keys: true,
    redirects: false,
};

const SHIPPED: &str = include_str!("../../../../../integrations/apache/spigot.conf");
const SCRIPT: &str = include_str!("../../../../../integrations/apache/spigot.lua");

fn arrange(places: &Places, folder: &Path) -> Vec<String> {
    let here = folder.display().to_string();
    let text = places.fill(SHIPPED, "*:80", &places.front.to_string()).replace("/etc/apache2", &here);
    std::fs::write(folder.join("spigot.conf"), text).unwrap();
    let door = "local HOST, PORT = \"127.0.0.1\", 8084";
    assert!(SCRIPT.contains(door));
    let mut script =
        SCRIPT.replace(door, &format!("local HOST, PORT = \"127.0.0.1\", {}", places.door.port()));
    if places.way == Way::Open {
        assert!(script.contains("local OPEN = false"));
        script = script.replace("local OPEN = false", "local OPEN = true");
    }
    std::fs::write(folder.join("spigot.lua"), script).unwrap();
    // Its workers read the script as whoever they run as.
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    let modules: String = ["mpm_event", "authz_core", "lua", "proxy", "proxy_http", "headers"]
        .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
        .concat();
    // A client that solves a puzzle on a busy machine leaves its connection idle for longer than Apache waits by itself.
    let whole = format!(
        "KeepAliveTimeout 120\nServerRoot {here}\nDefaultRuntimeDir {here}\nPidFile {here}/pid\nErrorLog {here}/error.log\nServerName localhost\n\
         User www-data\nGroup www-data\n{modules}Listen {}\nInclude {here}/spigot.conf\n",
        places.front
    );
    std::fs::write(folder.join("apache2.conf"), whole).unwrap();
    ["-D", "FOREGROUND", "-f"]
        .map(str::to_owned)
        .into_iter()
        .chain([format!("{here}/apache2.conf")])
        .collect()
}
