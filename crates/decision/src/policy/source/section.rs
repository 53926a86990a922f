//! One table of a file, asked for each key that may be there.

use std::cell::{Cell, RefCell};
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::words::{nearest, quoted};
use super::{Placed, Reader};

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
    pub(super) fn new(reader: &'a Reader, name: &str, table: &'a DeTable<'t>, span: Range<usize>) -> Self {
        Self {
            reader,
            table,
            name: name.to_owned(),
            one_of_many: false,
            span,
            known: RefCell::default(),
            finished: Cell::new(false),
        }
    }

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
