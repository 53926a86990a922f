//! nginx's `log_format` string, compiled once into what to cut out of each line.
//!
//! nginx writes a variable's value where its name stands and everything else as it is, so the value reaches to the
//! next piece of fixed text. That is unambiguous where the fixed text begins with a quote, which nginx escapes in
//! values, and a client can otherwise move the border only inside a value that it chose itself.

mod variables;

use crate::escape::Draft;
use crate::fields::{Fields, seconds};
use crate::record::Reject;
use std::fmt;
use variables::{Variable, lookup, nearest};

/// A compiled `log_format`; made by [`Format::nginx`](crate::Format::nginx).
#[derive(Debug, Clone, PartialEq)]
pub struct NginxFormat {
    prefix: String,
    steps: Vec<Step>,
}

/// A value, and the fixed text by which it ends (empty for the last one: it reaches to the end).
#[derive(Debug, Clone, PartialEq)]
struct Step {
    variable: Variable,
    until: Until,
}

#[derive(Debug, Clone, PartialEq)]
enum Until {
    Text(String),
    /// The next value begins with a slash, which belongs to it.
    Slash,
    End,
}

/// Why a `log_format` cannot be used. The message says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FormatError {
    /// A variable that nginx does not have, and the known one with the nearest name.
    UnknownVariable {
        /// As written, without `$`.
        name: String,
        /// A known variable with a similar name.
        nearest: Option<&'static str>,
    },
    /// Something that a record needs is not logged: what, and the variables of which one would do.
    Missing {
        /// What is needed.
        what: &'static str,
        /// One of these is enough.
        any_of: &'static str,
    },
    /// Two variables with nothing between them, so that nobody can tell where one ends.
    Adjacent {
        /// The first, without `$`.
        first: String,
        /// The second, without `$`.
        second: String,
    },
    /// There is no variable at all.
    NoVariables,
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownVariable { name, nearest: Some(nearest) } => {
                write!(f, "log_format has an unknown variable ${name}; did you mean ${nearest}? ")?;
                f.write_str("For a variable of your own (map, set) write $_ in its place: it is skipped")
            }
            Self::UnknownVariable { name, nearest: None } => {
                write!(f, "log_format has an unknown variable ${name}. ")?;
                f.write_str("For a variable of your own (map, set) write $_ in its place: it is skipped")
            }
            Self::Missing { what, any_of } => {
                write!(f, "log_format has no {what}: {any_of} is needed; {NEEDED}")
            }
            Self::Adjacent { first, second } => {
                write!(
                    f,
                    "log_format has ${first} and ${second} with nothing between them, so no end of ${first}"
                )
            }
            Self::NoVariables => write!(f, "log_format has no variable; {NEEDED}"),
        }
    }
}

impl std::error::Error for FormatError {}

const NEEDED: &str = "the least is '$remote_addr [$time_local] \"$request\" $status'";

impl NginxFormat {
    /// Compiles the string, or the whole directive `log_format name escape=json '…' '…';`.
    ///
    /// # Errors
    /// See [`FormatError`]; the first one found.
    pub fn compile(log_format: &str) -> Result<Self, FormatError> {
        let text = without_directive(log_format);
        let pieces = pieces(&text)?;
        let mut format = Self { prefix: String::new(), steps: Vec::new() };
        for (index, piece) in pieces.iter().enumerate() {
            match piece {
                Piece::Text(text) if index == 0 => format.prefix.clone_from(text),
                Piece::Text(_) => {}
                Piece::Variable(name, variable) => {
                    let until = until(name, pieces.get(index + 1))?;
                    format.steps.push(Step { variable: *variable, until });
                }
            }
        }
        format.check_needed()?;
        Ok(format)
    }

    fn check_needed(&self) -> Result<(), FormatError> {
        use Variable::{Client, Method, Path, Request, Status, Target, Time};
        if self.steps.is_empty() {
            return Err(FormatError::NoVariables);
        }
        let missing = |what, any_of| Err(FormatError::Missing { what, any_of });
        let has = |variable| self.steps.iter().any(|step| step.variable == variable);
        if !has(Client) {
            return missing("client address", "$remote_addr");
        }
        if !has(Time) {
            return missing("time", "$time_local, $time_iso8601 or $msec");
        }
        if !has(Request) && !((has(Target) || has(Path)) && has(Method)) {
            return missing("request", "$request, or $request_method with $request_uri or $uri,");
        }
        if !has(Status) {
            return missing("status", "$status");
        }
        Ok(())
    }

    pub(crate) fn draft<'a>(&self, line: &'a str) -> Result<Draft<'a>, Reject> {
        let mut rest = line.strip_prefix(self.prefix.trim_ascii_start()).ok_or(Reject::NotThisFormat)?;
        let mut fields = Fields::default();
        for step in &self.steps {
            let (value, after) = step.until.cut(rest).ok_or(Reject::NotThisFormat)?;
            assign(step.variable, value, &mut fields);
            rest = after;
        }
        fields.draft(memchr::memchr(b'\\', line.as_bytes()).is_some())
    }
}

impl Until {
    #[inline]
    fn cut<'a>(&self, text: &'a str) -> Option<(&'a str, &'a str)> {
        match self {
            Until::End => Some((text, "")),
            Until::Slash => text.find('/').map(|slash| text.split_at(slash)),
            Until::Text(until) => {
                let first = until.as_bytes()[0];
                let starts = memchr::memchr_iter(first, text.as_bytes());
                let ends = |start: &usize| {
                    text.as_bytes()[*start..].starts_with(until.as_bytes())
                        && !(first == b'"' && is_escaped(text, *start))
                };
                let mut starts = starts.filter(ends);
                match starts.next() {
                    Some(start) => Some((&text[..start], &text[start + until.len()..])),
                    // Lines are trimmed, so white space that ends the format may be missing.
                    None => text.strip_suffix(until.trim_ascii_end()).map(|value| (value, "")),
                }
            }
        }
    }
}

/// Whether an odd number of backslashes stands before `place`.
fn is_escaped(text: &str, place: usize) -> bool {
    text.as_bytes()[..place].iter().rev().take_while(|&&byte| byte == b'\\').count() % 2 == 1
}

fn assign<'a>(variable: Variable, value: &'a str, fields: &mut Fields<'a>) {
    match variable {
        Variable::Client => fields.client = Some(value),
        Variable::Time => fields.time(value),
        Variable::Request => fields.request = Some(value),
        Variable::Method => fields.method = Some(value),
        Variable::Target => fields.target = Some(value),
        Variable::Path => fields.path = Some(value),
        Variable::Args => fields.args = Some(value),
        Variable::Protocol => fields.protocol = Some(value),
        Variable::Host => fields.host = Some(value),
        Variable::Status => fields.status = Some(value),
        Variable::Bytes => fields.bytes = Some(value),
        Variable::Referer => fields.referer = Some(value),
        Variable::UserAgent => fields.user_agent = Some(value),
        Variable::User => fields.user = Some(value),
        Variable::ForwardedFor => fields.forwarded_for = Some(value),
        Variable::Seconds => fields.request_seconds = seconds(value),
        Variable::Skipped => {}
    }
}

enum Piece {
    Text(String),
    Variable(String, Variable),
}

/// Fixed texts and variables in turn. `$uri$is_args$args` becomes one target.
fn pieces(text: &str) -> Result<Vec<Piece>, FormatError> {
    const TARGETS: [&str; 4] =
        ["$uri$is_args$args", "$uri$is_args$query_string", "$uri?$args", "$uri?$query_string"];
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(after) = TARGETS.iter().find_map(|target| rest.strip_prefix(target)) {
            pieces.push(Piece::Variable("uri".to_owned(), Variable::Target));
            rest = after;
            continue;
        }
        let fixed = rest.find('$').unwrap_or(rest.len());
        if fixed > 0 {
            pieces.push(Piece::Text(rest[..fixed].to_owned()));
            rest = &rest[fixed..];
            continue;
        }
        let (name, after) = variable_name(&rest[1..]);
        let variable = lookup(name)
            .ok_or_else(|| FormatError::UnknownVariable { name: name.to_owned(), nearest: nearest(name) })?;
        pieces.push(Piece::Variable(name.to_owned(), variable));
        rest = after;
    }
    Ok(pieces)
}

/// `name…` or `{name}…`.
fn variable_name(text: &str) -> (&str, &str) {
    if let Some((name, after)) = text.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
        return (name, after);
    }
    let length = text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
    text.split_at(length)
}

fn until(name: &str, next: Option<&Piece>) -> Result<Until, FormatError> {
    match next {
        None => Ok(Until::End),
        Some(Piece::Text(text)) => Ok(Until::Text(text.clone())),
        Some(Piece::Variable(_, Variable::Target | Variable::Path)) => Ok(Until::Slash),
        Some(Piece::Variable(second, _)) => {
            Err(FormatError::Adjacent { first: name.to_owned(), second: second.clone() })
        }
    }
}

/// The format out of a directive; a bare string stays as it is.
fn without_directive(text: &str) -> String {
    let text = text.trim();
    let is_directive =
        text.strip_prefix("log_format").is_some_and(|rest| rest.starts_with(char::is_whitespace));
    let quoted = text.starts_with('\'') && text.trim_end_matches(';').ends_with('\'');
    if !is_directive && !quoted {
        return text.to_owned();
    }
    // Every second piece between quotes is inside them. nginx quotes with ' or "; a format that holds " uses '.
    let quote = if text.contains('\'') { '\'' } else { '"' };
    text.split(quote).skip(1).step_by(2).collect()
}

#[cfg(test)]
mod tests;
