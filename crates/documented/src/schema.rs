//! As much of JSON Schema (draft 2020-12) as the project's documents use.

use serde_json::{Map, Value};

/// Why a value does not fit.
enum Unfit {
    Value(String),
    /// The schema says something that is not known here; whatever the value is.
    Schema(String),
}

/// Whether a value is as a schema says; otherwise where it is not.
pub(crate) fn fits(document: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    Schemas { document }.fit(schema, value, "").map_err(|unfit| match unfit {
        Unfit::Value(why) | Unfit::Schema(why) => why,
    })
}

#[derive(Clone, Copy)]
struct Schemas<'a> {
    document: &'a Value,
}

impl Schemas<'_> {
    fn fit(self, schema: &Value, value: &Value, at: &str) -> Result<(), Unfit> {
        let parts = match schema {
            Value::Bool(true) => return Ok(()),
            Value::Object(parts) => parts,
            other => return Err(Unfit::Schema(format!("{other} is no schema"))),
        };
        for (keyword, say) in parts {
            let ok = match keyword.as_str() {
                "$ref" => self.fit(self.target(say)?, value, at).map(|()| true)?,
                "allOf" => {
                    for part in each(say) {
                        self.fit(part, value, at)?;
                    }
                    true
                }
                "anyOf" => self.fitting(say, value, at)? > 0,
                "oneOf" => self.fitting(say, value, at)? == 1,
                "properties" | "additionalProperties" => {
                    self.members(parts, value, at)?;
                    true
                }
                "items" => {
                    for (index, item) in each(value).enumerate() {
                        self.fit(say, item, &format!("{at}/{index}"))?;
                    }
                    true
                }
                keyword => alone(keyword, say, value)?,
            };
            if !ok {
                let at = if at.is_empty() { "/" } else { at };
                return Err(Unfit::Value(format!("{at} is not as {keyword} says: {say}")));
            }
        }
        Ok(())
    }

    fn target(&self, reference: &Value) -> Result<&Value, Unfit> {
        let target = reference.as_str().and_then(|at| self.document.pointer(at.strip_prefix('#')?));
        target.ok_or_else(|| Unfit::Schema(format!("{reference} is missing")))
    }

    /// How many of some schemas a value fits.
    fn fitting(self, schemas: &Value, value: &Value, at: &str) -> Result<usize, Unfit> {
        let mut count = 0;
        for part in each(schemas) {
            match self.fit(part, value, at) {
                Ok(()) => count += 1,
                Err(Unfit::Value(_)) => {}
                Err(schema) => return Err(schema),
            }
        }
        Ok(count)
    }

    fn members(self, parts: &Map<String, Value>, value: &Value, at: &str) -> Result<(), Unfit> {
        let known = parts.get("properties").and_then(Value::as_object);
        for (name, member) in value.as_object().into_iter().flatten() {
            let at = format!("{at}/{name}");
            match (known.and_then(|known| known.get(name)), parts.get("additionalProperties")) {
                (Some(part), _) => self.fit(part, member, &at)?,
                (None, Some(Value::Bool(false))) => {
                    return Err(Unfit::Value(format!("{at} is not documented")));
                }
                (None, Some(part)) => self.fit(part, member, &at)?,
                (None, None) => {}
            }
        }
        Ok(())
    }
}

/// What needs no other schema.
fn alone(keyword: &str, say: &Value, value: &Value) -> Result<bool, Unfit> {
    let compared = |left: Option<f64>, holds: fn(f64, f64) -> bool| {
        left.is_none_or(|left| say.as_f64().is_some_and(|right| holds(left, right)))
    };
    let count = |count: usize| u32::try_from(count).ok().map(f64::from);
    let letters = || value.as_str().and_then(|text| count(text.chars().count()));
    let items = || value.as_array().and_then(|items| count(items.len()));
    Ok(match keyword {
        "title" | "description" | "default" | "examples" | "format" => true,
        "type" => match say {
            Value::String(name) => is(name, value)?,
            names => {
                let mut any = false;
                for name in each(names) {
                    any |= is(name.as_str().unwrap_or_default(), value)?;
                }
                any
            }
        },
        "const" => value == say,
        "enum" => each(say).any(|known| known == value),
        "minimum" => compared(value.as_f64(), |number, least| number >= least),
        "maximum" => compared(value.as_f64(), |number, most| number <= most),
        "minLength" => compared(letters(), |number, least| number >= least),
        "maxLength" => compared(letters(), |number, most| number <= most),
        "minItems" => compared(items(), |number, least| number >= least),
        "maxItems" => compared(items(), |number, most| number <= most),
        "required" => {
            each(say).all(|name| !value.is_object() || value.get(name.as_str().unwrap_or_default()).is_some())
        }
        unknown => return Err(Unfit::Schema(format!("the keyword {unknown} is not known here"))),
    })
}

fn each(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn is(name: &str, value: &Value) -> Result<bool, Unfit> {
    Ok(match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => return Err(Unfit::Schema(format!("{other} is no type"))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_found() {
        let document = serde_json::json!({ "name": { "type": "string", "enum": ["a", "b"] } });
        let check = |schema: &str, value: &str, fit: bool| {
            let [schema, value] = [schema, value].map(|text| serde_json::from_str(text).unwrap());
            let found = fits(&document, &schema, &value);
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
        check(r#"{"additionalProperties":{"type":"null"}}"#, r#"{"n":null}"#, true);
        check(r#"{"additionalProperties":{"type":"null"}}"#, r#"{"n":1}"#, false);
        check(r#"{"properties":{"n":true}}"#, r#"{"n":1,"m":2}"#, true);
        check(r#"{"type":"array","items":{"const":false}}"#, "[false]", true);
        check(r#"{"type":"array","items":{"const":false}}"#, "[true]", false);
        check(r#"{"minItems":1,"maxItems":2}"#, "[1]", true);
        check(r#"{"minItems":1,"maxItems":2}"#, "[]", false);
        check(r#"{"minItems":1,"maxItems":2}"#, "[1,2,3]", false);
        check(r#"{"oneOf":[{"type":"number"},{"type":"integer"}]}"#, "1", false);
        check(r#"{"anyOf":[{"type":"number"},{"type":"integer"}]}"#, "1", true);
        check(r#"{"allOf":[{"type":"number"},{"maximum":1}]}"#, "2", false);
        check(r#"{"type":["string","null"],"maxLength":2}"#, "null", true);
        check(r#"{"type":["string","null"],"maxLength":2}"#, "\"abc\"", false);
        check(r#"{"minLength":3}"#, "\"äbc\"", true);
        check(r#"{"minLength":4}"#, "\"äbc\"", false);
    }

    #[test]
    fn what_is_not_known_here_is_said_wherever_it_stands() {
        let check = |schema: &str, said: &str| {
            let schema = serde_json::from_str(schema).unwrap();
            let found = fits(&Value::Null, &schema, &Value::Null).unwrap_err();
            assert!(found.contains(said), "{schema}: {found}");
        };
        check(r#"{"unevaluatedProperties":false}"#, "unevaluatedProperties");
        check(r#"{"anyOf":[{"pattern":"x"},{"type":"null"}]}"#, "pattern");
        check(r#"{"type":"text"}"#, "text is no type");
        check(r##"{"$ref":"#/absent"}"##, "is missing");
        check("[]", "is no schema");
    }
}
