//! The document, made from the table. `docs/openapi/sites.json` holds it, so that a change of the API is seen.

use http::StatusCode;
use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};
use spigot_admin::api::component_schemas;

use super::operations::{OPERATIONS, Operation, Takes};

/// Why something is not done, whatever it is.
const REFUSALS: [(StatusCode, &str); 4] = [
    (StatusCode::UNAUTHORIZED, "The key is missing or unknown."),
    (StatusCode::METHOD_NOT_ALLOWED, "Another method is meant; `Allow` names those that there are."),
    (StatusCode::PAYLOAD_TOO_LARGE, "The body has more than 64 KiB, or took too long."),
    (
        StatusCode::SERVICE_UNAVAILABLE,
        "The settings cannot be read or written now, or too many calls came at once.",
    ),
];

/// The OpenAPI 3.1 document.
pub(super) fn document() -> Value {
    let mut generator = component_schemas();
    let mut paths = Map::new();
    for operation in &OPERATIONS {
        let described = describe(operation, &mut generator);
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method.as_str().to_ascii_lowercase()] = described;
    }
    let mut schemas = generator.take_definitions(true);
    schemas.insert("Problem".to_owned(), problem());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Sites and keys of Spigot's challenge service",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "On the admin address, for programs: what `spigot site` does. `spigot site api-key add NAME` makes a key. docs/service.md explains it.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "security": [{ "key": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "key": { "type": "http", "scheme": "bearer" } },
        },
    })
}

fn describe(operation: &Operation, generator: &mut SchemaGenerator) -> Value {
    let is_of_site = operation.path.contains("{site}");
    let body = match operation.takes {
        Takes::Nothing => None,
        Takes::Optional(schema) => Some((false, schema)),
        Takes::Needed(schema) => Some((true, schema)),
    };
    let (status, output) = operation.gives;
    let mut responses = Map::new();
    let done =
        json!({ "description": "Done.", "content": { "application/json": { "schema": output(generator) } } });
    responses.insert(status.as_str().to_owned(), done);
    let unfit = body.map(|_| (StatusCode::BAD_REQUEST, "What is wrong with it, in `detail`."));
    let absent = is_of_site.then_some((StatusCode::NOT_FOUND, "There is no such site."));
    for (status, description) in REFUSALS.into_iter().chain(unfit).chain(absent) {
        let content =
            json!({ "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } });
        responses
            .insert(status.as_str().to_owned(), json!({ "description": description, "content": content }));
    }
    let mut described = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "responses": responses,
    });
    if is_of_site {
        described["parameters"] = json!([{
            "name": "site", "in": "path", "required": true, "schema": { "type": "string" },
            "description": "Its name or its site key.",
        }]);
    }
    if let Some((required, schema)) = body {
        let content = json!({ "application/json": { "schema": schema(generator) } });
        described["requestBody"] = json!({ "required": required, "content": content });
    }
    described
}

fn problem() -> Value {
    json!({
        "type": "object",
        "description": "RFC 9457",
        "required": ["type", "title", "status", "code", "detail"],
        "properties": {
            "type": { "type": "string" }, "title": { "type": "string" }, "status": { "type": "integer" },
            "code": { "type": "string", "enum": CODES }, "detail": { "type": "string" },
        },
        "additionalProperties": false,
    })
}

/// Names of what is wrong.
const CODES: [&str; 7] = ["refused", "absent", "key_unknown", "method", "too_large", "busy", "unavailable"];
