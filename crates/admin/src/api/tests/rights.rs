use super::*;
use crate::api::operation::Operation;
use crate::api::resources;
use crate::staff::Need;
use crate::{EntrySetting, ExceptionSetting, HoldSetting, ListName, PolicyStore, Setting};

/// The path of an operation, with something for its names that is nowhere.
fn path(operation: &Operation) -> String {
    let part = |part: &str| if part.starts_with('{') { "0" } else { part }.to_owned();
    operation.path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// Whether a call gets as far as the operation. Bodies that are none stop there.
fn may(panel: &Panel, who: &As, operation: &Operation) -> bool {
    let nonsense = serde_json::json!({ "nonsense": true });
    let (status, said) = panel.call(who, &operation.method, &path(operation), &nonsense);
    let detail = said["detail"].as_str().unwrap_or_default();
    let is_refused = status == 401 && said["code"] == "signed_out"
        || status == 403 && (detail.contains("may not do this") || detail.contains("not for"));
    assert_eq!(
        is_refused,
        status == 403 || said["code"] == "signed_out",
        "{}: {status} {said}",
        operation.id
    );
    !is_refused
}

/// Who may what, as it is observed: a change of rights shows as a change of this file.
#[test]
fn who_may_what() {
    let panel = Panel::new();
    panel.session(Role::Admin);
    let mut table = String::new();
    for operation in resources::all() {
        let mut who: Vec<&str> = Vec::new();
        if may(&panel, &As::Nobody, &operation) {
            who.push("nobody");
        }
        for role in Role::ALL {
            // Each with a session of its own: some operations end it.
            let by_session = may(&panel, &panel.session(role), &operation);
            let name = format!("{}-{}", operation.id, role.name());
            let by_token = may(&panel, &panel.token(&name, role, &[]), &operation);
            let is_own = operation.need == Need::Own;
            assert_eq!(by_token, by_session && !is_own, "{} with a token of {}", operation.id, role.name());
            who.extend(by_session.then(|| role.name()));
            panel.staff().remove_token(&name).unwrap();
        }
        table.push_str(&format!("{}: {}\n", operation.id, who.join(" ")));
    }
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/src/api/tests/rights.txt");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(kept, &table).unwrap();
    }
    assert_eq!(table, std::fs::read_to_string(kept).unwrap_or_default(), "run the test with UPDATE_EXPECT=1");
}

#[test]
fn a_token_is_for_its_resources_alone() {
    let panel = Panel::new();
    panel.session(Role::Admin);
    let names = resources::resources();
    let tokens: Vec<_> = names.iter().map(|name| panel.token(name, Role::Admin, &[name])).collect();
    for operation in resources::all() {
        for (name, token) in names.iter().zip(&tokens) {
            let is_for = match operation.need {
                Need::Nobody => true,
                Need::Own => false,
                _ => operation.resource() == *name,
            };
            assert_eq!(may(&panel, token, &operation), is_for, "{} with a token for {name}", operation.id);
        }
    }
}

/// Everything that support can be shown, with whole addresses wherever somebody can write one.
#[test]
fn support_sees_no_whole_address() {
    let panel = Panel::new();
    let (v4, v6) = ("203.0.113.77", "2001:db8:1:2:3:4:5:6");
    let mut store = PolicyStore::open(panel.folder.path()).unwrap();
    let mut set = |setting: Setting| store.commit(setting, "ada", NOW).unwrap();
    for address in [v4, v6] {
        let note = format!("{address} called");
        let prefix = address.to_owned();
        set(Setting::List(EntrySetting {
            list: ListName::Deny,
            prefix: prefix.clone(),
            until: None,
            note: note.clone(),
        }));
        set(Setting::Exception(ExceptionSetting {
            name: format!("for {address}"),
            prefix: Some(prefix.clone()),
            routes: Vec::new(),
            start: NOW.0,
            end: NOW.0 + 1000,
            times_milli: None,
            reason: note.clone(),
            by_support: false,
        }));
        let action = "block".to_owned();
        set(Setting::Restrict(HoldSetting { prefix, action, end: NOW.0 + 1000, reason: note }));
    }
    let (support, analyst) = (panel.session(Role::Support), panel.session(Role::Analyst));
    let mut shown_to_analysts = 0;
    for operation in resources::all().iter().filter(|one| one.method == Method::GET) {
        for list in ["", "?list=deny"] {
            let path = format!("{}{list}", path(operation));
            let (_, said) = panel.call(&support, &Method::GET, &path, &Value::Null);
            let text = said.to_string();
            let whole = [v4, "2001:db8:1:2:3"];
            let found = whole.iter().find(|part| text.contains(**part));
            assert!(found.is_none(), "{path} shows {found:?}: {text}");
            let (_, said) = panel.call(&analyst, &Method::GET, &path, &Value::Null);
            shown_to_analysts += u32::from(said.to_string().contains(v4));
        }
    }
    assert!(shown_to_analysts >= 3, "they are there to be seen: {shown_to_analysts}");
}

#[test]
fn operators_publish_policy_alone() {
    let panel = Panel::new();
    let publish = |who: &As, from: &str, text: &str| {
        let body = serde_json::json!({ "text": text, "note": "why" });
        let version = format!("\"{}\"", crate::text_version(from));
        panel.call_at(who, &Method::PUT, "/api/policy", (&body, &[("if-match", &version)]), NOW)
    };
    let first = std::fs::read_to_string(panel.folder.path().join("spigot.toml")).unwrap();
    let second = format!("mode = \"monitor\"\n{first}");
    let (operator, admin) = (panel.session(Role::Operator), panel.session(Role::Admin));
    assert_eq!(publish(&operator, &first, &second).0, 200);
    let third = second.replace("3000", "4000").replace("upstream", "admin = \"0.0.0.0:80\"\nupstream");
    let (status, said) = publish(&operator, &second, &third);
    assert_eq!(
        (status, &said["more"]["sections"]),
        (403, &serde_json::json!(["`admin`", "`upstream`"])),
        "{said}"
    );
    let token = panel.token("ci", Role::Operator, &["policy"]);
    assert_eq!(publish(&token, &second, &third).0, 403);
    let (status, said) = publish(&operator, &first, &third);
    assert_eq!(
        (status, &said["more"]["author"]),
        (412, &serde_json::json!("operator")),
        "who was faster is told"
    );
    assert_eq!(publish(&admin, &second, &third).0, 200);
}

#[test]
fn an_exception_of_support_undoes_no_denial() {
    let panel = Panel::new();
    let (support, operator) = (panel.session(Role::Support), panel.session(Role::Operator));
    let make = |who: &As, name: &str| {
        let end = NOW.plus(3_600_000).to_string();
        let body =
            serde_json::json!({ "name": name, "subject": "203.0.113.7", "end": end, "reason": "called" });
        assert_eq!(panel.call(who, &Method::PUT, "/api/exceptions", &body).0, 200);
    };
    make(&support, "theirs");
    make(&operator, "ours");
    let operator = PolicyStore::open(panel.folder.path()).unwrap().operator(NOW).unwrap();
    let yields: Vec<_> = operator.exceptions.iter().map(|one| (one.name.as_str(), one.yields)).collect();
    assert_eq!(yields, [("ours", false), ("theirs", true)]);
}
