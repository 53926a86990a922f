//! `schema.json` against the cases: an editor that uses it accepts every good policy, and refuses of the bad ones what a
//! schema can see.

use std::path::PathBuf;

use regex::Regex;
use serde_json::{Map, Value};
use spigot_decision::policy::{DEFAULT, json_schema};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/cases");
/// Bad cases that the schema refuses. The others are about what one key says of another, conditions, patterns and rates.
const REFUSED: usize = 70;

/// What is wrong with a value by a schema (JSON Schema 2020-12, the keywords that ours uses), with its place.
fn wrong(root: &Value, schema: &Value, value: &Value, place: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (keyword, wanted) in schema.as_object().into_iter().flatten() {
        let fits = match keyword.as_str() {
            "$ref" => {
                let target = wanted.as_str().and_then(|text| root.pointer(text.strip_prefix('#')?));
                let target = target.unwrap_or_else(|| panic!("{wanted} is missing"));
                found.extend(wrong(root, target, value, place));
                true
            }
            "type" => match wanted.as_array() {
                Some(several) => several.iter().any(|name| is_of_type(value, name)),
                None => is_of_type(value, wanted),
            },
            "enum" => wanted.as_array().is_some_and(|all| all.contains(value)),
            "const" => wanted == value,
            "minimum" => value.as_f64().is_none_or(|number| Some(number) >= wanted.as_f64()),
            "maximum" => value.as_f64().is_none_or(|number| Some(number) <= wanted.as_f64()),
            "pattern" => value.as_str().is_none_or(|text| {
                let pattern = Regex::new(wanted.as_str().unwrap_or_default());
                pattern.unwrap_or_else(|error| panic!("{wanted}: {error}")).is_match(text)
            }),
            "minItems" => value.as_array().is_none_or(|list| Some(list.len() as u64) >= wanted.as_u64()),
            "maxItems" => value.as_array().is_none_or(|list| Some(list.len() as u64) <= wanted.as_u64()),
            "items" => {
                for (at, item) in value.as_array().into_iter().flatten().enumerate() {
                    found.extend(wrong(root, wanted, item, &format!("{place}/{at}")));
                }
                true
            }
            "required" => value.as_object().is_none_or(|table| {
                wanted
                    .as_array()
                    .into_iter()
                    .flatten()
                    .all(|key| table.contains_key(key.as_str().unwrap_or_default()))
            }),
            "properties" => {
                for (key, part) in value.as_object().into_iter().flatten() {
                    if let Some(schema) = wanted.get(key) {
                        found.extend(wrong(root, schema, part, &format!("{place}/{key}")));
                    }
                }
                true
            }
            "additionalProperties" => match (value.as_object(), wanted) {
                (Some(table), Value::Bool(false)) => {
                    table.keys().all(|key| schema["properties"].get(key).is_some())
                }
                (Some(table), of_others) => {
                    for (key, part) in table.iter().filter(|(key, _)| schema["properties"].get(key).is_none())
                    {
                        found.extend(wrong(root, of_others, part, &format!("{place}/{key}")));
                    }
                    true
                }
                (None, _) => true,
            },
            "anyOf" => fitting(root, wanted, value) > 0,
            "oneOf" => fitting(root, wanted, value) == 1,
            "$schema" | "$defs" | "title" | "description" | "default" | "examples" => true,
            other => panic!("this test does not know {other}, at {place}"),
        };
        if !fits {
            found.push(format!("{place}: {keyword}"));
        }
    }
    found
}

fn fitting(root: &Value, schemas: &Value, value: &Value) -> usize {
    let all = schemas.as_array().into_iter().flatten();
    all.filter(|schema| wrong(root, schema, value, "").is_empty()).count()
}

fn is_of_type(value: &Value, name: &Value) -> bool {
    match name.as_str().unwrap_or_default() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        other => panic!("this test does not know the type {other}"),
    }
}

/// A TOML file as an editor sees it; `None` when it is none.
fn parsed(text: &str) -> Option<Value> {
    let table: toml::Table = text.strip_prefix('\u{feff}').unwrap_or(text).parse().ok()?;
    Some(json(toml::Value::Table(table)))
}

fn json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(flag) => flag.into(),
        toml::Value::Datetime(time) => Value::String(time.to_string()),
        toml::Value::Array(list) => list.into_iter().map(json).collect(),
        toml::Value::Table(table) => {
            Value::Object(table.into_iter().map(|(key, part)| (key, json(part))).collect::<Map<_, _>>())
        }
    }
}

fn cases(folder: &str) -> Vec<(String, String)> {
    let folder = PathBuf::from(FOLDER).join(folder);
    let entries = folder.read_dir().expect("the folder of cases is there");
    let paths = entries.map(|entry| entry.expect("its entries can be read").path());
    let mut cases: Vec<(String, String)> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).expect("a case can be read")))
        .collect();
    cases.sort();
    cases
}

#[test]
fn every_good_policy_is_accepted() {
    let schema: Value = serde_json::from_str(json_schema()).expect("the schema is JSON");
    let mut good = cases("good");
    good.push(("the shipped policy".to_owned(), DEFAULT.to_owned()));
    assert!(good.len() > 40, "{} cases", good.len());
    for (name, text) in good {
        let value = parsed(&text).unwrap_or_else(|| panic!("{name} is no TOML"));
        assert_eq!(wrong(&schema, &schema, &value, ""), [""; 0], "{name}");
    }
}

#[test]
fn of_the_bad_ones_those_are_refused_that_a_schema_can_tell() {
    let schema: Value = serde_json::from_str(json_schema()).expect("the schema is JSON");
    let (mut refused, mut accepted) = (0, Vec::new());
    for (name, text) in cases("bad") {
        // What is no TOML never comes to the schema.
        let Some(value) = parsed(&text) else { continue };
        if wrong(&schema, &schema, &value, "").is_empty() { accepted.push(name) } else { refused += 1 }
    }
    println!("{refused} refused, {} accepted", accepted.len());
    assert_eq!(refused, REFUSED, "state the number anew when a case is added; accepted: {accepted:#?}");
}
