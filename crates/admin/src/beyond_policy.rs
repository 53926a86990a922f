//! What of a configuration is no policy: where it listens, what it protects, whom it asks, who may use the panel. It stands
//! in the same file, but operators publish policy alone.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json};
use spigot_decision::policy::load_with;
use toml_edit::{DocumentMut, Item, TableLike, Value};

/// What the policy asks for by name and others define.
const SHARED: [&str; 2] = ["provider", "trusted"];
/// The keys of a `[[list]]` that say what its entries mean. The others say where they come from, which may be any file and
/// any server that this machine reaches.
const MEANING: [&str; 6] = ["name", "kind", "action", "weight", "crawler", "entries"];

/// The sections in which two configurations differ and that are no policy, as they are written.
///
/// # Errors
/// When one of them is no TOML.
pub(crate) fn beyond_policy(before: &str, after: &str) -> Result<Vec<String>, String> {
    let (before, after) = (document(before)?, document(after)?);
    let policy = policy_keys()?;
    let keys: BTreeSet<&str> = before.iter().chain(after.iter()).map(|(key, _)| key).collect();
    let differs = |key: &str| match key {
        "list" => sources(&before) != sources(&after),
        _ => before.get(key).map(plain) != after.get(key).map(plain),
    };
    let beyond = keys.into_iter().filter(|key| (*key == "list" || !policy.contains(*key)) && differs(key));
    Ok(beyond.map(|key| shown(key, &before, &after)).collect())
}

fn document(text: &str) -> Result<DocumentMut, String> {
    text.parse().map_err(|error: toml_edit::TomlError| format!("the text is no TOML: {}", error.message()))
}

/// The keys of the top that the policy asks for. It opens nothing and listens nowhere, so whatever it reads is policy.
fn policy_keys() -> Result<BTreeSet<&'static str>, String> {
    let asked = load_with("policy.toml", "", |top| top.reader.asked());
    let (_, asked) = asked.map_err(|problems| problems.to_string())?;
    let of_top = asked.into_iter().filter(|(section, key)| section.is_empty() && !SHARED.contains(key));
    Ok(of_top.map(|(_, key)| key).collect())
}

/// Where lists come from, by their names.
fn sources(document: &DocumentMut) -> BTreeMap<String, Json> {
    let Some(Json::Array(lists)) = document.get("list").map(plain) else { return BTreeMap::new() };
    let source = |list: Json| {
        let Json::Object(mut keys) = list else { return None };
        let name = keys.get("name").and_then(Json::as_str).unwrap_or_default().to_owned();
        keys.retain(|key, _| !MEANING.contains(&key.as_str()));
        (!keys.is_empty()).then_some((name, Json::Object(keys)))
    };
    lists.into_iter().filter_map(source).collect()
}

/// As people find it in the file.
fn shown(key: &str, before: &DocumentMut, after: &DocumentMut) -> String {
    match after.get(key).or_else(|| before.get(key)) {
        _ if key == "list" => "where [[list]] takes its entries from".to_owned(),
        Some(Item::ArrayOfTables(_)) => format!("[[{key}]]"),
        Some(Item::Table(_)) => format!("[{key}]"),
        _ => format!("`{key}`"),
    }
}

/// What an item says, however it is written.
fn plain(item: &Item) -> Json {
    match item {
        Item::None => Json::Null,
        Item::Value(value) => of_value(value),
        Item::Table(table) => of_table(table),
        Item::ArrayOfTables(tables) => tables.iter().map(|table| of_table(table)).collect(),
    }
}

fn of_table(table: &dyn TableLike) -> Json {
    Json::Object(table.iter().map(|(key, item)| (key.to_owned(), plain(item))).collect::<Map<_, _>>())
}

fn of_value(value: &Value) -> Json {
    match value {
        Value::String(text) => text.value().as_str().into(),
        Value::Integer(number) => (*number.value()).into(),
        Value::Float(number) => (*number.value()).into(),
        Value::Boolean(flag) => (*flag.value()).into(),
        Value::Datetime(time) => time.value().to_string().into(),
        Value::Array(values) => values.iter().map(of_value).collect(),
        Value::InlineTable(table) => of_table(table),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# ours\nupstream = \"http://127.0.0.1:3000\"\nmode = \"monitor\"\n[panel]\norigin = \"https://a.example\"\n[[route]]\nname = \"login\"\nmatch = \"POST /login\"\n[[list]]\nname = \"drop\"\nkind = \"deny\"\nurl = \"https://lists.example/drop\"\n";

    fn check(after: &str, beyond: &[&str]) {
        assert_eq!(beyond_policy(FILE, after).unwrap(), beyond, "{after}");
    }

    #[test]
    fn policy_is_an_operators() {
        check(FILE, &[]);
        check(&FILE.replace("monitor", "enforce").replace("# ours", "# theirs"), &[]);
        check(&FILE.replace("POST /login", "POST /sign-in"), &[]);
        check(&format!("{FILE}[[limit]]\nname = \"a\"\n[[route]]\nname = \"b\"\n"), &[]);
        check(&FILE.replace("\"deny\"", "\"allow\""), &[]);
        check(&format!("{FILE}[[list]]\nname = \"own\"\nkind = \"deny\"\nentries = [\"192.0.2.7\"]\n"), &[]);
        check(
            &FILE.replace("upstream = \"http://127.0.0.1:3000\"", "upstream = 'http://127.0.0.1:3000'"),
            &[],
        );
        check(&FILE.replace("[panel]\norigin", "panel.origin").replace("mode =", "mode="), &[]);
    }

    #[test]
    fn everything_else_is_an_admins() {
        check(&FILE.replace("3000", "4000"), &["`upstream`"]);
        check(&FILE.replace("a.example", "b.example"), &["[panel]"]);
        check(&FILE.replace("[panel]\norigin = \"https://a.example\"\n", ""), &["[panel]"]);
        check(&FILE.replace("lists.example", "127.0.0.1"), &["where [[list]] takes its entries from"]);
        check(&FILE.replace("url =", "file ="), &["where [[list]] takes its entries from"]);
        let list = "[[list]]\nname = \"b\"\nkind = \"mark\"\nfile = \"/etc/passwd\"\n";
        check(&format!("{FILE}{list}"), &["where [[list]] takes its entries from"]);
        let keys = "[[provider]]\nname = \"a\"\n[[trusted]]\nname = \"b\"\n[[door]]\nkind = \"nginx\"\n[tls]\nkey = \"k\"\n";
        check(&format!("{FILE}{keys}"), &["[[door]]", "[[provider]]", "[tls]", "[[trusted]]"]);
        check(&format!("listen = \"0.0.0.0:80\"\nadmin = \"0.0.0.0:81\"\n{FILE}"), &["`admin`", "`listen`"]);
        check(&format!("unheard_of = 1\n{FILE}"), &["`unheard_of`"]);
        assert!(beyond_policy(FILE, "mode = ").is_err());
    }
}
