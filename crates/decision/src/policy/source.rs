//! Reading TOML so that everything wrong is said at once, each with its place, what is allowed there and the nearest
//! word. The server's own settings are read with the same [`Section`]s.

mod problems;
mod section;
mod syntax;
mod words;

use std::cell::RefCell;
use std::ops::Range;

use toml::de::DeTable;

pub use self::problems::{Problem, Problems};
pub use self::section::Section;
use self::syntax::{syntax, without_consequences};
pub use self::words::{listing, nearest, quoted};

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
        Section::new(self, name, table, span)
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
