//! What is wrong with a file, and how that is shown.

use std::fmt;
use std::ops::Range;

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

pub(super) fn floor_boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0)
}
