//! Routes in the policy's text. One of the shipped policy is changed by what a `[[route]]` of its name says beside it;
//! with patterns of its own it is a route of the text, which starts from nothing, and so takes along what it was.

use spigot_decision::policy::DEFAULT;
use toml_edit::{DocumentMut, Item, Table, TableLike};

/// What the shipped policy says at its top for its own routes; its mode is everybody's.
const TOP: [&str; 3] = ["preset", "triggers", "weights"];

/// Whether the text builds on the shipped policy, as its reader sees it.
fn extends(top: &Table) -> bool {
    match top.get("extends").and_then(Item::as_str) {
        Some(name) => name == "default",
        None => routes(top) == 0,
    }
}

fn routes(top: &Table) -> usize {
    top.get("route").and_then(Item::as_array_of_tables).map_or(0, toml_edit::ArrayOfTables::len)
}

/// A text without routes extends the shipped policy, and one with routes does not. So that the first route, or the last
/// one less, changes nothing else, the text says itself what it did until then.
pub(crate) fn keep_extending(top: &mut Table, change: impl FnOnce(&mut Table)) {
    let (before, is_said) = (extends(top), top.contains_key("extends"));
    change(top);
    if !is_said && extends(top) != before {
        top.insert("extends", toml_edit::value(if before { "default" } else { "nothing" }));
    }
}

/// Before a route of the text gets patterns: what the shipped one of its name says counts no longer, so it is written
/// there, but for what the text says itself.
pub(crate) fn take_along(top: &mut Table, name: &str) {
    if !extends(top) {
        return;
    }
    let shipped: DocumentMut = DEFAULT.parse().unwrap_or_default();
    let Some(of_name) = at(shipped.as_table(), name) else { return };
    let at_top = top.clone();
    let tables = top.get_mut("route").and_then(Item::as_array_of_tables_mut).into_iter();
    let mut tables = tables.flat_map(|tables| tables.iter_mut());
    let Some(table) = tables.find(|table| is(table, name)) else { return };
    if table.contains_key("match") {
        return;
    }
    fill(table, of_name, None);
    let mut above = shipped.as_table().clone();
    above.retain(|key, _| TOP.contains(&key));
    // A preset at the top of the text is not for shipped routes.
    let mut text = at_top;
    text.remove("preset");
    fill(table, &above, Some(&text));
}

fn is(table: &Table, name: &str) -> bool {
    table.get("name").and_then(Item::as_str) == Some(name)
}

/// The route of a text by its name.
pub(crate) fn at<'t>(top: &'t Table, name: &str) -> Option<&'t Table> {
    top.get("route")?.as_array_of_tables()?.iter().find(|table| is(table, name))
}

/// Puts in what is not there, key by key, unless something that counts more says it.
fn fill(into: &mut dyn TableLike, from: &dyn TableLike, unless: Option<&dyn TableLike>) {
    for (key, item) in from.iter() {
        let said = unless.and_then(|unless| unless.get(key));
        match (item.as_table_like(), said.map(Item::as_table_like)) {
            // Said as a whole.
            (None, Some(_)) | (Some(_), Some(None)) => {}
            (Some(inner), said) => {
                if into.get(key).is_none() {
                    into.insert(key, toml_edit::value(toml_edit::InlineTable::new()));
                }
                if let Some(slot) = into.get_mut(key).and_then(Item::as_table_like_mut) {
                    fill(slot, inner, said.flatten());
                }
            }
            (None, None) => {
                if into.get(key).is_none() {
                    into.insert(key, item.clone());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use spigot_decision::policy::{Policy, Settings, load};

    use crate::policy_edit::{PolicyEdit, edited};

    fn compiled(text: &str) -> Policy {
        load("draft", text).unwrap_or_else(|problems| panic!("{problems}\n{text}"))
    }

    fn route(name: &str, key: &[&str], value: &serde_json::Value) -> PolicyEdit {
        let section = json!({ "kind": "route", "name": name });
        serde_json::from_value(json!({ "section": section, "key": key, "value": value })).unwrap()
    }

    /// The routes but for one, and that one.
    fn without(policy: &Policy, name: &str) -> (Vec<(String, String)>, Settings) {
        let said = |route: &spigot_decision::policy::Route| {
            (route.name.clone(), format!("{:?} {:?} {:?}", route.hosts, route.patterns, route.settings))
        };
        let others = policy.routes.iter().filter(|route| route.name != name).map(said).collect();
        (others, policy.routes.iter().find(|route| route.name == name).unwrap().settings.clone())
    }

    const TEXTS: [&str; 4] = [
        "# nothing of its own\n",
        "extends = \"default\"\nmode = \"monitor\"\npreset = \"high\"\n",
        "extends = \"default\"\nweights = { scanner_user_agent = 12, no_user_agent = 3 }\ntriggers = { traffic_anomaly = false }\n",
        "extends = \"default\"\nthresholds = { challenge = 45 }\n\n[[route]]\nname = \"offers\"\nmatch = \"/offers/**\"\n",
    ];

    /// Every form of every route, whatever the text says at its top: that value changes, and no other, and no other route.
    #[test]
    fn a_value_of_a_shipped_route_changes_where_it_stands() {
        for text in TEXTS {
            let before = compiled(text);
            for name in before.routes.iter().map(|route| &route.name).filter(|name| *name != "offers") {
                let after = compiled(
                    &edited(text, &[route(name, &["thresholds", "challenge"], &json!(46))]).unwrap(),
                );
                let (others, mut settings) = without(&before, name);
                settings.thresholds.challenge = 46;
                assert_eq!(without(&after, name), (others, settings), "{name} in {text}");
                let names = |policy: &Policy| {
                    policy.routes.iter().map(|route| route.name.clone()).collect::<Vec<_>>()
                };
                assert_eq!(names(&after), names(&before), "{text}");
            }
        }
    }

    #[test]
    fn a_shipped_route_with_other_patterns_is_what_it_was() {
        for text in TEXTS {
            let before = compiled(text);
            for name in before
                .routes
                .iter()
                .map(|route| &route.name)
                .filter(|name| !["offers", "default"].contains(&name.as_str()))
            {
                let edits = [
                    route(name, &["budget"], &json!(false)),
                    route(name, &["match"], &json!(["/elsewhere/**"])),
                ];
                let changed = edited(text, &edits).unwrap();
                let after = compiled(&changed);
                let (others, mut settings) = without(&before, name);
                settings.budget = None;
                assert_eq!(without(&after, name), (others, settings), "{name} in {changed}");
                let back = edited(&changed, &[route(name, &[], &json!(null))]).unwrap();
                assert_eq!(without(&compiled(&back), name), without(&before, name), "{back}");
            }
        }
    }

    /// Only the text's own routes count without the shipped ones, and the other way round.
    #[test]
    fn the_first_and_the_last_route_change_nothing_else() {
        let check = |text: &str, edit: PolicyEdit, others: &[&str]| {
            let changed = edited(text, &[edit]).unwrap();
            let names: Vec<_> = compiled(&changed).routes.into_iter().map(|route| route.name).collect();
            assert_eq!(names, others, "{changed}");
        };
        let mut all = vec!["offers"];
        let shipped = compiled("");
        all.extend(shipped.routes.iter().map(|route| route.name.as_str()));
        check("# ours\n", route("offers", &["match"], &json!(["/offers/**"])), &all);
        check("# ours\n", route("default", &["ask"], &json!("always")), &all[1..]);
        let alone = "[[route]]\nname = \"offers\"\nmatch = \"/offers/**\"\n";
        check(alone, route("offers", &[], &json!(null)), &["default"]);
        check(alone, route("default", &["ask"], &json!("always")), &["offers", "default"]);
        check(alone, route("more", &["match"], &json!(["/more"])), &["offers", "more", "default"]);
    }
}
