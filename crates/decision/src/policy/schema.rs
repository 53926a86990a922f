/// The JSON Schema (draft 2020-12) of the whole configuration, for editors: the policy and the server's own keys.
#[must_use]
pub fn json_schema() -> &'static str {
    include_str!("schema.json")
}
