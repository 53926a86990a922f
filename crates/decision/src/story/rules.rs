use std::sync::{Arc, LazyLock};

use super::Name;
use super::headers::Field;
use crate::policy::source::{Problems, Reader, Section};
use crate::{Browser, Engine, Family};

/// What is known of browsers and tools, as data: a new release needs no new program.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Rules {
    pub(super) engines: Vec<EngineRule>,
    pub(super) tools: Vec<ToolRule>,
}

/// What an engine's connections look like.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct EngineRule {
    pub(super) engine: Engine,
    pub(super) called: Name,
    pub(super) from: u16,
    pub(super) through: u16,
    pub(super) ciphers: Vec<String>,
    /// Families that have no others than these.
    pub(super) strict: Vec<Family>,
    pub(super) grease: Option<bool>,
    pub(super) http2_order: Vec<String>,
    pub(super) http2_windows: Vec<String>,
    /// Settings with the values that they have where they are sent; at least one of them is.
    pub(super) http2_settings: Vec<String>,
    /// What stands in the place of priorities.
    pub(super) http2_priorities: Vec<String>,
    pub(super) fetch_metadata_from: Option<u16>,
    pub(super) client_hints: bool,
    pub(super) order: Vec<(Field, Field)>,
}

/// How a tool is recognised.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ToolRule {
    pub(super) called: Name,
    pub(super) ciphers: Vec<String>,
    pub(super) http2_begins: Vec<String>,
    pub(super) http2_ends: Vec<String>,
}

const SHIPPED: &str = include_str!("../../../../policies/browsers.toml");

impl Rules {
    /// Those that come with Spigot, `policies/browsers.toml`.
    #[must_use]
    pub fn shipped() -> Arc<Self> {
        // They are tested; should they ever be wrong, nothing is claimed of anybody.
        static RULES: LazyLock<Arc<Rules>> =
            LazyLock::new(|| Arc::new(Rules::parse("browsers.toml", SHIPPED).unwrap_or_default()));
        RULES.clone()
    }

    /// Reads a file of rules.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its place and what to write instead.
    pub fn parse(file: &str, text: &str) -> Result<Self, Problems> {
        let reader = Reader::new(text);
        let table = reader.parse();
        let top = reader.section("", &table, 0..0);
        let engines = top.tables("engine").iter().filter_map(engine).collect();
        let tools = top.tables("tool").iter().filter_map(tool).collect();
        top.finish();
        drop(table);
        let problems = reader.into_problems();
        if problems.is_empty() {
            Ok(Self { engines, tools })
        } else {
            Err(Problems { file: file.to_owned(), text: text.to_owned(), problems })
        }
    }

    pub(super) fn of(&self, engine: Engine) -> Option<&EngineRule> {
        self.engines.iter().find(|rule| rule.engine == engine)
    }
}

impl EngineRule {
    /// Whether the claimed version is one of those that were looked at.
    pub(super) fn knows(&self, browser: &Browser) -> bool {
        (self.from..=self.through).contains(&browser.engine_major)
    }
}

const ENGINES: [(&str, Engine); 3] =
    [("blink", Engine::Blink), ("gecko", Engine::Gecko), ("webkit", Engine::WebKit)];

const FAMILIES: [(&str, Family); 8] = [
    ("Chrome", Family::Chrome),
    ("Edge", Family::Edge),
    ("Opera", Family::Opera),
    ("Samsung", Family::Samsung),
    ("Vivaldi", Family::Vivaldi),
    ("Yandex", Family::Yandex),
    ("Firefox", Family::Firefox),
    ("Safari", Family::Safari),
];

fn engine(part: &Section<'_, '_>) -> Option<EngineRule> {
    let engine = part.require("engine", part.choice("engine", &ENGINES), "engine = \"blink\"");
    let rule = EngineRule {
        engine: engine.as_ref().map_or(Engine::Old, |engine| engine.value),
        called: called(part)?,
        from: version(part, "from").unwrap_or(0),
        through: version(part, "through").unwrap_or(0),
        ciphers: digests(part),
        strict: families(part),
        grease: part.flag("grease").map(|flag| flag.value),
        http2_order: texts(part, "http2_order"),
        http2_windows: part
            .integers("http2_windows", &(0..=i64::from(u32::MAX)))
            .unwrap_or_default()
            .iter()
            .map(i64::to_string)
            .collect(),
        http2_settings: settings(part),
        http2_priorities: texts(part, "http2_priorities"),
        fetch_metadata_from: version(part, "fetch_metadata_from"),
        client_hints: part.flag("client_hints").is_some_and(|flag| flag.value),
        order: order(part),
    };
    part.finish();
    engine.map(|_| rule)
}

fn tool(part: &Section<'_, '_>) -> Option<ToolRule> {
    let rule = ToolRule {
        called: called(part)?,
        ciphers: digests(part),
        http2_begins: texts(part, "http2_begins"),
        http2_ends: texts(part, "http2_ends"),
    };
    part.finish();
    Some(rule)
}

fn called(part: &Section<'_, '_>) -> Option<Name> {
    let text = part.require("called", part.text("called"), "called = \"curl\"")?;
    let name = Name::from(text.value).ok();
    if name.is_none() {
        part.reader.problem(text.span, "this name is too long", "write at most 20 bytes");
    }
    name
}

fn version(part: &Section<'_, '_>, key: &'static str) -> Option<u16> {
    part.integer(key, 0..=9999).and_then(|number| u16::try_from(number.value).ok())
}

fn texts(part: &Section<'_, '_>, key: &'static str) -> Vec<String> {
    part.texts(key).unwrap_or_default().iter().map(|text| text.value.to_owned()).collect()
}

/// Numbers of settings with their values, `4:6291456`.
fn settings(part: &Section<'_, '_>) -> Vec<String> {
    let texts = part.texts("http2_settings").unwrap_or_default();
    for text in &texts {
        let pair = text.value.split_once(':');
        if !pair.is_some_and(|(id, value)| id.parse::<u16>().is_ok() && value.parse::<u32>().is_ok()) {
            let message = format!("\"{}\" is no setting with its value", text.value);
            part.reader.problem(
                text.span.clone(),
                message,
                "write its number and its value, for example \"4:6291456\"",
            );
        }
    }
    texts.iter().map(|text| text.value.to_owned()).collect()
}

/// The middle parts of JA4s: digests of the sorted ciphers.
fn digests(part: &Section<'_, '_>) -> Vec<String> {
    let texts = part.texts("ciphers").unwrap_or_default();
    for text in &texts {
        let hexadecimal = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.value.len() != 12 || !text.value.bytes().all(hexadecimal) {
            let help =
                "write the twelve digits between the underscores of a JA4, for example \"8daaf6152771\"";
            part.reader.problem(
                text.span.clone(),
                format!("\"{}\" is no digest of ciphers", text.value),
                help,
            );
        }
    }
    texts.iter().map(|text| text.value.to_owned()).collect()
}

fn families(part: &Section<'_, '_>) -> Vec<Family> {
    let find = |name: &str| FAMILIES.iter().find(|(known, _)| *known == name).map(|(_, family)| *family);
    let mut found = Vec::new();
    for text in part.texts("only_these_ciphers").unwrap_or_default() {
        match find(text.value) {
            Some(family) => found.push(family),
            None => {
                let message = format!("\"{}\" is no browser that is told apart", text.value);
                let names: Vec<_> = FAMILIES.iter().map(|(name, _)| *name).collect();
                part.reader.problem(text.span, message, format!("write one of {}", names.join(", ")));
            }
        }
    }
    found
}

/// Pairs of header fields, the one that comes first before the other.
fn order(part: &Section<'_, '_>) -> Vec<(Field, Field)> {
    let Some((value, span)) = part.raw("order") else { return Vec::new() };
    let field = |value: &toml::de::DeValue<'_>| value.as_str().and_then(Field::from_name);
    let pairs = value.as_array().map(|list| {
        let pair = |pair: &toml::Spanned<toml::de::DeValue<'_>>| match &**pair.get_ref().as_array()? {
            [first, then] => Some((field(first.get_ref())?, field(then.get_ref())?)),
            _ => None,
        };
        list.iter().map(pair).collect::<Option<Vec<_>>>()
    });
    pairs.flatten().unwrap_or_else(|| {
        let help =
            format!("write pairs of {}, for example [[\"accept\", \"accept-encoding\"]]", Field::NAMES);
        part.reader.problem(span, "`order` is no list of pairs of header fields", help);
        Vec::new()
    })
}
