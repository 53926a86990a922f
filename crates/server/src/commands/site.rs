//! Sites and their keys on the command line.

use serde_json::{Value, json};
use spigot_admin::SiteSetting;
use spigot_decision::Millis;

use super::millis;
use super::settings::open;
use crate::cli::{ApiKeyCommand, Author, Format, Place, SiteArgs, SiteCommand, SiteSettings};
use crate::clock::now;
use crate::sites::{Wanted, add_secret, new_api_key, shown};

pub(crate) fn run(args: &SiteArgs) -> Result<(), String> {
    let place = &args.place;
    match &args.what {
        SiteCommand::Add { name, host, settings, author } => add(place, name, host, settings, author),
        SiteCommand::Show { site } => show(place, site.as_deref()),
        SiteCommand::Rotate { site, overlap, author } => rotate(place, site, overlap, author),
        SiteCommand::Hosts { site, add, remove, author } => hosts(place, site, add, remove, author),
        SiteCommand::Set { site, settings, author } => {
            change(place, site, author, |site| wanted(settings).apply(site))
        }
        SiteCommand::Remove { site, author } => remove(place, site, author),
        SiteCommand::ApiKey { what } => api_key(place, what),
    }
}

fn wanted(settings: &SiteSettings) -> Wanted {
    Wanted {
        level: settings.level.clone(),
        client: settings.client.clone(),
        press: settings.press.clone(),
        token_life: settings.token_life.clone(),
        ..Wanted::default()
    }
}

fn add(
    place: &Place,
    name: &str,
    hosts: &[String],
    settings: &SiteSettings,
    author: &Author,
) -> Result<(), String> {
    let wanted = Wanted { name: Some(name.to_owned()), hosts: Some(hosts.to_vec()), ..wanted(settings) };
    let mut site = wanted.new_site()?;
    let secret = add_secret(&mut site, 0, now())?;
    let shown = shown(&site);
    let key = site.site_key.clone();
    open(place)?.add_site(site, &author.author, now()).map_err(|error| error.to_string())?;
    if place.format == Format::Json {
        print_json(&shown, &[("secret", secret.into())]);
    } else {
        say!("Site \"{name}\" is there.\n");
        say!("site key  {key}    in your pages: <spigot-challenge site-key=\"{key}\">");
        say!("secret    {secret}    on your server; it is shown this once");
    }
    Ok(())
}

fn rotate(place: &Place, called: &str, overlap: &str, author: &Author) -> Result<(), String> {
    let overlap_millis = if overlap == "0s" { 0 } else { millis(overlap)? };
    let mut secret = String::new();
    let mut store = open(place)?;
    store
        .change_site(called, &author.author, now(), |site| {
            secret = add_secret(site, overlap_millis, now())?;
            Ok(())
        })
        .map_err(|error| error.to_string())?;
    let site = store.site(called).map_err(|error| error.to_string())?;
    if place.format == Format::Json {
        print_json(&shown(&site), &[("secret", secret.into())]);
    } else {
        say!("secret    {secret}    it is shown this once");
        say!("The secrets before count for {overlap} more.");
    }
    Ok(())
}

fn hosts(
    place: &Place,
    called: &str,
    add: &[String],
    remove: &[String],
    author: &Author,
) -> Result<(), String> {
    if add.is_empty() && remove.is_empty() {
        return show(place, Some(called));
    }
    change(place, called, author, |site| {
        for host in remove {
            let host = host.to_ascii_lowercase();
            let before = site.hosts.len();
            site.hosts.retain(|known| *known != host);
            if site.hosts.len() == before {
                return Err(format!("\"{host}\" is none of its hosts; they are {}", site.hosts.join(", ")));
            }
        }
        for host in add {
            let host = host.to_ascii_lowercase();
            if !site.hosts.contains(&host) {
                site.hosts.push(host);
            }
        }
        Ok(())
    })
}

fn change(
    place: &Place,
    called: &str,
    author: &Author,
    change: impl FnOnce(&mut SiteSetting) -> Result<(), String>,
) -> Result<(), String> {
    let mut store = open(place)?;
    store.change_site(called, &author.author, now(), change).map_err(|error| error.to_string())?;
    show(place, Some(called))
}

fn show(place: &Place, called: Option<&str>) -> Result<(), String> {
    let store = open(place)?;
    let sites = match called {
        Some(called) => vec![store.site(called)],
        None => {
            store.sites().map(|sites| sites.into_iter().map(Ok).collect()).unwrap_or_else(|e| vec![Err(e)])
        }
    };
    if sites.is_empty() && place.format == Format::Text {
        say!("There is no site. `spigot site add NAME --host HOST` makes one.");
    }
    for site in sites {
        let site = site.map_err(|error| error.to_string())?;
        if place.format == Format::Json {
            say!("{}", shown(&site));
        } else {
            say!(
                "{} ({}): hosts {}; level {}, client {}, press {}, tokens count {} s",
                site.name,
                site.site_key,
                site.hosts.join(", "),
                site.level,
                site.client,
                site.press,
                site.token_millis / 1000
            );
            for secret in &site.secrets {
                let until = secret.retires.map_or(String::new(), |end| format!(", until {}", Millis(end)));
                say!("  secret {} of {}{until}", secret.number, Millis(secret.created));
            }
        }
    }
    Ok(())
}

fn remove(place: &Place, called: &str, author: &Author) -> Result<(), String> {
    let mut store = open(place)?;
    let site = store.site(called).map_err(|error| error.to_string())?;
    let key = format!("site {}", site.site_key);
    store.remove(&key, &author.author, now()).map_err(|error| error.to_string())?;
    if place.format == Format::Json {
        say!("{}", json!({ "removed": site.site_key }));
    } else {
        say!("Site \"{}\" is removed; its widgets and its tokens count no more.", site.name);
    }
    Ok(())
}

fn api_key(place: &Place, what: &ApiKeyCommand) -> Result<(), String> {
    let mut store = open(place)?;
    match what {
        ApiKeyCommand::Add { name, author } => {
            let (key, kept) = new_api_key(name, now())?;
            store.add_api_key(kept, &author.author, now()).map_err(|error| error.to_string())?;
            if place.format == Format::Json {
                say!("{}", json!({ "name": name, "key": key }));
            } else {
                say!("{key}\nSend it as: Authorization: Bearer …    It is shown this once.");
            }
        }
        ApiKeyCommand::Show => {
            for key in store.api_keys().map_err(|error| error.to_string())? {
                let created = Millis(key.created).to_string();
                if place.format == Format::Json {
                    say!("{}", json!({ "name": key.name, "created": created }));
                } else {
                    say!("{}, made {created}", key.name);
                }
            }
        }
        ApiKeyCommand::Remove { name, author } => {
            let removed = store.remove(&format!("api key {name}"), &author.author, now());
            if removed.map_err(|error| error.to_string())?.is_none() {
                return Err(format!("there is no key \"{name}\"; `spigot site api-key show` lists them"));
            }
            say!("Removed: {name}");
        }
    }
    Ok(())
}

fn print_json(value: &Value, more: &[(&str, Value)]) {
    let mut value = value.clone();
    if let Some(object) = value.as_object_mut() {
        object.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    }
    say!("{value}");
}
