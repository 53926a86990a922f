//! Reading TOML so that everything wrong is said at once, each with its place, what is allowed there and the nearest
//! word. The server's own settings are read with the same [`Section`]s.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

/// One thing that is wrong with a file, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Byte range in the file.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

/// Everything that is wrong with a file.
#[derive(Debug)]
pub struct Problems {
    /// The file's name as given.
    pub file: String,
    /// Its text.
    pub text: String,
    /// In the order of their places.
    pub problems: Vec<Problem>,
}

impl Problems {
    /// Line and column, both from 1, columns in characters.
    #[must_use]
    pub fn place(&self, problem: &Problem) -> (usize, usize) {
        let before = &self.text[..floor_boundary(&self.text, problem.span.start)];
        let before = before.strip_prefix(BYTE_ORDER_MARK).unwrap_or(before);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (line, column)
    }
}

/// Each problem as `file:line:column: message`, the line with the place underlined, and the help.
impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            let (line, column) = self.place(problem);
            writeln!(f, "{}:{line}:{column}: {}", self.file, shown(&problem.message))?;
            let text = self.text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&self.text);
            let text = text.lines().nth(line - 1).unwrap_or_default();
            let room = text.chars().count().saturating_sub(column - 1).max(1);
            let length = self.text.get(problem.span.clone()).map_or(1, |s| s.chars().count());
            // Tabs stay tabs, so that the mark stands under its place however wide they are shown.
            let margin: String =
                text.chars().take(column - 1).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
            writeln!(f, "{line:>4} | {}", shown(text))?;
            writeln!(f, "     | {margin}{}", "^".repeat(length.clamp(1, room)))?;
            writeln!(f, "     = {}", shown(&problem.help))?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// Without control characters: files come from elsewhere, too, and terminals obey.
fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\t' { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// Some editors put it before the text; it is no part of the first line.
const BYTE_ORDER_MARK: char = '\u{feff}';

fn floor_boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0)
}

/// Collects problems while a file is read.
#[derive(Debug, Default)]
pub struct Reader {
    text: String,
    problems: RefCell<Vec<Problem>>,
    /// Those of them that the syntax is about.
    syntax: RefCell<Vec<Problem>>,
    asked: RefCell<Vec<(String, &'static str)>>,
}

impl Reader {
    /// A reader of one file's text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self { text: text.to_owned(), ..Self::default() }
    }

    /// The file's text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Notes a problem and goes on.
    pub fn problem(&self, span: Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        self.problems.borrow_mut().push(Problem { span, message: message.into(), help: help.into() });
    }

    /// Parses a file into its top-level section. Syntax errors are noted, and what can be read is still read.
    pub fn parse(&self) -> DeTable<'_> {
        let (table, errors) = DeTable::parse_recoverable(&self.text);
        for error in errors {
            let message = error.message().lines().next().unwrap_or_default().to_owned();
            let span = error.span().unwrap_or(0..0);
            let (message, help) = syntax(&self.text, &span, &message);
            self.syntax.borrow_mut().push(Problem {
                span: span.clone(),
                message: message.clone(),
                help: help.clone(),
            });
            self.problem(span, message, help);
        }
        table.into_inner()
    }

    /// A section over a table; `name` is how it is called in messages.
    pub fn section<'a, 't>(
        &'a self,
        name: &str,
        table: &'a DeTable<'t>,
        span: Range<usize>,
    ) -> Section<'a, 't> {
        Section {
            reader: self,
            table,
            name: name.to_owned(),
            one_of_many: false,
            span,
            known: RefCell::default(),
            finished: Cell::new(false),
        }
    }

    /// The problems, by place.
    #[must_use]
    pub fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|p| (p.span.start, p.span.end));
        // What stands at the top is read once for each route.
        let mut once: Vec<Problem> = Vec::with_capacity(problems.len());
        for problem in problems {
            let same = once.iter().rev().take_while(|p| p.span == problem.span).any(|p| *p == problem);
            if !same {
                once.push(problem);
            }
        }
        without_consequences(&self.text, once, &self.syntax.into_inner())
    }

    /// Which keys were asked for, by section: the truth that the JSON Schema is tested against.
    #[must_use]
    pub fn asked(&self) -> Vec<(String, &'static str)> {
        let mut asked = self.asked.borrow().clone();
        asked.sort();
        asked.dedup();
        asked
    }
}

/// A value with its place.
#[derive(Clone, Debug)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Its byte range.
    pub span: Range<usize>,
}

/// One table of the file. Whoever reads it asks for each key that may be there, then calls [`Section::finish`].
pub struct Section<'a, 't> {
    /// Where problems go.
    pub reader: &'a Reader,
    table: &'a DeTable<'t>,
    name: String,
    /// It is one of several, `[[name]]`.
    one_of_many: bool,
    /// The table's place.
    pub span: Range<usize>,
    known: RefCell<Vec<&'static str>>,
    finished: Cell<bool>,
}

impl<'a, 't> Section<'a, 't> {
    /// Its name in messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the key is there.
    pub fn has(&self, key: &'static str) -> bool {
        self.raw(key).is_some()
    }

    /// The value of a key as it stands.
    pub fn raw(&self, key: &'static str) -> Option<(&'a DeValue<'t>, Range<usize>)> {
        self.known.borrow_mut().push(key);
        self.reader.asked.borrow_mut().push((self.name.clone(), key));
        let value = self.table.get(key)?;
        Some((value.get_ref(), value.span()))
    }

    fn typed<T>(
        &self,
        key: &'static str,
        wanted: &str,
        read: impl Fn(&'a DeValue<'t>) -> Option<T>,
    ) -> Option<Placed<T>> {
        let (value, span) = self.raw(key)?;
        let found = read(value);
        if found.is_none() {
            let kind = kind(value);
            self.reader.problem(span.clone(), format!("`{key}` is {kind}"), format!("write {wanted}"));
        }
        Some(Placed { value: found?, span })
    }

    /// A text.
    pub fn text(&self, key: &'static str) -> Option<Placed<&'a str>> {
        self.typed(key, "a text in quotation marks", |v| v.as_str())
    }

    /// `true` or `false`.
    pub fn flag(&self, key: &'static str) -> Option<Placed<bool>> {
        self.typed(key, "true or false, without quotation marks", DeValue::as_bool)
    }

    /// A whole number within bounds.
    pub fn integer(&self, key: &'static str, allowed: std::ops::RangeInclusive<i64>) -> Option<Placed<i64>> {
        let wanted = format!("a whole number from {} to {}", allowed.start(), allowed.end());
        self.typed(key, &wanted, |v| integer(v).filter(|n| allowed.contains(n)))
    }

    /// A number, with or without a fraction, within bounds.
    pub fn number(&self, key: &'static str, allowed: std::ops::RangeInclusive<f64>) -> Option<Placed<f64>> {
        let wanted = format!("a number from {} to {}", allowed.start(), allowed.end());
        self.typed(key, &wanted, |v| {
            match v {
                DeValue::Float(float) => float.as_str().replace('_', "").parse().ok(),
                #[allow(clippy::cast_precision_loss)] // bounds are far below 2^52
                other => integer(other).map(|n| n as f64),
            }
            .filter(|n| allowed.contains(n))
        })
    }

    /// One text, or a list of texts.
    pub fn texts(&self, key: &'static str) -> Option<Vec<Placed<&'a str>>> {
        let (value, span) = self.raw(key)?;
        if let Some(one) = value.as_str() {
            return Some(vec![Placed { value: one, span }]);
        }
        let Some(list) = value.as_array() else {
            self.reader.problem(
                span,
                format!("`{key}` is {}", kind(value)),
                "write a text or a list of texts",
            );
            return None;
        };
        let mut texts = Vec::with_capacity(list.len());
        for item in list {
            match item.get_ref().as_str() {
                Some(text) => texts.push(Placed { value: text, span: item.span() }),
                None => self.reader.problem(
                    item.span(),
                    format!("`{key}` holds {}", kind(item.get_ref())),
                    "write texts in quotation marks",
                ),
            }
        }
        Some(texts)
    }

    /// A list of whole numbers within bounds; nothing when one of them is wrong.
    pub fn integers(&self, key: &'static str, allowed: &std::ops::RangeInclusive<i64>) -> Option<Vec<i64>> {
        let (value, span) = self.raw(key)?;
        let help = || format!("write a list of whole numbers from {} to {}", allowed.start(), allowed.end());
        let Some(list) = value.as_array() else {
            self.reader.problem(span, format!("`{key}` is {}", kind(value)), help());
            return None;
        };
        let mut numbers = Vec::with_capacity(list.len());
        for item in list {
            match integer(item.get_ref()).filter(|n| allowed.contains(n)) {
                Some(number) => numbers.push(number),
                None => self.reader.problem(
                    item.span(),
                    format!("`{key}` holds {}", kind(item.get_ref())),
                    help(),
                ),
            }
        }
        (numbers.len() == list.len()).then_some(numbers)
    }

    /// A text that `parse` understands; otherwise its error is noted with its help.
    pub fn parsed<T>(
        &self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Placed<T>> {
        let (value, span) = self.raw(key)?;
        let Some(text) = value.as_str() else {
            // What `parse` says about nothing is what may be written here.
            let help = parse("").err().unwrap_or_else(|| "write a text in quotation marks".to_owned());
            self.reader.problem(span, format!("`{key}` is {}", kind(value)), help);
            return None;
        };
        let text = Placed { value: text, span };
        match parse(text.value) {
            Ok(value) => Some(Placed { value, span: text.span }),
            Err(help) => {
                self.reader.problem(
                    text.span,
                    format!("`{key}` does not understand \"{}\"", text.value),
                    help,
                );
                None
            }
        }
    }

    /// One of the named values.
    pub fn choice<T: Copy>(&self, key: &'static str, choices: &[(&str, T)]) -> Option<Placed<T>> {
        self.parsed(key, |text| {
            choices.iter().find(|(name, _)| *name == text).map(|(_, value)| *value).ok_or_else(|| {
                let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
                format!("write one of {}{}", quoted(&names), nearest(text, &names))
            })
        })
    }

    /// A table inside this one.
    pub fn table(&self, key: &'static str) -> Option<Section<'a, 't>> {
        let wanted = format!("a table: [{}] or {key} = {{ … }}", self.below(key));
        let table = self.typed(key, &wanted, DeValue::as_table)?;
        Some(self.reader.section(&self.below(key), table.value, table.span))
    }

    /// The tables of a list, `[[key]]`.
    pub fn tables(&self, key: &'static str) -> Vec<Section<'a, 't>> {
        let Some((value, span)) = self.raw(key) else { return Vec::new() };
        let Some(list) = value.as_array() else {
            self.reader.problem(
                span,
                format!("`{key}` is {}", kind(value)),
                format!("write [[{key}]] above each of them"),
            );
            return Vec::new();
        };
        let mut sections = Vec::with_capacity(list.len());
        for item in list {
            match item.get_ref().as_table() {
                Some(table) => {
                    let section = self.reader.section(&self.below(key), table, item.span());
                    sections.push(Section { one_of_many: true, ..section });
                }
                None => self.reader.problem(
                    item.span(),
                    format!("`{key}` holds {}", kind(item.get_ref())),
                    format!("write [[{key}]] above each of them"),
                ),
            }
        }
        sections
    }

    /// What was probably meant by a key that is no misspelling of one that is allowed here.
    fn hint(&self, name: &str) -> Option<String> {
        let meant = |text: &str| Some(format!("; {text}"));
        match (self.name.as_str(), name) {
            ("", "whitelist" | "allowlist" | "allow") => meant("write a [[list]] with kind = \"allow\""),
            ("", "blacklist" | "denylist" | "deny") => meant("write a [[list]] with kind = \"deny\""),
            ("route", "path" | "url" | "pattern") => meant("did you mean \"match\"?"),
            ("", _) => None,
            _ if self
                .reader
                .asked
                .borrow()
                .iter()
                .any(|(section, key)| section.is_empty() && *key == name) =>
            {
                meant(&format!("`{name}` belongs at the top, above the first [table]"))
            }
            _ => None,
        }
    }

    fn title(&self) -> String {
        if self.one_of_many { format!("[[{}]]", self.name) } else { format!("[{}]", self.name) }
    }

    fn below(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    /// Notes a missing key.
    pub fn require<T>(&self, key: &str, value: Option<T>, example: &str) -> Option<T> {
        if value.is_none() && self.table.get(key).is_none() {
            self.reader.problem(
                self.span.clone(),
                format!("{} has no `{key}`", self.title()),
                format!("add a line such as: {example}"),
            );
        }
        value
    }

    /// Notes every key that nobody asked for.
    pub fn finish(&self) {
        self.finished.set(true);
        let known = self.known.borrow();
        for (key, _) in self.table {
            let name: &str = key.get_ref();
            if !known.contains(&name) {
                let place = if self.name.is_empty() {
                    "at the top".to_owned()
                } else {
                    format!("in {}", self.title())
                };
                let mut allowed: Vec<&str> = known.clone();
                allowed.sort_unstable();
                allowed.dedup();
                let help = if allowed.is_empty() {
                    "nothing is allowed here".to_owned()
                } else {
                    let hint = self.hint(name).unwrap_or_else(|| nearest(name, &allowed));
                    format!("allowed here: {}{hint}", allowed.join(", "))
                };
                self.reader.problem(key.span(), format!("`{name}` means nothing {place}"), help);
            }
        }
    }
}

/// The parser's words for the mistakes that are made most, in a sentence, and what to write.
fn syntax(text: &str, span: &Range<usize>, message: &str) -> (String, String) {
    let here = text.get(span.clone()).unwrap_or_default().trim();
    let plain = here.trim_matches(['“', '”', '„', '‟', '‘', '’', '«', '»']);
    let (message, help) = if message == "duplicate key" {
        (
            format!("`{here}` is written twice"),
            "keep one of them; several of a kind are written as [[route]], [[limit]], [[rule]] or [[list]]",
        )
    } else if message.starts_with("string values must be quoted") && here.is_empty() {
        ("there is no value".to_owned(), "write it after the equals sign, texts in quotation marks")
    } else if message.starts_with("string values must be quoted") && plain.len() < here.len() {
        return (format!("`{here}` has typographic quotation marks"), format!("write \"{plain}\""));
    } else if message.starts_with("string values must be quoted") {
        return (format!("`{here}` is a text without quotation marks"), format!("write \"{here}\""));
    } else if message.starts_with("missing escaped value") {
        (
            "a backslash begins an escape in double quotes, and this is none".to_owned(),
            "write \\\\ for a backslash, or put the whole text in single quotes",
        )
    } else if message.starts_with("invalid") && message.ends_with("string, expected `\"`") {
        ("this text has no closing quotation mark".to_owned(), "end it with \" on the same line")
    } else if message.starts_with("invalid") && message.contains("string, expected non-") {
        (
            "this character cannot stand in a text".to_owned(),
            "remove it, or write it as \\uXXXX in double quotes",
        )
    } else if message.starts_with("key with no value") || message.starts_with("invalid unquoted key") {
        (message.to_owned(), "write key = value, for example mode = \"monitor\"")
    } else {
        (message.to_owned(), "see https://toml.io for the syntax of TOML")
    };
    (message, help.to_owned())
}

/// A syntax error makes what stands after it look wrong. Keeps the first of a line, and of what follows one that
/// leaves something open only what stands in the lines before it.
fn without_consequences(text: &str, problems: Vec<Problem>, syntax: &[Problem]) -> Vec<Problem> {
    let line = |problem: &Problem| {
        let end = floor_boundary(text, problem.span.start);
        text[..end].matches('\n').count()
    };
    let leaves_open =
        |problem: &Problem| ["missing", "unclosed"].iter().any(|w| problem.message.starts_with(w));
    let mut kept: Vec<Problem> = Vec::with_capacity(problems.len());
    let open_from = syntax.iter().filter(|p| leaves_open(p)).map(line).min().unwrap_or(usize::MAX);
    let syntax_lines: Vec<usize> = syntax.iter().map(line).collect();
    for problem in problems {
        let at = line(&problem);
        let is_consequence = if syntax.contains(&problem) {
            at > open_from || kept.iter().any(|p| syntax.contains(p) && line(p) == at)
        } else {
            at >= open_from || syntax_lines.contains(&at)
        };
        if !is_consequence {
            kept.push(problem);
        }
    }
    kept
}

fn integer(value: &DeValue<'_>) -> Option<i64> {
    let DeValue::Integer(integer) = value else { return None };
    i64::from_str_radix(&integer.as_str().replace('_', ""), integer.radix()).ok()
}

fn kind(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(_) => "a text".to_owned(),
        DeValue::Integer(integer) => format!("the number {integer}"),
        DeValue::Float(float) => format!("the number {float}"),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Datetime(_) => "a date without quotation marks".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

/// `"a", "b" or "c"`.
#[must_use]
pub fn quoted(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => format!("\"{one}\""),
        [first @ .., last] => {
            let first: Vec<String> = first.iter().map(|name| format!("\"{name}\"")).collect();
            format!("{} or \"{last}\"", first.join(", "))
        }
    }
}

/// `a, b, c`, cut when there are many; `(none)` when there is none.
#[must_use]
pub fn listing(names: &[&str]) -> String {
    const SHOWN_MAX: usize = 24;
    match names.len() {
        0 => "(none)".to_owned(),
        n if n > SHOWN_MAX => format!("{} and {} more", names[..SHOWN_MAX].join(", "), n - SHOWN_MAX),
        _ => names.join(", "),
    }
}

/// `; did you mean "x"?` when one of the names is close enough to be meant, else nothing.
#[must_use]
pub fn nearest(word: &str, names: &[&str]) -> String {
    let closest = names.iter().map(|name| (strsim::damerau_levenshtein(word, name), name)).min();
    match closest {
        Some((distance, name)) if distance <= (name.len().max(word.len()) / 3).max(1) => {
            format!("; did you mean \"{name}\"?")
        }
        _ => String::new(),
    }
}
