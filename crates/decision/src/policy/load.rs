use super::Policy;
use super::compile::compile;
use super::source::{Problems, Reader, Section};

/// The shipped default policy, `policies/default.toml`.
pub const DEFAULT: &str = include_str!("../../../../policies/default.toml");

/// Compiles a file that holds a policy and nothing else.
///
/// # Errors
/// Everything that is wrong with it, each with its place and what to write instead.
pub fn load(file: &str, text: &str) -> Result<Policy, Problems> {
    load_with(file, text, |_| ()).map(|(policy, ())| policy)
}

/// Compiles a file in which a policy stands beside keys that `others` reads from the same top section.
///
/// A file without any route extends the shipped default policy; one with routes says `extends = "default"` to do so.
///
/// # Errors
/// Everything that is wrong with it, each with its place and what to write instead.
pub fn load_with<T>(
    file: &str,
    text: &str,
    others: impl FnOnce(&Section<'_, '_>) -> T,
) -> Result<(Policy, T), Problems> {
    let reader = Reader::new(text);
    let table = reader.parse();
    let top = reader.section("", &table, 0..0);
    let extends = top.choice("extends", &[("default", true), ("nothing", false)]);
    let base_reader = Reader::new(DEFAULT);
    let base_table = base_reader.parse();
    let base = base_reader.section("", &base_table, 0..0);
    let extends = extends.map_or(!top.has("route") && text != DEFAULT, |e| e.value);
    let policy = compile(&top, extends.then_some(&base), text);
    let others = others(&top);
    top.finish();
    drop(table);
    let problems = reader.into_problems();
    if problems.is_empty() {
        Ok((policy, others))
    } else {
        Err(Problems { file: file.to_owned(), text: text.to_owned(), problems })
    }
}
