use std::path::Path;

use super::harness::{Places, Server, Stand, Way};
use super::promises;

pub(crate) static TRAEFIK: Server = Server {
    name: "Traefik",
    kind: "traefik",
    program: "traefik",
    arrange,
    closed: &[500],
    opens: false,
    shows_bodies: false,
    removes_keys: false,
    redirects: true,
};

/// With the lines of the shipped file that show bodies.
static TRAEFIK_WITH_BODIES: Server = Server {
    name: "Traefik with bodies",
    arrange: |places, folder| arrange_file(&with_bodies(), places, folder),
    shows_bodies: true,
    ..TRAEFIK
};

/// What the shipped file says in `maxBodySize`.
const MOST: usize = 65_536;

const SHIPPED: &str = include_str!("../../../../../integrations/traefik/spigot.yml");

fn with_bodies() -> String {
    assert!(SHIPPED.contains("# body: forwardBody: true"), "{SHIPPED}");
    assert!(SHIPPED.contains(&format!("# body: maxBodySize: {MOST}\n")), "{SHIPPED}");
    SHIPPED.replace("# body: ", "")
}

fn arrange(places: &Places, folder: &Path) -> Vec<String> {
    arrange_file(SHIPPED, places, folder)
}

fn arrange_file(shipped: &str, places: &Places, folder: &Path) -> Vec<String> {
    std::fs::write(folder.join("spigot.yml"), places.fill(shipped, "", "")).unwrap();
    let front = places.front;
    let whole = format!(
        "entryPoints:\n  web:\n    address: \"{front}\"\nproviders:\n  file:\n    filename: {}/spigot.yml\n\
         global:\n  checkNewVersion: false\n  sendAnonymousUsage: false\n",
        folder.display()
    );
    std::fs::write(folder.join("traefik.yml"), whole).unwrap();
    vec!["--configFile=traefik.yml".to_owned()]
}

#[test]
fn shows_bodies_where_it_is_told_to() {
    let Some(stand) = Stand::start(&TRAEFIK_WITH_BODIES, Way::Closed) else { return };
    promises::all(&stand);
    let post = |bytes: usize| {
        let fields = [("Accept", "application/json"), ("Content-Type", "application/octet-stream")];
        stand.client(40).request("POST", "/shop", &fields, &vec![b'a'; bytes])
    };
    let most = post(MOST);
    assert_eq!((most.status, most.body.ends_with(&[b'a'; MOST])), (200, true), "{}", most.status);
    // Traefik's own answer: Spigot is not asked, and the application gets nothing.
    let more = post(MOST + 1);
    assert_eq!((more.status, more.body.len()), (401, 0), "{more:?}");
}
