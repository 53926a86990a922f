//! From a parsed file to a [`Policy`]: every problem is noted, nothing is guessed.

mod accounts;
mod adjust;
mod attach;
mod exceptions;
mod lists;
mod names;
mod partial;
mod provider;
mod read;
mod trusted;

use std::hash::Hasher;
use std::sync::Arc;

use siphasher::sip::SipHasher13;

use self::names::{check_name, names_at, own_name, patterns, twice};
use self::partial::Partials;
use self::provider::{Challenger, challenger};
use self::read::{
    default_ladder, durations, read_challenge, read_clearance, read_ladder, read_route_ladder, read_settings,
};
use super::expression::{Condition, Names, Scope};
use super::routing::Routing;
use super::settings::{AnomalyTrigger, FrequencyTrigger, RepetitionTrigger};
use super::source::Section;
use super::units::{duration_millis, duration_text, rate, size_bytes, window_millis};
use super::{
    ChallengeSettings, Exception, Gives, Ladder, Limit, List, ListKind, Operator, Policy, PrefixMap, Preset,
    Route, Rule, Settings, Standing, TokenClient, TrustedClient, Unavailable,
};
use crate::signal::{NAMES as SIGNAL_NAMES, SIGNALS};
use crate::subject::Prefix;
use crate::{Action, Budget, Level, Mode};

/// Bounds of one policy. They keep a decision's cost and its record small; no site known to us comes near.
const ROUTES_MAX: usize = 512;
const LIMITS_MAX: usize = 256;
const LIMITS_PER_ROUTE_MAX: usize = 16;
const RULES_MAX: usize = 256;
const LISTS_MAX: usize = 64;
const EXCEPTIONS_MAX: usize = 256;
const WAIT_MILLIS_MAX: u32 = 120_000;
/// Each is looked for by its name, and has series of its own in the metrics.
const PROVIDERS_MAX: usize = 16;
/// The keys of each are looked through for every signature.
const TRUSTED_MAX: usize = 64;

const ACTIONS: [(&str, Action); 6] = [
    ("allow", Action::Allow),
    ("log", Action::Log),
    ("throttle", Action::Throttle),
    ("challenge", Action::Challenge),
    ("shadow", Action::Shadow),
    ("block", Action::Block),
];
const PRESETS: [(&str, Preset); 3] =
    [("low", Preset::Low), ("medium", Preset::Medium), ("high", Preset::High)];
const TOKEN_CLIENTS: [(&str, TokenClient); 3] =
    [("off", TokenClient::Off), ("loose", TokenClient::Loose), ("strict", TokenClient::Strict)];
const LEVELS: [(&str, Level); 3] = [("low", Level::Low), ("medium", Level::Medium), ("high", Level::High)];

/// Compiles a policy from the top section of a file, asking it for the keys that belong to the policy. The caller
/// reads keys of its own from the same section and then finishes it. `base` is the policy that `extends` names, as a
/// section of its own: its routes, limits, rules and lists come after the file's.
///
/// Problems go to the section's reader; the result is only to be used when there are none.
pub(super) fn compile(section: &Section<'_, '_>, base: Option<&Section<'_, '_>>, text: &str) -> Policy {
    let mut compiler = Compiler::default();
    let sections: Vec<&Section<'_, '_>> = std::iter::once(section).chain(base).collect();
    // Limits, lists and rules first by name, because conditions and routes refer to them.
    for (depth, part) in sections.iter().enumerate() {
        compiler.names(part, depth > 0);
    }
    let ladder = sections.iter().find_map(|part| read_ladder(part)).unwrap_or_else(default_ladder);
    let accounts = accounts::read(&sections);
    let (challenge, standing) = read_challenge(&sections, &compiler.provider_names);
    compiler.provider = standing;
    let partials = Partials::read(section, base);
    let whole = Whole { ladder: &ladder, challenge: &challenge, partials: &partials };
    for (depth, part) in sections.iter().enumerate() {
        compiler.in_base = depth > 0;
        compiler.lists(part);
        compiler.limits(part);
        compiler.rules(part);
        compiler.trusted(part);
    }
    let mut fallback = None;
    for (depth, part) in sections.iter().enumerate() {
        compiler.in_base = depth > 0;
        let mut defaults = compiler.defaults(part);
        if depth > 0 {
            // What the file says at its top also holds for the routes that it extends, and speaks last.
            defaults.overrides.push(section);
        }
        compiler.routes(part, &defaults, whole);
        let preset = fallback.and_then(|of_file: Defaults<'_, '_>| of_file.preset).or(defaults.preset);
        fallback = Some(Defaults { preset, ..defaults });
        compiler.exceptions(part);
    }
    let defaults = fallback.unwrap_or(Defaults { preset: None, overrides: Vec::new() });
    let parts: Vec<_> = partials.of(partial::FALLBACK).into_iter().collect();
    let settings = compiler.settings(&parts, &defaults, whole);
    accounts::check_route(section, &settings);
    partials.finish();
    compiler.routes.push(Route {
        name: partial::FALLBACK.to_owned(),
        hosts: Vec::new(),
        patterns: Vec::new(),
        settings,
        limits: Vec::new(),
        answer_limits: Vec::new(),
        rules: Vec::new(),
    });
    for (depth, part) in sections.iter().enumerate().rev() {
        compiler.in_base = depth > 0;
        compiler.adjust(part);
    }
    compiler.attach(section.reader);
    let mut hasher = SipHasher13::new();
    hasher.write(text.as_bytes());
    let text_hash = hasher.finish();
    let operator = Arc::new(Operator { exceptions: compiler.exceptions, ..Operator::default() });
    let routing = Routing::new(&compiler.routes);
    Policy {
        revision: revision(text_hash, &operator),
        routes: compiler.routes,
        limits: compiler.limits.into_iter().map(|l| l.limit).collect(),
        rules: compiler.rules.into_iter().map(|r| r.rule).collect(),
        wide: super::WideMap::new(compiler.lists.iter().map(|list| &list.wide[..]).enumerate()),
        lists: compiler.lists,
        ladder,
        accounts,
        challenge,
        providers: compiler.provider_names,
        trusted: compiler.trusted,
        operator,
        demoted: Vec::new(),
        routing,
        text_hash,
    }
}

pub(super) fn revision(text_hash: u64, operator: &Operator) -> String {
    let mut hasher = SipHasher13::new();
    hasher.write_u64(text_hash);
    hasher.write_u64(operator.change);
    format!("{:012x}", hasher.finish() >> 16)
}

#[derive(Default)]
struct Compiler {
    routes: Vec<Route>,
    limits: Vec<ScopedLimit>,
    rules: Vec<ScopedRule>,
    lists: Vec<List>,
    exceptions: Vec<Exception>,
    limit_names: Vec<String>,
    list_names: Vec<String>,
    route_names: Vec<String>,
    provider_names: Vec<String>,
    trusted_names: Vec<String>,
    trusted: Vec<TrustedClient>,
    /// Who challenges where a route does not say.
    provider: Option<u8>,
    /// What the file names itself, of what it extends: the file's own counts.
    replaced: Vec<(&'static str, String)>,
    in_base: bool,
}

struct ScopedLimit {
    limit: Limit,
    /// Its place, when it stands in the file itself.
    span: Option<std::ops::Range<usize>>,
    routes: Vec<(String, std::ops::Range<usize>)>,
}

struct ScopedRule {
    rule: Rule,
    routes: Vec<(String, std::ops::Range<usize>)>,
}

/// What holds for the whole policy, and what routes may say of their own over it.
#[derive(Clone, Copy)]
struct Whole<'a> {
    ladder: &'a Ladder,
    challenge: &'a ChallengeSettings,
    partials: &'a Partials<'a, 'a>,
}

/// What a file says at its top for all routes.
struct Defaults<'a, 't> {
    preset: Option<Preset>,
    overrides: Vec<&'a Section<'a, 't>>,
}

impl Compiler {
    fn is_replaced(&self, kind: &'static str, name: &str) -> bool {
        self.in_base && self.replaced.iter().any(|(k, n)| *k == kind && n == name)
    }

    fn names(&mut self, section: &Section<'_, '_>, in_base: bool) {
        for (key, names, most, example) in [
            ("limit", &mut self.limit_names, LIMITS_MAX, "name = \"login-burst\""),
            ("list", &mut self.list_names, LISTS_MAX, "name = \"office\""),
            ("route", &mut self.route_names, ROUTES_MAX - 1, "name = \"login\""),
            ("provider", &mut self.provider_names, PROVIDERS_MAX, "name = \"turnstile\""),
            ("trusted", &mut self.trusted_names, TRUSTED_MAX, "name = \"partner\""),
        ] {
            for part in section.tables(key) {
                let name = part.require("name", part.text("name"), example);
                let Some(name) = name else { continue };
                if names.iter().any(|known| known == name.value) {
                    if in_base {
                        self.replaced.push((key, name.value.to_owned()));
                        continue;
                    }
                    twice(section.reader, key, &name);
                    continue;
                }
                check_name(section.reader, &name);
                if key == "provider" {
                    provider::check_name(section.reader, &name);
                }
                names.push(name.value.to_owned());
                if names.len() == most + 1 {
                    section.reader.problem(
                        part.span.clone(),
                        format!("there are too many of [[{key}]]"),
                        format!("at most {most} are allowed"),
                    );
                }
            }
        }
    }

    fn condition(&self, section: &Section<'_, '_>, scope: Scope, text: &str) -> Option<Condition> {
        let when = section.text("when")?;
        let fed: Vec<String> =
            self.lists.iter().filter(|list| list.is_looked_up()).map(|list| list.name.clone()).collect();
        let names =
            Names { signals: &SIGNAL_NAMES, limits: &self.limit_names, lists: &self.list_names, fed: &fed };
        match Condition::parse(when.value, scope, &names) {
            Ok(condition) => Some(condition),
            Err(wrongs) => {
                for wrong in wrongs {
                    let span = place_inside(text, &when.span, when.value, wrong.span);
                    section.reader.problem(span, wrong.message, wrong.help);
                }
                None
            }
        }
    }

    fn limits(&mut self, section: &Section<'_, '_>) {
        let text = section_text(section);
        for part in section.tables("limit") {
            let name = part.text("name");
            if name.as_ref().is_some_and(|name| self.is_replaced("limit", name.value)) {
                continue;
            }
            let rate = part.require("rate", part.parsed("rate", rate), "rate = \"5 per 1m per address\"");
            let when = self.condition(&part, Scope::Limit, text);
            let patterns = patterns(&part);
            let action = part.choice("action", &ACTIONS[2..]).map_or(Action::Throttle, |a| a.value);
            let routes = names_at(&part);
            part.finish();
            let (Some(name), Some(rate)) = (name, rate) else { continue };
            let limit = Limit { name: name.value.to_owned(), rate: rate.value, when, patterns, action };
            let span = (!self.in_base).then(|| part.span.clone());
            self.limits.push(ScopedLimit { limit, routes, span });
        }
    }

    fn rules(&mut self, section: &Section<'_, '_>) {
        let text = section_text(section);
        let mut names = Vec::new();
        for (index, part) in section.tables("rule").into_iter().enumerate() {
            let name = part.require("name", part.text("name"), "name = \"old-browsers\"");
            let replaces = |rule: &ScopedRule| name.as_ref().is_some_and(|name| rule.rule.name == name.value);
            if self.in_base && self.rules.iter().any(replaces) {
                continue;
            }
            own_name(section.reader, "rule", name.as_ref(), &mut names);
            if index == RULES_MAX {
                section.reader.problem(
                    part.span.clone(),
                    "there are too many of [[rule]]",
                    format!("at most {RULES_MAX} are allowed"),
                );
            }
            let when = part.require(
                "when",
                self.condition(&part, Scope::Rule, text),
                "when = 'request.path.startsWith(\"/admin\")'",
            );
            let weight = part.integer("weight", 0..=100);
            let action = part.choice("action", &ACTIONS);
            let routes = names_at(&part);
            part.finish();
            let gives = match (weight, action) {
                (Some(weight), None) => Gives::Weight(u8::try_from(weight.value).unwrap_or(100)),
                (None, Some(action)) => Gives::Action(action.value),
                _ => {
                    let message = match (part.has("weight"), part.has("action")) {
                        (true, true) => "[[rule]] has a weight and an action",
                        (false, false) => "[[rule]] has neither a weight nor an action",
                        _ => continue, // of the wrong type or range, which has been said
                    };
                    section.reader.problem(
                        part.span.clone(),
                        message,
                        "write either weight = 20 or action = \"block\"",
                    );
                    continue;
                }
            };
            if let (Some(name), Some(when)) = (name, when) {
                self.rules
                    .push(ScopedRule { rule: Rule { name: name.value.to_owned(), when, gives }, routes });
            }
        }
    }

    fn defaults<'a, 't>(&self, section: &'a Section<'a, 't>) -> Defaults<'a, 't> {
        let preset = section.choice("preset", &PRESETS).map(|p| p.value);
        Defaults { preset, overrides: vec![section] }
    }

    fn routes(&mut self, section: &Section<'_, '_>, defaults: &Defaults<'_, '_>, whole: Whole<'_>) {
        for part in section.tables("route") {
            let name = part.text("name").map_or(String::new(), |n| n.value.to_owned());
            let partial = whole.partials.of(&name);
            // Partial ones are read with the route that they change.
            let is_elsewhere = match partial {
                Some(_) => !self.in_base,
                None => self.is_replaced("route", &name),
            };
            if is_elsewhere {
                continue;
            }
            let parts: Vec<_> = std::iter::once(&part).chain(partial).collect();
            let settings = self.settings(&parts, defaults, whole);
            let hosts = partial::hosts_of(&parts);
            part.require("match", part.has("match").then_some(()), "match = \"POST /login\"");
            let patterns = patterns(&part);
            part.finish();
            self.routes.push(Route {
                name,
                hosts,
                patterns,
                settings,
                limits: Vec::new(),
                answer_limits: Vec::new(),
                rules: Vec::new(),
            });
        }
    }

    /// What the parts of one route come to, the one that speaks last last.
    fn settings(
        &self,
        parts: &[&Section<'_, '_>],
        defaults: &Defaults<'_, '_>,
        whole: Whole<'_>,
    ) -> Settings {
        let preset = parts.iter().rev().find_map(|part| part.choice("preset", &PRESETS));
        let preset = preset.map(|preset| preset.value).or(defaults.preset);
        let mut settings = Settings::preset(preset.unwrap_or(Preset::Low));
        for section in &defaults.overrides {
            read_settings(section, &mut settings);
        }
        settings.provider = self.provider;
        let mut ladder = None;
        for part in parts {
            read_settings(part, &mut settings);
            accounts::check_route(part, &settings);
            match challenger(part, "challenge", &self.provider_names) {
                Some(Challenger::Own) => settings.provider = None,
                Some(Challenger::Provider(index)) => settings.provider = Some(index),
                None => {}
            }
            ladder = read_route_ladder(part, ladder.as_ref().unwrap_or(whole.ladder)).or(ladder);
            read_clearance(part, whole.challenge, &mut settings);
        }
        settings.ladder = ladder.map(Arc::new);
        settings
    }
}

fn section_text<'a>(section: &Section<'a, '_>) -> &'a str {
    section.reader.text()
}

/// Where a part of an expression stands in the file. Texts with escapes are marked as a whole.
fn place_inside(
    text: &str,
    outer: &std::ops::Range<usize>,
    value: &str,
    inner: Option<std::ops::Range<usize>>,
) -> std::ops::Range<usize> {
    let raw = text.get(outer.clone()).unwrap_or_default();
    match (inner, raw.find(value)) {
        (Some(inner), Some(start)) => {
            outer.start + start + inner.start..outer.start + start + inner.end.min(value.len())
        }
        _ => outer.clone(),
    }
}
