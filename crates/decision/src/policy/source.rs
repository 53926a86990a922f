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
            writeln!(f, "{}:{line}:{column}: {}", self.file, problem.message)?;
            let text = self.text.lines().nth(line - 1).unwrap_or_default();
            let room = text.chars().count().saturating_sub(column - 1).max(1);
            let length = self.text.get(problem.span.clone()).map_or(1, |s| s.chars().count());
            writeln!(f, "{line:>4} | {text}")?;
            writeln!(f, "     | {}{}", " ".repeat(column - 1), "^".repeat(length.clamp(1, room)))?;
            writeln!(f, "     = {}", problem.help)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

fn floor_boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0)
}

/// Collects problems while a file is read.
#[derive(Debug, Default)]
pub struct Reader {
    text: String,
    problems: RefCell<Vec<Problem>>,
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
            self.problem(error.span().unwrap_or(0..0), message, "see https://toml.io for the syntax of TOML");
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
        problems.dedup();
        problems
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

    /// A list of whole numbers within bounds.
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
                    format!("`{key}` holds something else than it may"),
                    help(),
                ),
            }
        }
        Some(numbers)
    }

    /// A text that `parse` understands; otherwise its error is noted with its help.
    pub fn parsed<T>(
        &self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Placed<T>> {
        let text = self.text(key)?;
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
        let table = self.typed(key, &format!("a table: [{key}] or {key} = {{ … }}"), DeValue::as_table)?;
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
                Some(table) => sections.push(self.reader.section(&self.below(key), table, item.span())),
                None => self.reader.problem(
                    item.span(),
                    format!("`{key}` holds {}", kind(item.get_ref())),
                    format!("write [[{key}]] above each of them"),
                ),
            }
        }
        sections
    }

    fn below(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    /// Notes a missing key.
    pub fn require<T>(&self, key: &str, value: Option<T>, example: &str) -> Option<T> {
        if value.is_none() && self.table.get(key).is_none() {
            let span = self.span.start..self.span.start + 1;
            self.reader.problem(
                span,
                format!("[{}] has no `{key}`", self.name),
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
                    format!("in [{}]", self.name)
                };
                let mut allowed: Vec<&str> = known.clone();
                allowed.sort_unstable();
                allowed.dedup();
                let help = format!("allowed here: {}{}", allowed.join(", "), nearest(name, &allowed));
                self.reader.problem(key.span(), format!("`{name}` means nothing {place}"), help);
            }
        }
    }
}

fn integer(value: &DeValue<'_>) -> Option<i64> {
    let DeValue::Integer(integer) = value else { return None };
    i64::from_str_radix(&integer.as_str().replace('_', ""), integer.radix()).ok()
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a number that is not allowed here",
        DeValue::Float(_) => "a number with a fraction that is not allowed here",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
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
