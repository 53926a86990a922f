//! Everything that the panel does, the command line can do, too. A new operation of the API needs a command here.

/// Each operation with the command that does the same, or why there is none.
const SAME: &[(&str, Same)] = &[
    ("overview.show", Command("admin ask")),
    ("events.search", Command("events")),
    ("events.newer", Command("admin ask")),
    ("events.export", Command("events")),
    ("events.show", Command("explain")),
    ("support.mark", Command("mark")),
    ("support.except", Command("exception add")),
    ("review.show", Command("review")),
    ("health.show", Command("admin ask")),
    ("triggers.show", Command("admin triggers")),
    ("forced.list", Command("force")),
    ("forced.put", Command("force")),
    ("forced.remove", Command("force")),
    ("lists.show", Command("list show")),
    ("lists.put", Command("list deny")),
    ("lists.import", Command("list import")),
    ("lists.export", Command("list export")),
    ("lists.remove", Command("list remove")),
    ("restrictions.show", Command("restrict show")),
    ("restrictions.put", Command("restrict add")),
    ("restrictions.lift", Command("restrict lift")),
    ("exceptions.list", Command("exception show")),
    ("exceptions.put", Command("exception add")),
    ("exceptions.remove", Command("exception remove")),
    ("policy.show", Command("policy show")),
    ("policy.check", Command("check")),
    ("policy.edit", Command("policy edit")),
    ("policy.replay", Command("replay")),
    ("policy.replay_state", Command("replay")),
    ("policy.stop_replay", Command("replay")),
    ("policy.publish", Command("policy publish")),
    ("policy.versions", Command("policy history")),
    ("policy.version", Command("policy text")),
    ("users.list", Command("admin list")),
    ("users.add", Command("admin create")),
    ("users.role", Command("admin role")),
    ("users.link", Command("admin link")),
    ("users.state", Command("admin disable")),
    ("users.identity", Command("admin identity")),
    ("users.remove", Command("admin remove")),
    ("tokens.list", Command("admin token list")),
    ("tokens.add", Command("admin token add")),
    ("tokens.revoke", Command("admin token revoke")),
    ("audit.list", Command("admin audit")),
    ("audit.check", Command("admin audit")),
];

/// Where the same is done.
enum Same {
    /// Words after `spigot`.
    Command(&'static str),
}

use Same::Command;

#[test]
fn each_operation_has_a_command() {
    // Signing in and one's own account are a person's in a browser: whoever has the data folder needs neither, and makes
    // and ends the ways in with `spigot admin`.
    let of_a_browser = |id: &str| id.starts_with("session.") || id.starts_with("me.");
    let operations = spigot_admin::api::operations();
    let ids: Vec<_> = operations.iter().map(|one| one.id).filter(|id| !of_a_browser(id)).collect();
    let missing: Vec<_> = ids.iter().filter(|id| !SAME.iter().any(|(known, _)| known == *id)).collect();
    assert!(missing.is_empty(), "no command does the same as {missing:?}; add one, and a line above");
    let gone: Vec<_> = SAME.iter().map(|(id, _)| id).filter(|id| !ids.contains(id)).collect();
    assert!(gone.is_empty(), "the API has no {gone:?}");
    let cli = super::command();
    for (id, Command(words)) in SAME {
        let mut at = &cli;
        for word in words.split(' ') {
            at = at.find_subcommand(word).unwrap_or_else(|| panic!("{id}: there is no `spigot {words}`"));
        }
    }
}
