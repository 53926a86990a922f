//! `[[door]]`: the servers beside which Spigot decides.

use std::net::SocketAddr;

use spigot_decision::Prefix;
use spigot_decision::policy::source::Section;
use spigot_gateway::BesideKind;

use super::{addresses, prefixes};

/// Each has sockets and threads of its own.
const DOORS_MAX: usize = 16;

/// A door's part of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DoorSection {
    /// Which server asks there.
    pub(crate) kind: BesideKind,
    /// Where it is listened on.
    pub(crate) listen: Vec<SocketAddr>,
    /// Who may ask.
    pub(crate) peers: Vec<Prefix>,
}

pub(super) fn doors(top: &Section<'_, '_>) -> Vec<DoorSection> {
    let parts = top.tables("door");
    if let Some((_, span)) = top.raw("door").filter(|_| parts.len() > DOORS_MAX) {
        top.reader.problem(
            span,
            format!("there are more than {DOORS_MAX} doors"),
            "let several servers of one kind ask at one door",
        );
    }
    parts.iter().filter_map(door).collect()
}

fn door(part: &Section<'_, '_>) -> Option<DoorSection> {
    let kind = part.require("kind", part.choice("kind", &BesideKind::ALL), "kind = \"nginx\"");
    let listen = part.require("listen", addresses(part, "listen"), "listen = \"127.0.0.1:8084\"");
    let peers = if part.has("peers") { prefixes(part, "peers") } else { own_machine() };
    part.finish();
    Some(DoorSection { kind: kind?.value, listen: listen?, peers })
}

/// Who asks where nothing else is said.
fn own_machine() -> Vec<Prefix> {
    ["127.0.0.1", "::1"].iter().filter_map(|address| Prefix::parse(address)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    #[test]
    fn doors_are_read_or_refused() {
        let check = |text: &str, said: &[&str]| match Config::parse("spigot.toml", text) {
            Ok(config) => {
                assert_eq!(said, [""; 0], "{text}");
                config.server.doors
            }
            Err(problems) => {
                let found: Vec<_> =
                    problems.problems.iter().map(|problem| problem.message.as_str()).collect();
                assert_eq!(found, said, "{text}");
                Vec::new()
            }
        };
        let read = check("[[door]]\nkind = \"nginx\"\nlisten = \"127.0.0.1:8084\"\n", &[]);
        assert_eq!(read[0].peers.len(), 2, "{read:?}");
        assert_eq!(read[0].kind, BesideKind::Nginx);
        let peers = "[[door]]\nkind = \"caddy\"\nlisten = \"10.0.0.1:8084\"\npeers = [\"10.0.0.0/24\"]\n";
        assert_eq!(check(peers, &[])[0].peers.len(), 1);
        check("[[door]]\nlisten = \"127.0.0.1:8084\"\n", &["[[door]] has no `kind`"]);
        check("[[door]]\nkind = \"nginx\"\n", &["[[door]] has no `listen`"]);
        check(
            "upstream = \"http://127.0.0.1:3000\"\n[[door]]\nkind = \"nginx\"\nlisten = \"127.0.0.1:8080\"\n",
            &["127.0.0.1:8080 is named twice"],
        );
    }
}
