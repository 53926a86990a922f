//! Checking every name and type with its place, and lowering to the typed tree.

mod fields;
mod methods;
mod values;

use std::ops::Range;

use cel::common::ast::{CallExpr, Expr, LiteralValue, operators as op};
use cel::parser::Expression;

use super::syntax::sign;
use super::{Bool, Int, NAMES, Names, Order, Scope, Text, Wrong};
use crate::policy::source::nearest;

/// One condition on its way from the parser's tree to ours.
pub(super) struct Lowering<'a> {
    pub(super) places: &'a cel::common::ast::SourceInfo,
    pub(super) text: &'a str,
    pub(super) scope: Scope,
    pub(super) names: &'a Names<'a>,
    pub(super) sees_answer: bool,
}

type Lowered<T> = Result<T, Wrong>;

enum Typed {
    Bool(Bool),
    Int(Int),
    Text(Text),
    Address,
}

impl Typed {
    fn name(&self) -> &'static str {
        match self {
            Self::Bool(_) => "true or false",
            Self::Int(_) => "a number",
            Self::Text(_) => "a text",
            Self::Address => "an address",
        }
    }
}

impl Lowering<'_> {
    fn wrong<T>(&self, at: &Expression, message: impl Into<String>, help: impl Into<String>) -> Lowered<T> {
        Err(Wrong { span: self.span(at), message: message.into(), help: help.into() })
    }

    /// The parser places a name at its dot, a call at its bracket and a comparison at its sign; people look at the
    /// whole. It counts characters.
    fn span(&self, at: &Expression) -> Option<Range<usize>> {
        let (from, to) = self.places.offset_for(at.id)?;
        let byte = |n: u32| self.text.char_indices().nth(n as usize).map_or(self.text.len(), |(i, _)| i);
        let own = byte(from)..byte(to.max(from) + 1);
        let with = |part: &Expression, span: Range<usize>| match self.span(part) {
            Some(part) => part.start.min(span.start)..part.end.max(span.end),
            None => span,
        };
        Some(match &at.expr {
            Expr::Select(select) => {
                let field = self.text[own.start..].find(&select.field).unwrap_or(0);
                with(&select.operand, own.start..(own.start + field + select.field.len()).max(own.end))
            }
            Expr::Call(call) => {
                let is_name = call.func_name.starts_with(char::is_alphabetic);
                match &call.target {
                    Some(target) => with(target, own.clone()).start..own.start.max(1),
                    None if is_name => own.start.saturating_sub(call.func_name.len())..own.start.max(1),
                    None => call.args.iter().fold(own, |span, arg| with(arg, span)),
                }
            }
            _ => own,
        })
    }

    pub(super) fn bool(&mut self, at: &Expression) -> Lowered<Bool> {
        match self.typed(at)? {
            Typed::Bool(tree) => Ok(tree),
            other => self.wrong(
                at,
                format!("this is {}, not a condition", other.name()),
                "compare it, for example with == or >",
            ),
        }
    }

    fn typed(&mut self, at: &Expression) -> Lowered<Typed> {
        match &at.expr {
            Expr::Literal(LiteralValue::Boolean(value)) => Ok(Typed::Bool(Bool::Constant(*value.inner()))),
            Expr::Literal(LiteralValue::Int(value)) => Ok(Typed::Int(Int::Constant(*value.inner()))),
            Expr::Literal(LiteralValue::String(value)) => {
                Ok(Typed::Text(Text::Constant(value.inner().to_owned())))
            }
            Expr::Select(select) if !select.test => self.field(at, select),
            Expr::Call(call) => self.call(at, call),
            Expr::Ident(name) => {
                if OBJECTS.contains(&name.as_str()) {
                    return self.wrong(
                        at,
                        format!("`{name}` is no value by itself"),
                        format!("write what of it, as in {}", example_of(name)),
                    );
                }
                let near = nearest(name, &OBJECTS);
                self.wrong(at, format!("there is no `{name}`"), format!("names start with request, client, body, field, clearance, history, signal, count or upstream{near}"))
            }
            _ => self.wrong(
                at,
                "this part of the language is not supported",
                "use comparisons, in, startsWith, endsWith, contains, matches, within, &&, || and !",
            ),
        }
    }

    fn call(&mut self, at: &Expression, call: &CallExpr) -> Lowered<Typed> {
        let args = call.args.as_slice();
        let condition = match (call.func_name.as_str(), args) {
            (op::LOGICAL_AND, [a, b]) => Bool::And(Box::new(self.bool(a)?), Box::new(self.bool(b)?)),
            (op::LOGICAL_OR, [a, b]) => Bool::Or(Box::new(self.bool(a)?), Box::new(self.bool(b)?)),
            (op::LOGICAL_NOT, [a]) => Bool::Not(Box::new(self.bool(a)?)),
            (op::EQUALS, [a, b]) => self.equal(at, a, b)?,
            (op::NOT_EQUALS, [a, b]) => Bool::Not(Box::new(self.equal(at, a, b)?)),
            (op::LESS, [a, b]) => Bool::Compare(self.int(a)?, Order::Less, self.int(b)?),
            (op::LESS_EQUALS, [a, b]) => Bool::Compare(self.int(a)?, Order::LessOrEqual, self.int(b)?),
            (op::GREATER, [a, b]) => Bool::Compare(self.int(b)?, Order::Less, self.int(a)?),
            (op::GREATER_EQUALS, [a, b]) => Bool::Compare(self.int(b)?, Order::LessOrEqual, self.int(a)?),
            (op::NEGATE, [Expression { expr: Expr::Literal(LiteralValue::Int(n)), .. }]) => {
                return Ok(Typed::Int(Int::Constant(n.inner().saturating_neg())));
            }
            (op::IN, [a, b]) => self.one_of(a, b)?,
            (op::INDEX, [object, key]) => return self.header(at, object, key).map(|name| Typed::Text(Text::Header(name))),
            ("size", [a]) => return Ok(Typed::Int(Int::Size(Box::new(self.text(a)?)))),
            (name, args) => match &call.target {
                Some(target) => return self.method(at, name, target, args),
                None => return self.wrong(at, format!("`{}` is not supported", sign(name)), "use comparisons, in, startsWith, endsWith, contains, matches, within, size, &&, || and !"),
            },
        };
        Ok(Typed::Bool(condition))
    }

    fn equal(&mut self, at: &Expression, a: &Expression, b: &Expression) -> Lowered<Bool> {
        Ok(match (self.typed(a)?, self.typed(b)?) {
            (Typed::Int(a), Typed::Int(b)) => Bool::Compare(a, Order::Equal, b),
            (Typed::Text(one), Typed::Text(other)) => {
                self.possible(&one, b)?;
                self.possible(&other, a)?;
                Bool::SameText(one, other)
            }
            (Typed::Bool(a), Typed::Bool(b)) => Bool::SameTruth(Box::new(a), Box::new(b)),
            (Typed::Address, _) | (_, Typed::Address) => {
                return self.wrong(
                    at,
                    "an address is not compared with ==",
                    "write client.address.within(\"192.0.2.1\")",
                );
            }
            (a, b) => {
                return self.wrong(
                    at,
                    format!("{} is compared with {}", a.name(), b.name()),
                    "compare values of one kind",
                );
            }
        })
    }

    fn one_of(&mut self, a: &Expression, b: &Expression) -> Lowered<Bool> {
        let Expr::List(list) = &b.expr else {
            if let Expr::Select(select) = &b.expr
                && matches!(&select.operand.expr, Expr::Ident(object) if object == "request")
                && select.field == "headers"
            {
                return Ok(Bool::HasHeader(self.literal(a)?.to_ascii_lowercase()));
            }
            return self.wrong(
                b,
                "`in` needs a list or request.headers",
                "for example request.method in [\"PUT\", \"DELETE\"]",
            );
        };
        match self.typed(a)? {
            Typed::Text(text) => {
                list.elements.iter().try_for_each(|value| self.possible(&text, value))?;
                let values = list.elements.iter().map(|value| self.literal(value)).collect::<Lowered<_>>()?;
                Ok(Bool::OneOfTexts(text, values))
            }
            Typed::Int(int) => {
                let numbers = list.elements.iter().map(|e| match &e.expr {
                    Expr::Literal(LiteralValue::Int(n)) => Ok(*n.inner()),
                    _ => {
                        self.wrong(e, "this is no number", "write a list of numbers, for example [401, 403]")
                    }
                });
                Ok(Bool::OneOfInts(int, numbers.collect::<Lowered<_>>()?))
            }
            other => self.wrong(
                a,
                format!("{} cannot be in a list", other.name()),
                "put a text or a number on the left of in",
            ),
        }
    }

    fn header(&mut self, at: &Expression, object: &Expression, key: &Expression) -> Lowered<String> {
        match &object.expr {
            Expr::Select(select)
                if select.field == "headers"
                    && matches!(&select.operand.expr, Expr::Ident(name) if name == "request") =>
            {
                Ok(self.literal(key)?.to_ascii_lowercase())
            }
            _ => self.wrong(
                at,
                "only request.headers is looked up by name",
                "write request.headers[\"accept-language\"]",
            ),
        }
    }

    fn int(&mut self, at: &Expression) -> Lowered<Int> {
        match self.typed(at)? {
            Typed::Int(int) => Ok(int),
            other => self.wrong(
                at,
                format!("{} is not a number", other.name()),
                "compare numbers with <, <=, > and >=",
            ),
        }
    }

    fn text(&mut self, at: &Expression) -> Lowered<Text> {
        match self.typed(at)? {
            Typed::Text(text) => Ok(text),
            other => {
                self.wrong(at, format!("{} is not a text", other.name()), "use a text such as request.path")
            }
        }
    }

    fn literal(&self, at: &Expression) -> Lowered<String> {
        match &at.expr {
            Expr::Literal(LiteralValue::String(value)) => Ok(value.inner().to_owned()),
            _ => self.wrong(at, "this has to be a text in quotation marks", "for example \"/admin\""),
        }
    }
}

const OBJECTS: [&str; 9] =
    ["request", "client", "body", "field", "clearance", "history", "signal", "count", "upstream"];

fn example_of(object: &str) -> &'static str {
    match object {
        "signal" => "signal.no_user_agent",
        "count" => "count.login_burst, the name of a limit",
        _ => NAMES
            .iter()
            .map(|(name, ..)| *name)
            .find(|name| name.split('.').next() == Some(object))
            .unwrap_or(""),
    }
}

fn small(index: usize) -> u16 {
    u16::try_from(index).expect("compile bounds signals, limits and lists")
}
