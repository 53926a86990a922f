//! Answers against the document's schemas: as much of JSON Schema (draft 2020-12) as the document uses. A keyword that is not
//! known here fails, so that nothing in the document is a promise that nobody holds.

use std::sync::LazyLock;

use bytes::Bytes;
use http::Response;
use serde_json::Value;

use super::media_type;
use crate::door::api::OPENAPI;

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(OPENAPI).expect("the document is JSON"));

/// The answer's body, once it is sure that the document shows such a one for this path, method, status and media type.
pub(super) fn held(path: &str, method: &str, answer: &Response<Bytes>) -> Value {
    let document = &*DOCUMENT;
    let path = match path.strip_prefix("/v1/projects/") {
        Some(_) => "/v1/projects/{project}/assessments",
        None => path,
    };
    let (status, kind) = (answer.status().as_u16().to_string(), media_type(answer));
    let schema = &document["paths"][path][method]["responses"][&status]["content"][kind]["schema"];
    assert!(schema.is_object(), "{method} {path} answers {status} with {kind}, which is not documented");
    let body = serde_json::from_slice(answer.body()).expect("an answer is JSON");
    if let Err(why) = fits(document, schema, &body, "") {
        panic!("{method} {path} answers {status} otherwise than documented: {why}\n{body}");
    }
    body
}

/// Whether a value is as a schema says; otherwise where it is not.
pub(super) fn fits(document: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let wrong =
        |what: &dyn std::fmt::Display| Err(format!("{} {what}", if at.is_empty() { "/" } else { at }));
    let schema = schema.as_object().expect("a schema is an object");
    for (keyword, say) in schema {
        let ok = match keyword.as_str() {
            "description" | "default" | "examples" => true,
            "$ref" => {
                let target = say.as_str().and_then(|at| document.pointer(at.strip_prefix('#')?));
                fits(document, target.unwrap_or_else(|| panic!("{say} is missing")), value, at)?;
                true
            }
            "allOf" => {
                for part in each(say) {
                    fits(document, part, value, at)?;
                }
                true
            }
            "anyOf" => each(say).any(|part| fits(document, part, value, at).is_ok()),
            "oneOf" => each(say).filter(|part| fits(document, part, value, at).is_ok()).count() == 1,
            "type" => match say {
                Value::String(name) => is(name, value),
                names => each(names).any(|name| is(name.as_str().unwrap_or_default(), value)),
            },
            "const" => value == say,
            "enum" => each(say).any(|known| known == value),
            "minimum" => {
                value.as_f64().is_none_or(|number| say.as_f64().is_some_and(|least| number >= least))
            }
            "maximum" => value.as_f64().is_none_or(|number| say.as_f64().is_some_and(|most| number <= most)),
            "maxLength" => value
                .as_str()
                .is_none_or(|text| say.as_u64().is_some_and(|most| text.chars().count() as u64 <= most)),
            "required" => each(say).all(|name| value.get(name.as_str().unwrap_or_default()).is_some()),
            "properties" => {
                for (name, part) in say.as_object().into_iter().flatten() {
                    if let Some(member) = value.get(name) {
                        fits(document, part, member, &format!("{at}/{name}"))?;
                    }
                }
                true
            }
            "additionalProperties" => {
                let known = |name: &str| schema.get("properties").is_some_and(|all| all.get(name).is_some());
                for (name, member) in value.as_object().into_iter().flatten().filter(|(name, _)| !known(name))
                {
                    match say {
                        Value::Bool(allowed) if *allowed => {}
                        Value::Bool(_) => {
                            return wrong(&format_args!("has the member {name}, which is not documented"));
                        }
                        part => fits(document, part, member, &format!("{at}/{name}"))?,
                    }
                }
                true
            }
            "items" => {
                for (index, item) in each(value).enumerate() {
                    fits(document, say, item, &format!("{at}/{index}"))?;
                }
                true
            }
            unknown => panic!("the tests do not know the keyword {unknown}"),
        };
        if !ok {
            return wrong(&format_args!("is not as {keyword} says: {say}"));
        }
    }
    Ok(())
}

fn each(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn is(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("{other} is no type"),
    }
}

#[test]
fn what_does_not_fit_is_found() {
    let document = serde_json::json!({ "name": { "type": "string", "enum": ["a", "b"] } });
    let check = |schema: &str, value: &str, fit: bool| {
        let [schema, value] = [schema, value].map(|text| serde_json::from_str(text).expect("JSON"));
        let found: Result<(), String> = fits(&document, &schema, &value, "");
        assert_eq!(found.is_ok(), fit, "{schema} {value}: {found:?}");
    };
    let object = r##"{"type":"object","properties":{"n":{"$ref":"#/name"},"c":{"type":"integer","minimum":1}},"required":["n"],"additionalProperties":false}"##;
    check(object, r#"{"n":"a"}"#, true);
    check(object, r#"{"n":"a","c":1}"#, true);
    check(object, r#"{"n":"c"}"#, false);
    check(object, r#"{"n":"a","c":0}"#, false);
    check(object, r#"{"n":"a","c":1.5}"#, false);
    check(object, r#"{"n":"a","d":1}"#, false);
    check(object, "{}", false);
    check(object, "[]", false);
    check(r#"{"type":"array","items":{"const":false}}"#, "[false]", true);
    check(r#"{"type":"array","items":{"const":false}}"#, "[true]", false);
    check(r#"{"oneOf":[{"type":"number"},{"type":"integer"}]}"#, "1", false);
    check(r#"{"anyOf":[{"type":"number"},{"type":"integer"}]}"#, "1", true);
    check(r#"{"allOf":[{"type":"number"},{"maximum":1}]}"#, "2", false);
    check(r#"{"type":["string","null"],"maxLength":2}"#, "null", true);
    check(r#"{"type":["string","null"],"maxLength":2}"#, "\"abc\"", false);
}
