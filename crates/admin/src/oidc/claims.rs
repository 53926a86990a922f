//! What a checked ID token says of somebody, and what that makes of them here.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::staff::{Role, check_name};

/// Who is let in, and as what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleRules {
    /// The claim that tells roles: its name, or the way to it, part by part.
    pub claim: Vec<String>,
    /// A value of it, and the role that it gives.
    pub roles: Vec<(String, Role)>,
    /// What everybody else gets, whom the provider knows; nobody is let in so by default.
    pub others: Option<Role>,
    /// The claim that names people.
    pub name: String,
}

/// Somebody as the provider knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Issuer and subject, which no other person ever has.
    pub id: String,
    /// How they shall be called.
    pub name: String,
    /// What they are here; `None` when they may not come in.
    pub role: Option<Role>,
}

/// Names that are tried when the configured claim is absent, or nothing that somebody can be called.
const NAMES: [&str; 2] = ["preferred_username", "email"];

impl RoleRules {
    /// What the claims of a checked token come to. The mightiest of several roles counts.
    pub(crate) fn identity(&self, issuer: &str, subject: &str, claims: &Value) -> Identity {
        let names = std::iter::once(self.name.as_str()).chain(NAMES);
        let name = names.filter_map(|claim| claims[claim].as_str()).find(|name| check_name(name).is_ok());
        let id = format!("{issuer} {subject}");
        let name = name.map_or_else(|| unnamed(&id), str::to_owned);
        Identity { name, role: self.role(claims), id }
    }

    fn role(&self, claims: &Value) -> Option<Role> {
        let values = self.values(claims);
        let given =
            |role: Role| self.roles.iter().any(|(value, of)| *of == role && values.contains(&value.as_str()));
        Role::ALL.into_iter().find(|role| given(*role)).or(self.others)
    }

    /// The values of the claim: a text, or a list of texts. An address that nobody has verified is nobody's.
    fn values<'c>(&self, claims: &'c Value) -> Vec<&'c str> {
        if self.claim == ["email"] && claims["email_verified"] != Value::Bool(true) {
            return Vec::new();
        }
        let claim = self.claim.iter().fold(claims, |claims, part| &claims[part.as_str()]);
        match claim {
            Value::String(one) => vec![one],
            Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }
}

/// A name for somebody whom the provider gives none that can stand here.
fn unnamed(id: &str) -> String {
    let digest = Sha256::digest(id.as_bytes());
    let short: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("person-{short}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn roles_are_what_the_table_gives() {
        let rules = |claim: &[&str], others: Option<Role>| RoleRules {
            claim: claim.iter().map(|part| (*part).to_owned()).collect(),
            roles: vec![("oncall".to_owned(), Role::Operator), ("bosses".to_owned(), Role::Admin)],
            others,
            name: "preferred_username".to_owned(),
        };
        let check = |rules: &RoleRules, claims: Value, role: Option<Role>| {
            assert_eq!(rules.identity("i", "s", &claims).role, role, "{claims}");
        };
        let groups = rules(&["groups"], None);
        check(&groups, json!({ "groups": ["staff", "oncall"] }), Some(Role::Operator));
        check(&groups, json!({ "groups": ["oncall", "bosses"] }), Some(Role::Admin));
        check(&groups, json!({ "groups": "oncall" }), Some(Role::Operator));
        check(&groups, json!({ "groups": ["on", "ONCALL", 7, null] }), None);
        check(&groups, json!({ "groups": { "oncall": true } }), None);
        check(&groups, json!({}), None);
        check(&rules(&["groups"], Some(Role::Support)), json!({}), Some(Role::Support));
        let deep = rules(&["realm_access", "roles"], None);
        check(&deep, json!({ "realm_access": { "roles": ["bosses"] } }), Some(Role::Admin));
        check(&deep, json!({ "realm_access": ["bosses"], "roles": ["bosses"] }), None);
        let email = RoleRules { roles: vec![("a@b.c".to_owned(), Role::Admin)], ..rules(&["email"], None) };
        check(&email, json!({ "email": "a@b.c", "email_verified": true }), Some(Role::Admin));
        check(&email, json!({ "email": "a@b.c", "email_verified": false }), None);
        check(&email, json!({ "email": "a@b.c", "email_verified": "true" }), None);
        check(&email, json!({ "email": "a@b.c" }), None);
    }

    #[test]
    fn names_are_such_as_stand_here() {
        let rules = RoleRules { claim: vec![], roles: vec![], others: None, name: "nick".to_owned() };
        let name = |claims: Value| rules.identity("https://i.example", "7", &claims).name;
        assert_eq!(name(json!({ "nick": "ada", "email": "ada@b.c" })), "ada");
        assert_eq!(name(json!({ "nick": "Ada Lovelace", "email": "ada@b.c" })), "ada@b.c");
        let unnamed = name(json!({ "nick": "爱达" }));
        assert!(unnamed.starts_with("person-") && check_name(&unnamed).is_ok(), "{unnamed}");
        assert_eq!(unnamed, name(json!({})), "the same person is called the same");
    }
}
