//! `[[list]]`: what being on it means. Where a list's addresses come from, when they do not stand in the policy, is the
//! server's to read; here its keys are only known.

use super::*;
use crate::policy::Wide;
use crate::reputation::Class;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Allow,
    Deny,
    Mark,
    Crawler,
    Class(Class),
}

const KINDS: [(&str, Kind); 9] = [
    ("allow", Kind::Allow),
    ("deny", Kind::Deny),
    ("mark", Kind::Mark),
    ("hosting", Kind::Class(Class::Hosting)),
    ("vpn", Kind::Class(Class::Vpn)),
    ("tor", Kind::Class(Class::Tor)),
    ("proxy", Kind::Class(Class::Proxy)),
    ("reputation", Kind::Class(Class::Reputation)),
    ("crawler", Kind::Crawler),
];

/// Keys that say where a list's addresses come from and how they are fetched and read.
const OF_THE_SERVER: [&str; 10] =
    ["file", "url", "format", "column", "every", "time", "size_max", "entries_max", "api_key", "types"];

impl Compiler {
    pub(super) fn lists(&mut self, section: &Section<'_, '_>) {
        for part in section.tables("list") {
            let name = part.text("name");
            if name.as_ref().is_some_and(|name| self.is_replaced("list", name.value)) {
                continue;
            }
            let list = list(&part);
            if let (Some(name), Some(mut list)) = (name, list) {
                list.name = name.value.to_owned();
                self.lists.push(list);
            }
        }
    }
}

fn list(part: &Section<'_, '_>) -> Option<List> {
    let kind = part.require("kind", part.choice("kind", &KINDS), "kind = \"deny\"");
    let kind = kind.map_or(Kind::Mark, |kind| kind.value);
    let action = part.choice("action", &ACTIONS);
    only(part, "action", kind == Kind::Deny, "deny", "kind = \"deny\"");
    let weight = part.integer("weight", 1..=100).and_then(|weight| u8::try_from(weight.value).ok());
    let of_reputation = kind == Kind::Class(Class::Reputation);
    only(part, "weight", of_reputation, "reputation", "kind = \"reputation\"");
    let crawlers = part.texts("crawler").unwrap_or_default();
    only(part, "crawler", kind == Kind::Crawler, "crawler", "kind = \"crawler\"");
    if kind == Kind::Crawler {
        part.require("crawler", part.has("crawler").then_some(()), "crawler = \"googlebot\"");
    }
    let (mut entries, mut wide) = (Vec::new(), Vec::new());
    for text in part.texts("entries").unwrap_or_default() {
        match (Prefix::parse(text.value), Wide::parse(text.value)) {
            (Some(prefix), _) => entries.push((prefix, ())),
            (None, Some(one)) => wide.push(one),
            (None, None) => part.reader.problem(
                text.span,
                format!("\"{}\" is no address or prefix, network, country or fingerprint", text.value),
                "write for example \"192.0.2.0/24\", \"2001:db8::/32\", \"AS64500\", \"country:DE\" or \"fingerprint:t13d1516h2_8daaf6152771_b186095e22b6\"",
            ),
        }
    }
    for key in OF_THE_SERVER {
        part.raw(key);
    }
    let fed = part.has("file") || part.has("url");
    part.finish();
    let kind = match kind {
        Kind::Allow => ListKind::Allow,
        Kind::Deny => ListKind::Deny(action.map_or(Action::Challenge, |action| action.value)),
        Kind::Mark => ListKind::Mark,
        Kind::Crawler => ListKind::Crawler,
        Kind::Class(class) => ListKind::Class(class),
    };
    let crawlers = crawlers.iter().map(|text| text.value.to_owned()).collect();
    Some(List { name: String::new(), kind, weight, crawlers, fed, prefixes: PrefixMap::new(entries), wide })
}

/// Notes a key that only one kind of list has.
fn only(part: &Section<'_, '_>, key: &'static str, allowed: bool, kind: &str, instead: &str) {
    if let Some((_, span)) = part.raw(key).filter(|_| !allowed) {
        let article = if key.starts_with('a') { "an" } else { "a" };
        part.reader.problem(
            span,
            format!("only a list of the kind \"{kind}\" has {article} {key}"),
            format!("remove `{key}`, or write {instead}"),
        );
    }
}
