//! What the parser says, in words for people, and the depth that it does not bound.

use cel::common::ast::Expr;
use cel::parser::Expression;

use super::Wrong;

/// A syntax error; the parser gives lines and columns from 1, and counts characters.
pub(super) fn syntax(text: &str, (line, column): (isize, isize), message: &str) -> Wrong {
    let place = usize::try_from(line - 1).ok().zip(usize::try_from(column - 1).ok());
    let span = place.and_then(|(line, column)| {
        let from: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
        let rest = text.get(from..)?.split('\n').next()?;
        Some(match rest.char_indices().nth(column) {
            Some((at, found)) => from + at..from + at + found.len_utf8(),
            None => from + rest.len()..from + rest.len(),
        })
    });
    let (message, help) = in_words(text, message.lines().next().unwrap_or_default());
    Wrong { span, message, help: help.to_owned() }
}

const TOO_DEEP: &str = "the condition is nested too deeply";
const TOO_DEEP_HELP: &str = "split it over several rules, or leave out brackets";

pub(super) fn too_deep() -> Wrong {
    Wrong { span: None, message: TOO_DEEP.to_owned(), help: TOO_DEEP_HELP.to_owned() }
}

/// Without recursion, because that is what it protects.
pub(super) fn depth_exceeds(root: &Expression, most: u16) -> bool {
    let mut open = vec![(root, 0)];
    while let Some((at, depth)) = open.pop() {
        if depth > most {
            return true;
        }
        match &at.expr {
            Expr::Select(select) => open.push((&*select.operand, depth + 1)),
            Expr::Call(call) => {
                open.extend(call.target.iter().map(|target| (&**target, depth + 1)));
                open.extend(call.args.iter().map(|arg| (arg, depth + 1)));
            }
            Expr::List(list) => open.extend(list.elements.iter().map(|element| (element, depth + 1))),
            _ => {} // refused as a whole, without looking into it
        }
    }
    false
}

/// The parser's message, which speaks of tokens, as a sentence, and what to write.
fn in_words(text: &str, message: &str) -> (String, &'static str) {
    let see = "see docs/policy.md, \"Conditions\", for what can be written";
    let quoted = message.split('\'').nth(1).unwrap_or_default();
    if text.trim().is_empty() {
        ("the condition is empty".to_owned(), "for example when = 'request.path.startsWith(\"/admin\")'")
    } else if message.contains("Recursion limit") {
        (TOO_DEEP.to_owned(), TOO_DEEP_HELP)
    } else if message.contains("missing ')'") {
        ("a closing bracket is missing".to_owned(), "write ) for each (")
    } else if message.contains("input '<EOF>'") {
        ("the condition ends too early".to_owned(), see)
    } else if message.contains("token recognition error at: '= ") {
        ("`=` means nothing in a condition".to_owned(), "compare with ==")
    } else if message.contains("token recognition error at: '\"")
        || message.contains("token recognition error at: ''")
    {
        (
            "a text has no closing quotation mark".to_owned(),
            "end it with the quotation mark that it begins with",
        )
    } else if message.contains("invalid int literal") {
        ("the number is too large".to_owned(), "write a whole number of at most 18 digits")
    } else if matches!(quoted.to_ascii_lowercase().as_str(), "and" | "or" | "not") {
        (format!("`{quoted}` means nothing in a condition"), "write && for and, || for or, ! for not")
    } else if message.contains("input '") || message.contains("recognition error") {
        (format!("`{}` is not expected here", quoted.trim()), see)
    } else {
        (format!("the condition cannot be read: {message}"), see)
    }
}

/// An operator as it is written; the parser calls addition `_+_`.
pub(super) fn sign(name: &str) -> String {
    if name.contains(char::is_alphanumeric) { name.to_owned() } else { name.replace('_', "") }
}
