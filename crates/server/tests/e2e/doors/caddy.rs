use std::path::Path;

use super::harness::{Places, Server, Way, opened};

pub(crate) static CADDY: Server = Server {
    name: "Caddy",
    kind: "caddy",
    program: "caddy",
    arrange,
    closed: &[502, 504],
    opens: true,
    shows_bodies: false,
    removes_keys: false,
    redirects: true,
};

const SHIPPED: &str = include_str!("../../../../../integrations/caddy/Caddyfile");

fn arrange(places: &Places, folder: &Path) -> Vec<String> {
    let site = format!("http://:{}", places.front.port());
    let mut text = places.fill(SHIPPED, ":80 {", &format!("{site} {{"));
    if places.way == Way::Open {
        text = opened(&text);
    }
    let here = folder.display();
    // Nothing of a user's own, and no port besides.
    let whole =
        format!("{{\n\tadmin off\n\tauto_https off\n\tstorage file_system {here}/storage\n}}\n{text}");
    std::fs::write(folder.join("Caddyfile"), whole).unwrap();
    ["run", "--adapter", "caddyfile", "--config", "Caddyfile"].map(str::to_owned).into()
}
