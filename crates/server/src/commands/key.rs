//! API keys of trusted clients on the command line.

use serde_json::json;
use spigot_admin::{KeySetting, PolicyStore};
use spigot_decision::Millis;
use spigot_gateway::{KEY_PREFIX, SecretDigest};

use super::millis;
use super::settings::open;
use crate::cli::{Format, KeyArgs, KeyCommand, Place};
use crate::clock::now;
use spigot_keeping::{hex, random};

pub(crate) fn run(args: &KeyArgs) -> Result<(), String> {
    let place = &args.place;
    let mut store = open(place)?;
    match &args.what {
        KeyCommand::Add { name, client, route, rate, life, author } => {
            let until = life.as_deref().map(millis).transpose()?.map(|life| now().plus(life).0);
            let mut key = KeySetting {
                name: name.clone(),
                client: client.clone(),
                routes: route.clone(),
                rate: rate.clone(),
                until,
                digests: Vec::new(),
            };
            let secret = fresh(&mut key, 0)?;
            store.add_key(key, &author.author, now()).map_err(|error| error.to_string())?;
            show_secret(place, name, &secret);
            Ok(())
        }
        KeyCommand::List => list(place, &store),
        KeyCommand::Rotate { name, overlap, author } => {
            let overlap_millis = if overlap == "0s" { 0 } else { millis(overlap)? };
            let mut secret = String::new();
            let changed = store.change_key(name, &author.author, now(), |key| {
                secret = fresh(key, overlap_millis)?;
                Ok(())
            });
            changed.map_err(|error| error.to_string())?;
            show_secret(place, name, &secret);
            if place.format == Format::Text {
                say!("The key before counts for {overlap} more.");
            }
            Ok(())
        }
        KeyCommand::Revoke { name, author } => {
            let removed = store.remove(&format!("key {name}"), &author.author, now());
            if removed.map_err(|error| error.to_string())?.is_none() {
                return Err(format!(
                    "there is no key \"{name}\"; `spigot key list` shows those that there are"
                ));
            }
            if place.format == Format::Json {
                say!("{}", json!({ "revoked": name }));
            } else {
                say!("Revoked: {name}");
            }
            Ok(())
        }
    }
}

/// A fresh key. Returned once and never again; what is kept is its digest.
fn fresh(key: &mut KeySetting, overlap_millis: i64) -> Result<String, String> {
    let secret = format!("{KEY_PREFIX}{}", hex(&random::<20>().map_err(|error| error.to_string())?));
    key.rotate(SecretDigest::of(&secret).to_string(), now().plus(overlap_millis), now())?;
    Ok(secret)
}

fn show_secret(place: &Place, name: &str, secret: &str) {
    if place.format == Format::Json {
        say!("{}", json!({ "name": name, "key": secret }));
    } else {
        say!("{secret}\nThis is the key \"{name}\". It is shown this once.");
    }
}

fn list(place: &Place, store: &PolicyStore) -> Result<(), String> {
    let keys = store.keys().map_err(|error| error.to_string())?;
    if keys.is_empty() && place.format == Format::Text {
        say!("There is no key. `spigot key add NAME --client CLIENT` makes one.");
    }
    for key in keys {
        let time = |millis: Option<i64>| millis.map(|millis| Millis(millis).to_string());
        let digests = key.digests.iter();
        let made: Vec<_> = digests
            .map(|held| json!({ "created": time(Some(held.created)), "retires": time(held.retires) }))
            .collect();
        if place.format == Format::Json {
            say!(
                "{}",
                json!({
                    "name": key.name,
                    "client": key.client,
                    "routes": key.routes,
                    "rate": key.rate,
                    "until": time(key.until),
                    "keys": made,
                })
            );
            continue;
        }
        let routes = if key.routes.is_empty() { "all its routes".to_owned() } else { key.routes.join(", ") };
        let rate = key.rate.map_or(String::new(), |rate| format!(", {rate}"));
        let is_over = key.until.is_some_and(|until| until <= now().0);
        let until = time(key.until).map_or(String::new(), |until| {
            format!(", {} {until}", if is_over { "over since" } else { "until" })
        });
        say!("{}: {} on {routes}{rate}{until}", key.name, key.client);
        for held in &key.digests {
            let retires = time(held.retires).map_or(String::new(), |retires| format!(", until {retires}"));
            say!("  made {}{retires}", Millis(held.created));
        }
    }
    Ok(())
}
