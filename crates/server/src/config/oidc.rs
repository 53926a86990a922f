//! `[panel.oidc]`: the identity provider by which people sign in to the panel.

use std::ops::Range;

use spigot_admin::oidc::{ClientSecret, OidcSettings, RoleRules, is_safe_address};
use spigot_admin::staff::Role;
use spigot_decision::policy::source::Section;

use super::providers::{read_secret, secret_stands_here};

/// Where the provider sends people back to; the panel's page is there, too.
pub(crate) const REDIRECT_PATH: &str = "/signed-in";
/// What is asked for besides `openid`: names and addresses.
const SCOPES: [&str; 2] = ["profile", "email"];
const LABEL_CHARACTERS_MAX: usize = 40;
const ROLES: [(&str, Role); 4] = [
    ("admin", Role::Admin),
    ("operator", Role::Operator),
    ("analyst", Role::Analyst),
    ("support", Role::Support),
];

pub(super) fn oidc(panel: &Section<'_, '_>, origin: Option<(&str, Range<usize>)>) -> Option<OidcSettings> {
    let part = panel.table("oidc")?;
    let issuer = part.require("issuer", part.text("issuer"), "issuer = \"https://login.example\"");
    if let Some(issuer) = issuer.as_ref().filter(|issuer| !is_safe_address(issuer.value)) {
        part.reader.problem(
            issuer.span.clone(),
            format!("\"{}\" is no address of a provider", issuer.value),
            "write it as the provider does, with https://, for example \"https://login.example/realms/shop\"",
        );
    }
    let client_id = part.require("client_id", part.text("client_id"), "client_id = \"spigot\"");
    let client_secret = (!secret_stands_here(&part, "client_secret", "[panel.oidc]"))
        .then(|| part.table("client_secret").and_then(|secret| read_secret(&secret)))
        .flatten()
        .map(|(secret, _)| ClientSecret::new(secret));
    let label = part.parsed("label", |text| match text.chars().count() {
        1..=LABEL_CHARACTERS_MAX => Ok(text.to_owned()),
        _ => Err(format!("write 1 to {LABEL_CHARACTERS_MAX} characters; they stand on a button")),
    });
    let scopes =
        part.texts("scopes").map(|scopes| scopes.iter().map(|scope| scope.value.to_owned()).collect());
    let rules = rules(&part);
    part.finish();
    match &origin {
        None => part.reader.problem(
            part.span.clone(),
            "[panel.oidc] needs the panel's `origin`, to which the provider sends people back",
            "add to [panel] a line such as: origin = \"https://spigot.example\"",
        ),
        Some((origin, span)) if !is_safe_address(origin) => part.reader.problem(
            span.clone(),
            "what the provider sends back must not go over the network in the clear",
            "write the origin with https://",
        ),
        Some(_) => {}
    }
    let issuer = issuer?.value.to_owned();
    Some(OidcSettings {
        label: label.map_or_else(|| host(&issuer).to_owned(), |label| label.value),
        client_id: client_id?.value.to_owned(),
        client_secret,
        scopes: scopes.unwrap_or_else(|| SCOPES.map(str::to_owned).to_vec()),
        redirect: format!("{}{REDIRECT_PATH}", origin?.0),
        rules: rules?,
        issuer,
    })
}

/// Who is let in. Without a value that gives a role, nobody could be.
fn rules(part: &Section<'_, '_>) -> Option<RoleRules> {
    let claim = part.texts("role_claim");
    let claim = claim.map_or_else(
        || vec!["groups".to_owned()],
        |claim| claim.iter().map(|part| part.value.to_owned()).collect::<Vec<_>>(),
    );
    let others = part.choice("others", &ROLES).map(|role| role.value);
    let name = part.text("name_claim").map_or("preferred_username", |name| name.value).to_owned();
    let mut roles = Vec::new();
    if let Some(table) = part.table("roles") {
        for (key, role) in ROLES {
            let values = table.texts(key).unwrap_or_default();
            roles.extend(values.iter().map(|value| (value.value.to_owned(), role)));
        }
        table.finish();
    }
    if roles.is_empty() && others.is_none() {
        part.reader.problem(
            part.span.clone(),
            "[panel.oidc] lets nobody in",
            "say whose values of `role_claim` give which role, for example: roles = { admin = [\"spigot-admins\"], operator = [\"on-call\"] }",
        );
        return None;
    }
    Some(RoleRules { claim, roles, others, name })
}

fn host(issuer: &str) -> &str {
    let rest = issuer.split_once("://").map_or(issuer, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    const PANEL: &str =
        "upstream = \"http://127.0.0.1:3000\"\n[panel]\norigin = \"https://spigot.example\"\n";
    const LEAST: &str = "[panel.oidc]\nissuer = \"https://login.example/a\"\nclient_id = \"spigot\"\nroles = { admin = \"bosses\" }\n";

    #[test]
    fn a_few_lines_are_enough() {
        let config =
            Config::parse("spigot.toml", &format!("{PANEL}{LEAST}")).unwrap_or_else(|e| panic!("{e}"));
        let oidc = config.server.panel.oidc.unwrap();
        assert_eq!(oidc.redirect, "https://spigot.example/signed-in");
        assert_eq!((oidc.label.as_str(), oidc.client_secret), ("login.example", None));
        assert_eq!(oidc.rules.roles, [("bosses".to_owned(), Role::Admin)]);
        assert_eq!((oidc.rules.claim, oidc.rules.others), (vec!["groups".to_owned()], None));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let check = |text: &str, said: &str| {
            let problems = Config::parse("spigot.toml", text).err();
            let problems: Vec<_> = problems.iter().flat_map(|problems| &problems.problems).collect();
            let found = problems
                .iter()
                .any(|problem| format!("{}; {}", problem.message, problem.help).contains(said));
            assert!(found, "{text}: {problems:?} instead of {said}");
        };
        check(&format!("{PANEL}[panel.oidc]\n"), "has no `issuer`");
        check(&format!("{PANEL}{LEAST}client_secret = \"hush\"\n"), "perhaps one itself");
        check(&format!("{PANEL}{LEAST}client_secret = {{ env = \"NOT_THERE\" }}\n"), "has no \"NOT_THERE\"");
        check(&format!("{PANEL}{LEAST}label = \"\"\n"), "on a button");
        check(&format!("{PANEL}{LEAST}others = \"root\"\n"), "operator");
        check(&format!("{PANEL}{LEAST}secret = \"x\"\n"), "means nothing in [panel.oidc]");
        check(&format!("{PANEL}{}", LEAST.replace("admin", "boss")), "allowed here");
        check(&format!("{PANEL}{}", LEAST.replace("roles", "# roles")), "lets nobody in");
        check(&format!("{PANEL}{}", LEAST.replace("https", "http")), "no address of a provider");
        check(&format!("upstream = \"http://127.0.0.1:3000\"\n{LEAST}"), "needs the panel's `origin`");
        check(&format!("{}{LEAST}", PANEL.replace("https", "http")), "in the clear");
    }
}
