//! Answers held to an OpenAPI document, for the tests of whatever answers: the gateway's service, the binary's ports. A part
//! of a document that is not known here is a failure, so that no document promises what nobody holds.

mod schema;

use serde_json::Value;

/// An OpenAPI document (3.1).
pub struct Document(Value);

/// An answer, as it came.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The request's method, and its path without the query.
    pub to: (&'a str, &'a str),
    /// The status.
    pub status: u16,
    /// `Content-Type`, as it was sent.
    pub media_type: &'a str,
    /// The body, whole.
    pub body: &'a [u8],
}

impl Document {
    /// Reads a document.
    ///
    /// # Errors
    /// When it is no JSON.
    pub fn read(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map(Self).map_err(|error| format!("the document is no JSON: {error}"))
    }

    /// All of it.
    #[must_use]
    pub fn whole(&self) -> &Value {
        &self.0
    }

    /// The body of an answer, once it is sure that the document shows such a one for this path, method, status and media
    /// type.
    ///
    /// # Errors
    /// What is not as documented.
    pub fn held(&self, answer: &Answer<'_>) -> Result<Value, String> {
        let Answer { to: (method, path), status, media_type, body } = *answer;
        let template =
            self.template(path).ok_or_else(|| format!("{path} answers {status}, and is not documented"))?;
        let operation = &self.0["paths"][template][method.to_ascii_lowercase()];
        let media_type = media_type.split(';').next().unwrap_or_default().trim();
        let schema = &operation["responses"][status.to_string()]["content"][media_type]["schema"];
        if schema.is_null() {
            return Err(format!(
                "{method} {path} answers {status} with \"{media_type}\", which is not documented"
            ));
        }
        let body: Value = serde_json::from_slice(body)
            .map_err(|error| format!("{method} {path} answers {status} with what is no JSON: {error}"))?;
        schema::fits(&self.0, schema, &body).map_err(|why| {
            format!("{method} {path} answers {status} otherwise than documented: {why}\n{body}")
        })?;
        Ok(body)
    }

    /// Whether a value is as one of the document's named schemas says.
    ///
    /// # Errors
    /// Where it is not.
    pub fn shows(&self, name: &str, value: &Value) -> Result<(), String> {
        schema::fits(&self.0, &self.0["components"]["schemas"][name], value)
            .map_err(|why| format!("this is no {name}: {why}\n{value}"))
    }

    /// The documented path that a path is one of. One without names goes before one with them.
    fn template(&self, path: &str) -> Option<&str> {
        let is = |template: &&String| {
            let mut parts = path.split('/');
            template.split('/').all(|wanted| {
                parts
                    .next()
                    .is_some_and(|part| wanted == part || (wanted.starts_with('{') && !part.is_empty()))
            }) && parts.next().is_none()
        };
        let fitting = self.0["paths"].as_object()?.keys().filter(is);
        fitting.min_by_key(|template| template.matches('{').count()).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_documented_is_found() {
        let document = Document::read(
            r##"{ "paths": {
                "/sites": { "get": { "responses": { "200": { "content": { "application/json": { "schema": { "type": "array" } } } } } } },
                "/sites/{site}": { "get": { "responses": { "200": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Site" } } } } } } },
                "/sites/all": { "get": { "responses": { "200": { "content": { "application/json": { "schema": { "type": "null" } } } } } } }
            }, "components": { "schemas": { "Site": { "type": "object", "required": ["name"] } } } }"##,
        )
        .unwrap();
        let check =
            |method: &str, path: &str, status: u16, media_type: &str, body: &str, wrong: Option<&str>| {
                let answer = Answer { to: (method, path), status, media_type, body: body.as_bytes() };
                let found = document.held(&answer).err();
                let fits = match (&found, wrong) {
                    (Some(found), Some(wrong)) => found.contains(wrong),
                    (found, wrong) => found.is_none() && wrong.is_none(),
                };
                assert!(fits, "{method} {path} {status} {media_type} {body}: {found:?}");
            };
        let json = "application/json";
        check("GET", "/sites", 200, "application/json; charset=utf-8", "[]", None);
        check("GET", "/sites/shop", 200, json, r#"{"name":"x"}"#, None);
        check("GET", "/sites/all", 200, json, "null", None);
        check("GET", "/sites/shop", 200, json, "{}", Some("otherwise than documented"));
        check("GET", "/sites/shop", 200, json, "{", Some("no JSON"));
        check("GET", "/sites/shop", 404, json, "{}", Some("which is not documented"));
        check("GET", "/sites/shop", 200, "text/plain", "{}", Some("which is not documented"));
        check("POST", "/sites/shop", 200, json, "{}", Some("which is not documented"));
        assert!(document.shows("Site", &serde_json::json!({ "name": 1 })).is_ok());
        for (name, wrong) in [("Site", "no Site"), ("Sites", "no schema")] {
            let found = document.shows(name, &serde_json::json!({})).unwrap_err();
            assert!(found.contains(wrong), "{found}");
        }
        for path in ["/sites/", "/sites/a/b", "/"] {
            check("GET", path, 200, json, "[]", Some("is not documented"));
        }
    }
}
