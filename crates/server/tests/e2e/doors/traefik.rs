use std::path::Path;

use super::harness::{Places, Server};

pub(crate) static TRAEFIK: Server = Server {
    name: "Traefik",
    kind: "traefik",
    program: "traefik",
    arrange,
    closed: &[500],
    opens: false,
    shows_bodies: false,
    removes_keys: false,
};

const SHIPPED: &str = include_str!("../../../../../integrations/traefik/spigot.yml");

fn arrange(places: &Places, folder: &Path) -> Vec<String> {
    std::fs::write(folder.join("spigot.yml"), places.fill(SHIPPED, "", "")).unwrap();
    let front = places.front;
    let whole = format!(
        "entryPoints:\n  web:\n    address: \"{front}\"\nproviders:\n  file:\n    filename: {}/spigot.yml\n\
         global:\n  checkNewVersion: false\n  sendAnonymousUsage: false\n",
        folder.display()
    );
    std::fs::write(folder.join("traefik.yml"), whole).unwrap();
    vec!["--configFile=traefik.yml".to_owned()]
}
