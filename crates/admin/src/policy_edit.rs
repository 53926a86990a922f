//! Single values of the policy's text, changed where they stand: comments and order stay.

use serde_json::Value as Json;
use toml_edit::{ArrayOfTables, DocumentMut, InlineTable, Item, Table, Value};

use crate::policy_route::{keep_extending, take_along};

/// A value to set, or to take out.
#[derive(Clone, Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyEdit {
    /// An array of tables, `route` or `limit` for example, and which one by its name; the top when absent.
    pub section: Option<SectionOf>,
    /// The key, part by part: `["triggers", "high_frequency", "more_than"]`. Of a section without parts the whole of it, which
    /// can be taken out.
    pub key: Vec<String>,
    /// The value; takes it out when null, so that the default counts again.
    pub value: Json,
}

/// One of several tables, by its name.
#[derive(Clone, Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SectionOf {
    /// `route`, `limit`, `rule` and so on.
    pub kind: String,
    /// Its `name`.
    pub name: String,
}

/// Parts of a key at most; the deepest that there is has three.
const DEPTH_MAX: usize = 4;

/// The text with the edits made.
///
/// # Errors
/// A sentence for the operator.
pub fn edited(text: &str, edits: &[PolicyEdit]) -> Result<String, String> {
    let mut document: DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| format!("the text is no TOML: {}", error.message()))?;
    for edit in edits {
        let top = document.as_table_mut();
        let table = match &edit.section {
            Some(section) if edit.key.is_empty() && edit.value.is_null() => {
                keep_extending(top, |top| take_out(top, section));
                continue;
            }
            None => {
                begin(top, &edit.key, &edit.value);
                top
            }
            Some(section) => {
                let mut found = Ok(());
                keep_extending(top, |top| found = named(top, section).map(|_| ()));
                found?;
                if section.kind == "route" && edit.key == ["match"] && !edit.value.is_null() {
                    take_along(top, &section.name);
                }
                named(top, section)?
            }
        };
        if edit.key.is_empty() || edit.key.len() > DEPTH_MAX {
            return Err(format!("a key has 1 to {DEPTH_MAX} parts"));
        }
        set(table, &edit.key, &edit.value)?;
    }
    Ok(document.to_string())
}

/// One that is not there is out already.
fn take_out(top: &mut Table, section: &SectionOf) {
    let Some(tables) = top.get_mut(&section.kind).and_then(Item::as_array_of_tables_mut) else { return };
    tables.retain(|table| table.get("name").and_then(Item::as_str) != Some(section.name.as_str()));
}

/// A section of the top that is not there yet is written as one, at the end, as people do.
fn begin(top: &mut Table, key: &[String], value: &Json) {
    if let [first, _, ..] = key
        && !value.is_null()
        && !top.contains_key(first)
    {
        top.insert(first, Item::Table(Table::new()));
    }
}

/// The table of an array that is called so; a new one at the end, when there is none.
fn named<'t>(top: &'t mut Table, section: &SectionOf) -> Result<&'t mut Table, String> {
    let item = top.entry(&section.kind).or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
    let tables = item
        .as_array_of_tables_mut()
        .ok_or_else(|| format!("`{}` is written in a form that only the text can change", section.kind))?;
    let is = |table: &Table| table.get("name").and_then(Item::as_str) == Some(section.name.as_str());
    let at = tables.iter().position(is);
    let at = match at {
        Some(at) => at,
        None => {
            let mut table = Table::new();
            table.insert("name", toml_edit::value(section.name.as_str()));
            tables.push(table);
            tables.len() - 1
        }
    };
    tables.get_mut(at).ok_or_else(|| "the section cannot be found".to_owned())
}

fn set(table: &mut dyn toml_edit::TableLike, key: &[String], value: &Json) -> Result<(), String> {
    let Some((first, rest)) = key.split_first() else { return Ok(()) };
    if rest.is_empty() {
        match written(value)? {
            None => {
                table.remove(first);
            }
            Some(fresh) => put(table, first, fresh),
        }
        return Ok(());
    }
    if table.get(first).is_none_or(|item| !item.is_table_like()) {
        if value.is_null() {
            return Ok(());
        }
        table.insert(first, Item::Value(Value::InlineTable(InlineTable::new())));
    }
    let inner = table.get_mut(first).and_then(Item::as_table_like_mut);
    set(inner.ok_or_else(|| format!("`{first}` cannot hold keys"))?, rest, value)
}

/// In place of the old value, with the remark behind it.
fn put(table: &mut dyn toml_edit::TableLike, key: &str, mut fresh: Value) {
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(old) => {
            *fresh.decor_mut() = old.decor().clone();
            *old = fresh;
        }
        None => {
            table.insert(key, Item::Value(fresh));
        }
    }
}

fn written(value: &Json) -> Result<Option<Value>, String> {
    Ok(Some(match value {
        Json::Null => return Ok(None),
        Json::Bool(flag) => Value::from(*flag),
        Json::String(text) => Value::from(text.as_str()),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Value::from(integer),
            (None, Some(float)) => Value::from(float),
            (None, None) => return Err(format!("{number} is no number that can be written")),
        },
        Json::Array(values) => {
            let mut array = toml_edit::Array::new();
            for value in values {
                array.push(written(value)?.ok_or("a list holds no empty values")?);
            }
            Value::Array(array)
        }
        Json::Object(_) => return Err("set the keys of a table one by one".to_owned()),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, edit: Json, gives: &str) {
        let edit: PolicyEdit = serde_json::from_value(edit).unwrap();
        assert_eq!(edited(text, &[edit]).unwrap(), gives);
    }

    #[test]
    fn what_is_not_meant_stays_as_it_was() {
        let text = "# ours\nmode = \"enforce\" # for now\n\n[[route]]\nname = \"login\"   # the form\nthresholds = { challenge = 50 }\n";
        let route = serde_json::json!({ "kind": "route", "name": "login" });
        check(
            text,
            serde_json::json!({ "key": ["mode"], "value": "monitor" }),
            &text.replace("enforce", "monitor"),
        );
        check(
            text,
            serde_json::json!({ "section": route, "key": ["thresholds", "challenge"], "value": 60 }),
            &text.replace("50", "60"),
        );
        check(
            text,
            serde_json::json!({ "section": route, "key": ["triggers", "high_frequency", "more_than"], "value": 9 }),
            &format!("{text}triggers = {{ high_frequency = {{ more_than = 9 }} }}\n"),
        );
        check(
            text,
            serde_json::json!({ "section": route, "key": ["thresholds"], "value": null }),
            &text.replace("thresholds = { challenge = 50 }\n", ""),
        );
        check(text, serde_json::json!({ "section": route, "key": ["budget", "times"], "value": null }), text);
    }

    #[test]
    fn a_section_is_taken_out_as_a_whole() {
        let text = "# ours\nmode = \"enforce\"\n\n# guesses\n[[limit]]\nname = \"a\"\nrate = \"1 per 1m\"\n\n# others\n[[limit]]\nname = \"b\"\nrate = \"2 per 1m\"\n";
        let section = serde_json::json!({ "kind": "limit", "name": "a" });
        let out = serde_json::json!({ "section": section, "key": [], "value": null });
        let left = text.replace("# guesses\n[[limit]]\nname = \"a\"\nrate = \"1 per 1m\"\n\n", "");
        check(text, out.clone(), &left);
        check(&left, out, &left);
    }

    #[test]
    fn new_sections_come_at_the_end() {
        let section = serde_json::json!({ "kind": "route", "name": "all" });
        check(
            "mode = \"enforce\"\n",
            serde_json::json!({ "section": section, "key": ["match"], "value": ["/**"] }),
            "mode = \"enforce\"\nextends = \"default\"\n\n[[route]]\nname = \"all\"\nmatch = [\"/**\"]\n",
        );
    }

    #[test]
    fn what_cannot_be_is_said() {
        let edit = |value: Json| PolicyEdit { section: None, key: vec!["mode".to_owned()], value };
        assert!(edited("mode = ", &[edit(Json::Bool(true))]).unwrap_err().contains("no TOML"));
        assert!(edited("", &[edit(serde_json::json!({ "a": 1 }))]).unwrap_err().contains("one by one"));
    }
}
