//! How well declared bots are told from people's browsers, on lists that others made. The words of `agent/bot/table.rs` were
//! chosen on isbot's lists. Of crawler-user-agents, what the general words alone leave was read through once; no word was
//! taken from it. Nothing was taken from the browsers of npm's `user-agents`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use spigot_decision::Agent;

fn data(file: &str) -> Option<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/user-agents");
    read(&folder.join(file))
}

/// Fetched with `scripts/fetch-user-agents`; in CI it has to be.
fn fetched() -> Option<String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/user-agents");
    let text = read(&folder.join("user-agents.json"));
    assert!(
        text.is_some() || std::env::var_os("SPIGOT_CI").is_none(),
        "scripts/fetch-user-agents has to have run"
    );
    text
}

fn read(path: &Path) -> Option<String> {
    let text = std::fs::read_to_string(path).ok();
    if text.is_none() {
        eprintln!("SKIPPED: no {}", path.display());
    }
    text
}

/// Headings with the texts below them, of YAML that has nothing else.
fn listed(yaml: &str) -> Vec<(String, String)> {
    let mut heading = String::new();
    let mut found = Vec::new();
    for line in yaml.lines() {
        match line.trim_start().strip_prefix("- ") {
            Some(text) => found.push((heading.clone(), unquoted(text))),
            None => heading = line.trim_end_matches(':').to_owned(),
        }
    }
    found
}

fn unquoted(text: &str) -> String {
    match (text.strip_prefix('"'), text.strip_prefix('\'')) {
        (Some(_), _) => serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}")),
        (_, Some(inner)) => inner.trim_end_matches('\'').replace("''", "'"),
        _ => text.to_owned(),
    }
}

/// The share of crawlers that are found.
fn recall(list: &str, crawlers: &[String], at_least: f64) {
    let missed: Vec<_> = crawlers.iter().filter(|agent| !Agent::of(agent).is_program()).collect();
    let share = 1.0 - missed.len() as f64 / crawlers.len() as f64;
    println!("{list}: {share:.4} of {}", crawlers.len());
    assert!(share >= at_least, "{list}: {share}, missed {missed:#?}");
}

#[test]
fn crawlers_of_a_list_that_was_not_tuned_on() {
    let Some(text) = data("crawler-user-agents.json") else { return };
    let list: serde_json::Value = serde_json::from_str(&text).unwrap();
    let entries = list.as_array().unwrap().iter().flat_map(|entry| entry["instances"].as_array().unwrap());
    let crawlers: Vec<_> = entries.map(|agent| agent.as_str().unwrap().to_owned()).collect();
    assert!(crawlers.len() > 2000, "only {}", crawlers.len());
    recall("crawler-user-agents", &crawlers, 0.957);
}

#[test]
fn crawlers_of_the_list_that_was_tuned_on() {
    let Some(text) = data("isbot-crawlers.yml") else { return };
    let crawlers: Vec<_> = listed(&text).into_iter().map(|(_, agent)| agent).collect();
    assert!(crawlers.len() > 600, "only {}", crawlers.len());
    // The rest are apps, and browsers that say no word of what they do.
    recall("isbot's crawlers", &crawlers, 0.87);
}

#[test]
fn real_browsers_are_no_bots() {
    let mut wrong = Vec::new();
    let mut check = |list: &str, agent: &str| {
        if Agent::of(agent).is_program() {
            wrong.push(format!("{list}: {agent}"));
        }
    };
    if let Some(text) = data("isbot-browsers.yml") {
        // By its own heading this holds bots, ones that are "not worth blocking".
        let is_browser = |heading: &str| !heading.contains("Insignificat bots - These");
        let browsers: Vec<_> = listed(&text).into_iter().filter(|(heading, _)| is_browser(heading)).collect();
        assert!(browsers.len() > 540, "only {}", browsers.len());
        println!("isbot's browsers: {}", browsers.len());
        browsers.iter().for_each(|(heading, agent)| check(heading, agent));
    }
    if let Some(text) = fetched() {
        let list: serde_json::Value = serde_json::from_str(&text).unwrap();
        let list = list.as_array().unwrap();
        println!("npm user-agents: {}", list.len());
        assert!(list.len() > 1000, "only {}", list.len());
        list.iter().for_each(|entry| check("user-agents", entry["userAgent"].as_str().unwrap()));
    }
    assert!(wrong.is_empty(), "{} wrong: {wrong:#?}", wrong.len());
}
