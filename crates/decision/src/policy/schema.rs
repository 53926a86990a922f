/// The JSON Schema of a policy, for editors (draft 2020-12).
#[must_use]
pub fn json_schema() -> &'static str {
    include_str!("schema.json")
}
