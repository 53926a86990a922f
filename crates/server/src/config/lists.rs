//! Where the addresses of a `[[list]]` come from, when they do not stand in the policy.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use spigot_decision::policy::source::{Section, nearest};
use spigot_decision::policy::units::{duration_millis, size_bytes};
use spigot_gateway::{Hidden, Remote, Trust, UpstreamProblem};
use spigot_intel::known_crawlers;
use spigot_intel::lists::{Column, Format};

use super::providers::{read_secret, secret_stands_here};

/// As much as all lists together are measured with; see `benches/bin/lists.rs`.
const ENTRIES_MOST: i64 = 1_000_000;
const SIZE_MOST: u64 = 256 << 20;
const EVERY_MILLIS: std::ops::RangeInclusive<u64> = 1_000..=30 * 86_400_000;
const TIME_MILLIS: std::ops::RangeInclusive<u64> = 100..=600_000;
/// Where CrowdSec's local API tells decisions, and which: without `scopes` only those about addresses.
const CROWDSEC_PATH: &str = "/v1/decisions/stream?scopes=ip,range,country,as";

/// Where a list's addresses come from, and within which bounds.
#[derive(Debug, PartialEq)]
pub(crate) struct Feed {
    /// The list's name.
    pub(crate) name: String,
    pub(crate) from: From,
    pub(crate) format: Format,
    pub(crate) every: Duration,
    pub(crate) time: Duration,
    pub(crate) size_max: u64,
    pub(crate) entries_max: usize,
    pub(crate) key: Option<Hidden>,
    /// Of CrowdSec: where only what came and went since it was asked last is told.
    pub(crate) changes: Option<Changes>,
}

/// An address, which tells feeds apart no more than the one that all is fetched from does.
#[derive(Debug)]
pub(crate) struct Changes(pub(crate) Remote);

impl PartialEq for Changes {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

#[derive(Debug)]
pub(crate) enum From {
    File(PathBuf),
    /// As it is written, and as it is fetched.
    Url(String, Remote),
}

impl PartialEq for From {
    fn eq(&self, other: &Self) -> bool {
        self.shown() == other.shown()
    }
}

impl From {
    /// As people and programs are told.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Url(text, _) => text.clone(),
        }
    }
}

pub(super) fn feeds(top: &Section<'_, '_>) -> Vec<Arc<Feed>> {
    let mut feeds: Vec<Feed> = top.tables("list").iter().filter_map(feed).collect();
    // CrowdSec tells each key once what has changed: of two lists with one key, one would miss it.
    let shared = |feed: &Feed| {
        let same = feeds.iter().filter(|other| other.from == feed.from && other.key == feed.key);
        same.count() > 1
    };
    let alone: Vec<bool> = feeds.iter().map(|feed| !shared(feed)).collect();
    for (feed, alone) in feeds.iter_mut().zip(alone) {
        feed.changes = feed.changes.take().filter(|_| alone);
    }
    feeds.into_iter().map(Arc::new).collect()
}

fn feed(part: &Section<'_, '_>) -> Option<Feed> {
    crawlers(part);
    let (file, url) = (part.text("file"), part.text("url"));
    if let (Some(_), Some(url)) = (&file, &url) {
        let help = "take one of them out, or make two lists";
        part.reader.problem(url.span.clone(), "this list has a `file` and a `url`", help);
    }
    let formats = [
        ("text", Written::Text),
        ("csv", Written::Csv),
        ("json", Written::Json),
        ("crowdsec", Written::CrowdSec),
    ];
    let written = part.choice("format", &formats);
    let is = |wanted| written.as_ref().is_some_and(|written| written.value == wanted);
    let columns = columns(part);
    for (key, needed, format) in [
        ("column", is(Written::Csv), "csv"),
        ("api_key", is(Written::CrowdSec), "crowdsec"),
        ("types", is(Written::CrowdSec), "crowdsec"),
    ] {
        if let Some((_, span)) = part.raw(key).filter(|_| !needed) {
            let help = format!("remove it, or write format = \"{format}\"");
            part.reader.problem(span, format!("`{key}` is for lists in the format \"{format}\""), help);
        }
    }
    if let (Some(written), true) = (&written, is(Written::CrowdSec) && url.is_none()) {
        let help = "name its local API, for example url = \"http://127.0.0.1:8080\"";
        part.reader.problem(written.span.clone(), "CrowdSec is asked at a `url`", help);
    }
    let usual = if is(Written::CrowdSec) { 60_000 } else { 6 * 3_600_000 };
    let every = duration(part, "every", &EVERY_MILLIS, "write between \"1s\" and \"30d\"", usual);
    let time = duration(part, "time", &TIME_MILLIS, "write between \"100ms\" and \"10m\"", 30_000);
    let size_max = part.parsed("size_max", |text| {
        size_bytes(text)
            .and_then(|n| if n <= SIZE_MOST { Ok(n) } else { Err("at most \"256MiB\"".to_owned()) })
    });
    let entries_max =
        part.integer("entries_max", 1..=ENTRIES_MOST).and_then(|n| usize::try_from(n.value).ok());
    let key = key(part);
    let (from, changes) = match (file, url) {
        (Some(file), _) => (From::File(file.value.into()), None),
        (None, Some(url)) => match addresses(url.value, is(Written::CrowdSec)) {
            Ok(addresses) => addresses,
            Err(problem) => {
                part.reader.problem(url.span, problem.what, problem.instead);
                return None;
            }
        },
        (None, None) => return None,
    };
    Some(Feed {
        name: part.text("name")?.value.to_owned(),
        from,
        format: match written.map_or(Written::Text, |written| written.value) {
            Written::Text => Format::Text,
            Written::Csv => Format::Csv(columns),
            Written::Json => Format::Json,
            Written::CrowdSec => Format::CrowdSec(types(part)),
        },
        every,
        time,
        size_max: size_max.map_or(32 << 20, |size| size.value),
        entries_max: entries_max.unwrap_or(500_000),
        key,
        changes,
    })
}

/// Where a list is fetched from; of CrowdSec where all of it is, and where what has changed.
fn addresses(url: &str, crowdsec: bool) -> Result<(From, Option<Changes>), UpstreamProblem> {
    if !crowdsec {
        return Ok((From::Url(url.to_owned(), Remote::parse(url, Trust::system)?), None));
    }
    let mut stream = url.to_owned();
    if !stream.contains("/decisions/stream") {
        stream = format!("{}{CROWDSEC_PATH}", stream.trim_end_matches('/'));
    }
    let rest = stream.replace("startup=true", "").replace("startup=false", "");
    let rest = rest.trim_end_matches(['?', '&']);
    let mark = if rest.contains('?') { '&' } else { '?' };
    let whole = format!("{rest}{mark}startup=true");
    let changes = Remote::parse(&format!("{rest}{mark}startup=false"), Trust::system)?;
    let remote = Remote::parse(&whole, Trust::system)?;
    Ok((From::Url(whole, remote), Some(Changes(changes))))
}

/// The types of decisions that a list takes. One that blocks takes bans alone unless it says otherwise: whoever should be
/// asked for a challenge, or slowed, is not to be blocked.
fn types(part: &Section<'_, '_>) -> Vec<String> {
    if let Some(types) = part.texts("types") {
        return types.iter().map(|text| text.value.to_owned()).collect();
    }
    let blocks = part.text("action").is_some_and(|action| matches!(action.value, "block" | "shadow"));
    if blocks { vec!["ban".to_owned()] } else { Vec::new() }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    Text,
    Csv,
    Json,
    CrowdSec,
}

/// Names of crawlers that nobody knows how to recognise would quietly verify nobody.
fn crawlers(part: &Section<'_, '_>) {
    let names: Vec<&str> = known_crawlers().iter().map(|crawler| crawler.name.as_str()).collect();
    for text in part.texts("crawler").unwrap_or_default() {
        if !names.contains(&text.value) {
            part.reader.problem(
                text.span,
                format!("no crawler \"{}\" is known", text.value),
                format!("crawlers: {}{}", names.join(", "), nearest(text.value, &names)),
            );
        }
    }
}

fn columns(part: &Section<'_, '_>) -> Vec<Column> {
    let Some((value, span)) = part.raw("column") else { return vec![Column::Number(1)] };
    let one = |value: &toml::de::DeValue<'_>| match (value.as_str(), value.as_integer()) {
        (Some(name), _) => Some(Column::Name(name.to_owned())),
        (None, Some(number)) => number.as_str().parse().ok().filter(|n| *n > 0).map(Column::Number),
        _ => None,
    };
    let found = match value.as_array() {
        Some(list) => list.iter().map(|item| one(item.get_ref())).collect::<Option<Vec<_>>>(),
        None => one(value).map(|column| vec![column]),
    };
    found.filter(|columns| (1..=2).contains(&columns.len())).unwrap_or_else(|| {
        let help = "write a column's name, its number from 1, or two of them for first and last address";
        part.reader.problem(span, "`column` names no column", help);
        vec![Column::Number(1)]
    })
}

fn duration(
    part: &Section<'_, '_>,
    key: &'static str,
    allowed: &std::ops::RangeInclusive<u64>,
    help: &str,
    usual: u64,
) -> Duration {
    let read = part.parsed(key, |text| {
        duration_millis(text).ok().filter(|millis| allowed.contains(millis)).ok_or_else(|| help.to_owned())
    });
    Duration::from_millis(read.map_or(usual, |millis| millis.value))
}

fn key(part: &Section<'_, '_>) -> Option<Hidden> {
    if secret_stands_here(part, "api_key", "this list") {
        return None;
    }
    let (secret, _) = read_secret(&part.table("api_key")?)?;
    Some(Hidden::new(secret))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn list(lines: &str) -> String {
        format!("[[list]]\nname = \"a\"\nkind = \"hosting\"\n{lines}\n")
    }

    #[test]
    fn what_is_wrong_with_a_source_is_said() {
        let check = |text: &str, said: &str| {
            let problems = Config::parse("spigot.toml", text).err();
            let problems: Vec<_> = problems.iter().flat_map(|problems| &problems.problems).collect();
            let found = problems
                .iter()
                .any(|problem| format!("{}; {}", problem.message, problem.help).contains(said));
            assert!(found, "{text}: {problems:?} instead of {said}");
        };
        check(&list("file = \"a\"\nurl = \"http://127.0.0.1/a\""), "has a `file` and a `url`");
        check(&list("url = \"ftp://127.0.0.1/a\""), "write \"https://HOST/PATH\"");
        check(&list("url = \"http://127.0.0.1/a\"\nevery = \"10ms\""), "write between \"1s\" and \"30d\"");
        check(&list("file = \"a\"\nsize_max = \"1GiB\""), "at most \"256MiB\"");
        check(&list("file = \"a\"\nentries_max = 2000000"), "whole number from 1 to 1000000");
        check(&list("file = \"a\"\ncolumn = 1"), "for lists in the format \"csv\"");
        check(&list("file = \"a\"\nformat = \"csv\"\ncolumn = 0"), "names no column");
        check(&list("file = \"a\"\nformat = \"crowdsec\""), "is asked at a `url`");
        check(
            &list("url = \"http://127.0.0.1\"\nformat = \"crowdsec\"\napi_key = \"hush\""),
            "perhaps one itself",
        );
        check(
            "[[list]]\nname = \"a\"\nkind = \"crawler\"\ncrawler = \"googelbot\"\n",
            "did you mean \"googlebot\"?",
        );
        check(&list("file = \"a\"\ntypes = \"ban\""), "for lists in the format \"crowdsec\"");
        check("[crawlers]\ndns = \"nowhere\"\n", "no address of a resolver");
        check("[crawlers]\ntime = \"5m\"\n", "between \"100ms\" and \"1m\"");
    }

    #[test]
    fn a_source_and_its_bounds() {
        let text = list(
            "url = \"http://127.0.0.1:8080/\"\nformat = \"crowdsec\"\napi_key = { file = 'Cargo.toml' }",
        );
        let config = Config::parse("spigot.toml", &text).unwrap();
        let feed = &config.server.feeds[0];
        assert_eq!(
            feed.from.shown(),
            "http://127.0.0.1:8080/v1/decisions/stream?scopes=ip,range,country,as&startup=true"
        );
        assert_eq!((feed.every.as_secs(), feed.time.as_secs(), feed.entries_max), (60, 30, 500_000));
        assert!(feed.key.is_some() && !format!("{feed:?}").contains("package"), "{feed:?}");
        assert!(feed.changes.is_some());
        let twice =
            Config::parse("spigot.toml", &format!("{text}{}", text.replace("\"a\"", "\"b\""))).unwrap();
        assert!(twice.server.feeds.iter().all(|feed| feed.changes.is_none()), "one key, two lists");
        let types = |lines: &str| {
            let url = "url = \"http://127.0.0.1:8080/lapi/v1/decisions/stream?startup=true\"\nformat = \"crowdsec\"";
            let text = format!("[[list]]\nname = \"a\"\nkind = \"deny\"\n{url}\n{lines}\n");
            let feed = Config::parse("spigot.toml", &text).unwrap().server.feeds.remove(0);
            assert_eq!(
                feed.from.shown(),
                "http://127.0.0.1:8080/lapi/v1/decisions/stream?startup=true",
                "one's own address stays"
            );
            feed.format.clone()
        };
        assert_eq!(types(""), Format::CrowdSec(vec![]));
        assert_eq!(types("action = \"block\""), Format::CrowdSec(vec!["ban".to_owned()]));
        let both = Format::CrowdSec(vec!["ban".to_owned(), "captcha".to_owned()]);
        assert_eq!(types("action = \"block\"\ntypes = [\"ban\", \"captcha\"]"), both);
        let plain = Config::parse(
            "spigot.toml",
            "[[list]]\nname = \"a\"\nkind = \"deny\"\nentries = \"192.0.2.1\"\n",
        );
        assert!(plain.unwrap().server.feeds.is_empty());
    }
}
