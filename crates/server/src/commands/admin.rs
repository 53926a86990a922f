//! Users of the panel on the command line. Whoever may write the data folder may make an admin: that is how the first one
//! comes to be.

use serde_json::{Value, json};
use spigot_admin::StoreError;
use spigot_admin::staff::{Happening, LINK_MILLIS, Role, StaffStore, Token};
use spigot_decision::Millis;

use super::end;
use crate::cli::{AdminArgs, AdminCommand, Author, Format, Place, TokenCommand};
use crate::clock::now;

pub(crate) fn run(args: &AdminArgs) -> Result<(), String> {
    let place = &args.place;
    let mut staff = StaffStore::open(&place.data).map_err(said)?;
    match &args.what {
        AdminCommand::Create { name, role, at, author } => {
            let role = Role::parse(role)?;
            staff.add_user(name, role, now()).map_err(said)?;
            note(&mut staff, author, "user.add", name, &json!({ "role": role }))?;
            show_link(place, &mut staff, name, at)
        }
        AdminCommand::Link { name, at, author } => {
            note(&mut staff, author, "user.link", name, &json!({}))?;
            show_link(place, &mut staff, name, at)
        }
        AdminCommand::List => list(place, &staff),
        AdminCommand::Role { name, role, author } => {
            let role = Role::parse(role)?;
            known(&staff, name)?;
            staff.set_role(name, role).map_err(said)?;
            note(&mut staff, author, "user.role", name, &json!({ "role": role }))?;
            say(place, &json!({ "name": name, "role": role }), &format!("{name} is {} now.", role.name()));
            Ok(())
        }
        AdminCommand::Disable { name, author } => set_state(place, &mut staff, name, author, true),
        AdminCommand::Enable { name, author } => set_state(place, &mut staff, name, author, false),
        AdminCommand::Identity { name, id, author, .. } => {
            known(&staff, name)?;
            staff.set_identity(name, id.as_deref()).map_err(said)?;
            note(&mut staff, author, "user.identity", name, &json!({ "identity": id }))?;
            let how = if id.is_some() { "by the identity provider alone" } else { "in other ways" };
            say(place, &json!({ "name": name, "identity": id }), &format!("{name} signs in {how} now."));
            Ok(())
        }
        AdminCommand::Triggers { at, author } => super::ask::triggers(place, at, &author.author),
        AdminCommand::Ask(args) => super::ask::ask(place, args),
        AdminCommand::Remove { name, author } => {
            staff.remove_user(name).map_err(said)?;
            note(&mut staff, author, "user.remove", name, &json!({}))?;
            say(place, &json!({ "removed": name }), &format!("Removed: {name}"));
            Ok(())
        }
        AdminCommand::Token { what } => token(place, &mut staff, what),
        AdminCommand::Audit { limit } => audit(place, &mut staff, *limit),
    }
}

/// A one-time link for a user, at the address of the panel. The secret stands behind `#`, which no server and no log sees.
pub(crate) fn link(staff: &mut StaffStore, name: &str, at: &str) -> Result<String, String> {
    let secret = staff.add_link(name, now()).map_err(said)?;
    Ok(format!("{}/#/welcome/{secret}", at.trim_end_matches('/')))
}

fn show_link(place: &Place, staff: &mut StaffStore, name: &str, at: &str) -> Result<(), String> {
    let link = link(staff, name, at)?;
    let until = now().plus(LINK_MILLIS);
    let text = format!("{link}\nThis is for {name}, works once, and until {until}.");
    say(place, &json!({ "name": name, "link": link, "until": until.to_string() }), &text);
    Ok(())
}

fn list(place: &Place, staff: &StaffStore) -> Result<(), String> {
    let users = staff.users().map_err(said)?;
    if users.is_empty() && place.format == Format::Text {
        say!("There is no user. `spigot admin create NAME` makes one.");
    }
    for user in users {
        let seen = user.last_seen.map(|seen| seen.to_string());
        let shown = json!({
            "name": user.name, "role": user.role, "password": user.has_password, "totp": user.has_totp,
            "passkeys": user.passkeys, "identity_provider": user.oidc.is_some(), "disabled": user.is_disabled,
            "last_seen": seen,
        });
        let ways: Vec<_> = [
            ("password", user.has_password),
            ("code", user.has_totp),
            ("passkey", user.passkeys > 0),
            ("identity provider", user.oidc.is_some()),
        ]
        .into_iter()
        .filter_map(|(way, has)| has.then_some(way))
        .collect();
        let ways = if ways.is_empty() { "cannot sign in yet".to_owned() } else { ways.join(", ") };
        let seen = seen.map_or("never here".to_owned(), |seen| format!("here last {seen}"));
        let out = if user.is_disabled { ", kept out" } else { "" };
        say(place, &shown, &format!("{}: {}{out}, {ways}, {seen}", user.name, user.role.name()));
    }
    Ok(())
}

fn set_state(
    place: &Place,
    staff: &mut StaffStore,
    name: &str,
    author: &Author,
    is_disabled: bool,
) -> Result<(), String> {
    known(staff, name)?;
    staff.set_disabled(name, is_disabled).map_err(said)?;
    let (what, now) =
        if is_disabled { ("user.disable", "kept out") } else { ("user.enable", "let in again") };
    note(staff, author, what, name, &json!({}))?;
    say(place, &json!({ "name": name, "disabled": is_disabled }), &format!("{name} is {now}."));
    Ok(())
}

fn token(place: &Place, staff: &mut StaffStore, what: &TokenCommand) -> Result<(), String> {
    match what {
        TokenCommand::Add { name, role, resource, life, author } => {
            spigot_admin::api::check_resources(resource)?;
            let token = Token {
                name: name.clone(),
                role: Role::parse(role)?,
                resources: resource.clone(),
                creator: author.author.clone(),
                created: now(),
                end: life.as_deref().map(|life| end(now(), life)).transpose()?.map(Millis),
                used: None,
            };
            let secret = staff.add_token(&token).map_err(said)?;
            note(staff, author, "token.add", name, &json!({ "role": role, "resources": resource }))?;
            let text = format!("{secret}\nThis is the token \"{name}\". It is shown this once.");
            say(place, &json!({ "name": name, "token": secret }), &text);
        }
        TokenCommand::List => {
            for token in staff.tokens().map_err(said)? {
                let (role, creator) = (token.role.name(), &token.creator);
                let resources = if token.resources.is_empty() {
                    "everything".to_owned()
                } else {
                    token.resources.join(", ")
                };
                let until = token.end.map_or("without end".to_owned(), |end| format!("until {end}"));
                let shown = json!({
                    "name": token.name, "role": role, "resources": token.resources, "creator": creator,
                    "created": token.created.to_string(), "end": token.end.map(|end| end.to_string()),
                    "used": token.used.map(|used| used.to_string()),
                });
                say(place, &shown, &format!("{}: {role}, {resources}, {until}, by {creator}", token.name));
            }
        }
        TokenCommand::Revoke { name, author } => {
            if !staff.remove_token(name).map_err(said)? {
                return Err(format!("there is no token \"{name}\"; `spigot admin token list` shows them"));
            }
            note(staff, author, "token.revoke", name, &json!({}))?;
            say(place, &json!({ "revoked": name }), &format!("Revoked: {name}"));
        }
    }
    Ok(())
}

fn audit(place: &Place, staff: &mut StaffStore, limit: u32) -> Result<(), String> {
    let settings = super::settings::open(place)?;
    spigot_admin::api::take_in_changes(&settings, staff).map_err(said)?;
    for entry in staff.audit_entries(None, limit).map_err(said)? {
        let shown = json!({
            "number": entry.number, "time": entry.time.to_string(), "who": entry.who, "what": entry.what,
            "about": entry.about, "detail": serde_json::from_str::<Value>(&entry.detail).unwrap_or_default(),
            "digest": entry.digest,
        });
        let (number, time, who) = (entry.number, entry.time, &entry.who);
        say(place, &shown, &format!("{number} {time} {who}: {} {}", entry.what, entry.about));
    }
    match staff.check_audit().map_err(said)? {
        Ok(entries) => {
            if place.format == Format::Text {
                say!("The chain fits: {entries} entries.");
            }
            Ok(())
        }
        Err(wrong) => Err(format!(
            "entry {} of the audit log does not fit the one before it: the file was changed by something else than Spigot. Compare it with a backup",
            wrong.number
        )),
    }
}

fn known(staff: &StaffStore, name: &str) -> Result<(), String> {
    let found = staff.user(name).map_err(said)?;
    found.map(|_| ()).ok_or_else(|| format!("there is no user \"{name}\"; `spigot admin list` shows them"))
}

fn note(
    staff: &mut StaffStore,
    author: &Author,
    what: &str,
    about: &str,
    detail: &Value,
) -> Result<(), String> {
    let who = format!("{} (command line)", author.author);
    let detail = detail.to_string();
    staff.audit(&Happening { who: &who, what, about, detail: &detail, change: None }, now()).map_err(said)
}

fn say(place: &Place, json: &Value, text: &str) {
    if place.format == Format::Json {
        say!("{json}");
    } else {
        say!("{text}");
    }
}

#[allow(clippy::needless_pass_by_value)] // for map_err
fn said(error: StoreError) -> String {
    error.to_string()
}
