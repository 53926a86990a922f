//! `schema.json` against what is read: nobody adds a key without describing it.

use std::collections::BTreeSet;

use serde_json::Value;
use spigot_decision::policy::{json_schema, load_with};

const GOOD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/cases/good");

/// Keys at the top that the server reads, not the policy; `crates/server` knows them.
const SERVER_KEYS: [&str; 29] = [
    "admin",
    "alerts",
    "bounds",
    "breach",
    "browsers",
    "client_certificate_header",
    "counter_memory",
    "crawlers",
    "data",
    "disposable_domains",
    "door",
    "events",
    "fingerprint_headers",
    "forwarded_header",
    "ill_reputed_domains",
    "listen",
    "networks",
    "panel",
    "provider",
    "proxy_protocol",
    "review",
    "service",
    "site",
    "threads",
    "tls",
    "trusted",
    "trusted_proxies",
    "upstream",
    "upstream_ca",
];

type Keys = BTreeSet<(String, String)>;

fn schema() -> Value {
    serde_json::from_str(json_schema()).expect("the schema is JSON")
}

/// `(section, key)` of every property below a node, as `Reader::asked` names them.
fn describe(root: &Value, node: &Value, section: &str, found: &mut Keys) {
    if let Some(reference) = node["$ref"].as_str() {
        let target = reference.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
        describe(root, target.unwrap_or_else(|| panic!("{reference} is missing")), section, found);
    }
    for part in node["oneOf"].as_array().into_iter().flatten() {
        describe(root, part, section, found);
    }
    if node["items"].is_object() {
        describe(root, &node["items"], section, found);
    }
    for (key, property) in node["properties"].as_object().into_iter().flatten() {
        if section.is_empty() && SERVER_KEYS.contains(&key.as_str()) {
            continue;
        }
        found.insert((section.to_owned(), key.clone()));
        let below = if section.is_empty() { key.clone() } else { format!("{section}.{key}") };
        describe(root, property, &below, found);
    }
}

#[test]
fn the_schema_has_the_keys_that_are_read() {
    let mut asked = Keys::new();
    for entry in std::fs::read_dir(GOOD).expect("the folder of good cases is there") {
        let path = entry.expect("its entries can be read").path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a case can be read");
        let loaded = load_with("good", &text, |top| top.reader.asked());
        let (_, keys) = loaded.unwrap_or_else(|problems| panic!("{problems}"));
        // The policy asks providers for their names alone, and trusted clients for what they get; the server reads all.
        let of_server = |(section, key): &(String, &str)| {
            let shared = |name: &str| matches!(name, "provider" | "trusted");
            shared(section) || (section.is_empty() && shared(key))
        };
        asked.extend(keys.into_iter().filter(|key| !of_server(key)).map(|(at, key)| (at, key.to_owned())));
    }
    let (root, mut described) = (schema(), Keys::new());
    describe(&root, &root, "", &mut described);
    // Where a list's key is found is the server's to read, as all secrets are.
    described.retain(|(section, _)| section != "list.api_key");
    let only = |a: &Keys, b: &Keys| a.difference(b).cloned().collect::<Vec<_>>();
    assert_eq!(only(&asked, &described), [], "read, but not in schema.json");
    assert_eq!(only(&described, &asked), [], "in schema.json, but not read while loading the good cases");
}

#[test]
fn each_key_is_described_and_no_other_allowed() {
    fn walk(node: &Value, path: &str) {
        if let Some(properties) = node["properties"].as_object() {
            assert_eq!(node["additionalProperties"], false, "{path}");
            for (key, property) in properties {
                let here = format!("{path}/{key}");
                assert!(property["description"].as_str().is_some_and(|text| text.ends_with('.')), "{here}");
                let example = property.get("examples").or(property.get("default")).or(property.get("enum"));
                assert!(example.is_some(), "{here} has no example");
            }
        }
        match node {
            Value::Object(map) => {
                map.iter().for_each(|(key, part)| walk(part, &format!("{path}/{key}")));
            }
            Value::Array(list) => list.iter().for_each(|part| walk(part, path)),
            _ => {}
        }
    }
    let root = schema();
    assert_eq!(root["$schema"], "https://json-schema.org/draft/2020-12/schema");
    walk(&root, "");
}
