//! The API's document, made from the table. `docs/openapi/admin.json` holds it, so that a change of the API is seen.

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::operation::{From, Operation};
use super::resources;
use crate::staff::Need;

/// The OpenAPI 3.1 document of the admin API.
#[must_use]
pub fn document() -> Value {
    let mut generator = component_schemas();
    let mut paths = Map::new();
    for operation in resources::all() {
        let described = describe(&operation, &mut generator);
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method.as_str().to_ascii_lowercase()] = described;
    }
    let schemas = generator.take_definitions(true);
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Spigot's admin API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Everything that the panel does. Programs send a token as `Authorization: Bearer …`.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer" },
                "session": { "type": "apiKey", "in": "cookie", "name": "spigot_session" },
            },
        },
    });
    document["components"]["schemas"]["Problem"] = problem();
    document
}

/// Collects schemas as the components of an OpenAPI 3.1 document.
#[must_use]
pub fn component_schemas() -> SchemaGenerator {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    settings.meta_schema = None;
    settings.into_generator()
}

fn describe(operation: &Operation, generator: &mut SchemaGenerator) -> Value {
    let mut parameters = Vec::new();
    for name in operation.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
        parameters
            .push(json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }));
    }
    if operation.is_guarded {
        parameters.push(
            json!({ "name": "If-Match", "in": "header", "required": true, "schema": { "type": "string" } }),
        );
    }
    let content: Map<_, _> = operation
        .media_types
        .iter()
        .map(|media_type| {
            let schema = operation.output.map(|output| json!(output(generator)));
            (
                (*media_type).to_owned(),
                json!({ "schema": schema.unwrap_or_else(|| json!({ "type": "string" })) }),
            )
        })
        .collect();
    let mut described = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "tags": [operation.resource()],
        "x-spigot-need": operation.need.name(),
        "responses": {
            "200": { "description": "Done.", "content": content },
            "default": { "description": "Not done, and why.", "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } } },
        },
    });
    match operation.input {
        Some((From::Body, schema)) => {
            let schema = json!(schema(generator));
            described["requestBody"] =
                json!({ "required": true, "content": { "application/json": { "schema": schema } } });
        }
        Some((From::Query, schema)) => parameters.extend(in_query(&schema(generator), generator)),
        None => {}
    }
    if !parameters.is_empty() {
        described["parameters"] = parameters.into();
    }
    described["security"] = match operation.need {
        Need::Nobody => json!([{}]),
        Need::Own => json!([{ "session": [] }]),
        _ => json!([{ "session": [] }, { "token": [] }]),
    };
    described
}

/// The fields of a query's type, a parameter each.
fn in_query(schema: &schemars::Schema, generator: &schemars::SchemaGenerator) -> Vec<Value> {
    let schema = json!(schema);
    let named = schema["$ref"].as_str().and_then(|name| name.rsplit('/').next());
    let schema = named.and_then(|name| generator.definitions().get(name)).unwrap_or(&schema);
    let required = |name: &str| {
        schema["required"].as_array().is_some_and(|all| all.iter().any(|required| required == name))
    };
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties
        .map(|(name, schema)| json!({ "name": name, "in": "query", "required": required(name), "schema": schema }))
        .collect()
}

fn problem() -> Value {
    json!({
        "type": "object",
        "required": ["type", "title", "status", "code", "detail"],
        "properties": {
            "type": { "type": "string" }, "title": { "type": "string" }, "status": { "type": "integer" },
            "code": { "type": "string" }, "detail": { "type": "string" }, "more": {},
        },
    })
}
