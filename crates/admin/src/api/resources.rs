//! The table of everything that the API can do: a file per resource, a line each here.

use super::operation::Operation;
use super::{
    audit, events, exceptions, forced, health, identity, lists, me, overview, passkeys, policy, restrictions,
    review, session, support, triggers, users,
};
use crate::staff::Need;

/// All operations, in the order of the document.
pub(crate) fn all() -> Vec<Operation> {
    [
        session::operations(),
        identity::operations(),
        me::operations(),
        overview::operations(),
        events::operations(),
        support::operations(),
        review::operations(),
        health::operations(),
        passkeys::operations(),
        triggers::operations(),
        forced::operations(),
        lists::operations(),
        restrictions::operations(),
        exceptions::operations(),
        policy::operations(),
        users::operations(),
        audit::operations(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What the API can do, for whoever compares it with something else.
#[must_use]
pub fn operations() -> Vec<Looked> {
    all().iter().map(|one| Looked { id: one.id, path: one.path }).collect()
}

/// What the API can be asked for without changing anything.
#[must_use]
pub fn looks() -> Vec<Looked> {
    let looks = |one: &&Operation| one.method.is_safe() && !matches!(one.need, Need::Nobody | Need::Own);
    all().iter().filter(looks).map(|one| Looked { id: one.id, path: one.path }).collect()
}

/// An operation, by its id and path.
pub struct Looked {
    /// `lists.show`.
    pub id: &'static str,
    /// With `{names}`.
    pub path: &'static str,
}

/// What tokens can be restricted to.
pub(crate) fn resources() -> Vec<&'static str> {
    let mut known: Vec<_> = all()
        .iter()
        .filter(|operation| !matches!(operation.need, Need::Nobody | Need::Own))
        .map(Operation::resource)
        .collect();
    known.dedup();
    known
}

/// Checks the resources that a token shall be for.
///
/// # Errors
/// Which there are.
pub fn check_resources(wanted: &[String]) -> Result<(), String> {
    let known = resources();
    match wanted.iter().find(|wanted| !known.contains(&wanted.as_str())) {
        None => Ok(()),
        Some(wrong) => Err(format!("\"{wrong}\" is no resource of the API; there are {}", known.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_operation_is_one_and_can_be_reached() {
        let (mut ids, mut paths) = (BTreeSet::new(), BTreeSet::new());
        for operation in all() {
            assert!(ids.insert(operation.id), "{} twice", operation.id);
            let called = (operation.method.to_string(), operation.path);
            assert!(paths.insert(called), "{} {} twice", operation.method, operation.path);
            assert!(operation.id.contains('.') && operation.path.starts_with("/api/"), "{}", operation.id);
            assert!(operation.summary.ends_with('.'), "{}", operation.id);
            let changes = !operation.method.is_safe();
            let may_change = !matches!(operation.need, Need::Look | Need::Read);
            assert!(!changes || may_change, "{} changes something with the rights to look", operation.id);
        }
    }

    /// The document is a golden file, so that a change of the API is seen in review; the panel's client is made of it.
    #[test]
    fn the_document_is_the_one_that_is_kept() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi/admin.json");
        let document = format!("{}\n", serde_json::to_string_pretty(&crate::api::document()).unwrap());
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(path, &document).unwrap();
        }
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            kept == document,
            "docs/openapi/admin.json is not what the code gives: run the test with UPDATE_EXPECT=1, then `npm run client` in web/admin"
        );
    }
}
