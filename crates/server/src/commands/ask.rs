//! What only a running Spigot knows, asked of its admin API. Whoever may write the data folder may everything, so a token
//! is made for the one question and revoked after it.

use std::time::Duration;

use serde_json::{Value, json};
use spigot_admin::api::{Looked, looks};
use spigot_admin::staff::{Happening, Role, StaffStore, Token, fresh_secret};
use spigot_gateway::{Fetched, Hidden, Mark, Remote, Trust, Wanted, fetch};

use crate::cli::{AskArgs, Format, Place};
use crate::clock::now;
use crate::courier::waited_for;

/// A token is for one question; should revoking fail, it ends by itself.
const TOKEN_MILLIS: i64 = 60_000;
/// Long searches and exports take a while.
const TIME: Duration = Duration::from_secs(50);
const BYTES_MAX: u64 = 256 << 20;

/// Asks for one operation and prints the answer as it comes.
pub(crate) fn ask(place: &Place, args: &AskArgs) -> Result<(), String> {
    let all = looks();
    let Some(operation) = all.iter().find(|one| one.id == args.operation) else {
        let known: Vec<_> = all.iter().map(|one| one.id).collect();
        return Err(format!(
            "\"{}\" is nothing that can be asked for; there are {}",
            args.operation,
            known.join(", ")
        ));
    };
    let target = target(operation, &args.parameters)?;
    let answer = asked(place, &args.at, &args.author.author, &target)?;
    match serde_json::from_slice::<Value>(&answer) {
        Ok(value) if place.format == Format::Text => {
            say!("{}", serde_json::to_string_pretty(&value).map_err(|error| error.to_string())?);
        }
        _ => say!("{}", String::from_utf8_lossy(&answer)),
    }
    Ok(())
}

/// The state of each trigger, per route.
pub(crate) fn triggers(place: &Place, at: &str, author: &str) -> Result<(), String> {
    let answer = asked(place, at, author, "/api/triggers")?;
    let answer: Value = serde_json::from_slice(&answer).map_err(|error| error.to_string())?;
    for route in answer["routes"].as_array().into_iter().flatten() {
        for trigger in route["triggers"].as_array().into_iter().flatten() {
            if place.format == Format::Json {
                let mut shown = trigger.clone();
                shown["route"] = route["route"].clone();
                say!("{shown}");
                continue;
            }
            let text = |name: &str| trigger[name].as_str().unwrap_or_default().to_owned();
            let figure = match (trigger["figure"].as_u64(), trigger["threshold"].as_u64()) {
                (Some(figure), Some(threshold)) => format!(", {figure} of {threshold}"),
                (Some(figure), None) => format!(", {figure}"),
                _ => String::new(),
            };
            let window = trigger["window_seconds"].as_u64();
            let window = window.map_or(String::new(), |seconds| format!(" in {} min", seconds / 60));
            say!(
                "{}: {} is {}{figure}{window}",
                route["route"].as_str().unwrap_or_default(),
                text("name"),
                text("state")
            );
        }
    }
    Ok(())
}

/// The path with its names filled in, and the rest as a query.
fn target(operation: &Looked, parameters: &[String]) -> Result<String, String> {
    let mut given: Vec<(&str, &str)> = Vec::new();
    for parameter in parameters {
        let pair = parameter.split_once('=');
        given.push(pair.ok_or_else(|| format!("\"{parameter}\" says nothing; write NAME=VALUE"))?);
    }
    let mut path = operation.path.to_owned();
    while let Some((before, rest)) = path.split_once('{') {
        let Some((name, after)) = rest.split_once('}') else { break };
        let at = given.iter().position(|(known, _)| *known == name);
        let at = at.ok_or_else(|| format!("{} asks for {name}=…", operation.id))?;
        path = format!("{before}{}{after}", escaped(given.remove(at).1));
    }
    let query: Vec<_> =
        given.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
    Ok(if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) })
}

fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

fn asked(place: &Place, at: &str, author: &str, target: &str) -> Result<Vec<u8>, String> {
    let mut staff = StaffStore::open(&place.data).map_err(|error| error.to_string())?;
    let name = fresh_secret("command-line-")?[..29].to_owned();
    let token = Token {
        name: name.clone(),
        role: Role::Admin,
        resources: Vec::new(),
        creator: author.to_owned(),
        created: now(),
        end: Some(now().plus(TOKEN_MILLIS)),
        used: None,
    };
    let secret = staff.add_token(&token).map_err(|error| error.to_string())?;
    let (who, detail) = (format!("{author} (command line)"), json!({ "asks": target }).to_string());
    let happening = Happening { who: &who, what: "token.add", about: &name, detail: &detail, change: None };
    let noted = staff.audit(&happening, now()).map_err(|error| error.to_string());
    let answer = noted.and_then(|()| fetched(&format!("{}{target}", at.trim_end_matches('/')), &secret));
    staff.remove_token(&name).map_err(|error| error.to_string())?;
    answer.map_err(|error| {
        format!("the admin port at {at} cannot be asked: {error}. Say with --at where it is")
    })
}

fn fetched(url: &str, secret: &str) -> Result<Vec<u8>, String> {
    let from = Remote::parse(url, Trust::system).map_err(|problem| problem.what)?;
    let (mark, key) = (Mark::default(), Hidden::new(format!("Bearer {secret}")));
    let wanted = Wanted {
        from: &from,
        mark: &mark,
        key: Some(("authorization", &key)),
        bytes_max: BYTES_MAX,
        time: TIME,
    };
    match waited_for(fetch(&wanted))?? {
        Fetched::New(bytes, _) => Ok(bytes.to_vec()),
        Fetched::Unchanged => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_question_goes() {
        let check = |id: &str, parameters: &[&str], goes: Result<&str, &str>| {
            let all = looks();
            let operation = all.iter().find(|one| one.id == id).unwrap();
            let parameters: Vec<_> = parameters.iter().map(|text| (*text).to_owned()).collect();
            match (target(operation, &parameters), goes) {
                (Ok(target), Ok(goes)) => assert_eq!(target, goes),
                (Err(error), Err(said)) => assert!(error.contains(said), "{error}"),
                (other, _) => panic!("{id}: {other:?}"),
            }
        };
        check("triggers.show", &[], Ok("/api/triggers"));
        check("events.show", &["id=04hmasw9nf6yy0hj"], Ok("/api/events/04hmasw9nf6yy0hj"));
        check("events.search", &["path=/a?b", "limit=2"], Ok("/api/events?path=%2Fa%3Fb&limit=2"));
        check("events.show", &[], Err("asks for id="));
        check("health.show", &["nonsense"], Err("NAME=VALUE"));
    }
}
