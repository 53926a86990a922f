use std::path::Path;

use super::harness::{Places, Server, Way, opened};

pub(crate) static NGINX: Server = Server {
    name: "nginx",
    kind: "nginx",
    program: "nginx",
    arrange,
    closed: &[503],
    opens: true,
    shows_bodies: false,
    removes_keys: false,
    redirects: false,
};

const SHIPPED: &str = include_str!("../../../../../integrations/nginx/spigot.conf");

fn arrange(places: &Places, folder: &Path) -> Vec<String> {
    let mut text = places.fill(SHIPPED, "listen 80;", &format!("listen {};", places.front));
    if places.way == Way::Open {
        text = opened(&text);
    }
    std::fs::write(folder.join("spigot.conf"), text).unwrap();
    let here = folder.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {here}/{name};\n"))
        .concat();
    let whole = format!(
        "daemon off;\nworker_processes 1;\npid {here}/pid;\nerror_log stderr;\n\
         events {{ worker_connections 256; }}\nhttp {{\naccess_log off;\n{temporary}include {here}/spigot.conf;\n}}\n"
    );
    std::fs::write(folder.join("nginx.conf"), whole).unwrap();
    ["-e", "stderr", "-c"].map(str::to_owned).into_iter().chain([format!("{here}/nginx.conf")]).collect()
}
