//! Checking every name and type with its place, and lowering to the typed tree.

use std::ops::Range;

use cel::common::ast::{CallExpr, Expr, LiteralValue, SelectExpr, operators as op};
use cel::parser::Expression;

use super::syntax::sign;
use super::{Bool, Flag, Int, NAMES, Names, Order, Scope, Text, Wrong};
use crate::policy::source::{listing, nearest};
use crate::subject::{Block, Prefix};

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
                self.wrong(at, format!("there is no `{name}`"), format!("names start with request, client, body, field, clearance, signal, count or upstream{near}"))
            }
            _ => self.wrong(
                at,
                "this part of the language is not supported",
                "use comparisons, in, startsWith, endsWith, contains, matches, within, &&, || and !",
            ),
        }
    }

    fn field(&mut self, at: &Expression, select: &SelectExpr) -> Lowered<Typed> {
        let Expr::Ident(object) = &select.operand.expr else {
            if let Expr::Select(inner) = &select.operand.expr
                && inner.field == "headers"
            {
                let help = format!("write request.headers[\"{}\"]", select.field.replace('_', "-"));
                return self.wrong(at, "a header is looked up in brackets", help);
            }
            return self.wrong(at, "this name is too long", "names have two parts, for example request.path");
        };
        let text = |t| Ok(Typed::Text(t));
        let full = format!("{object}.{}", select.field);
        match full.as_str() {
            "request.method" => text(Text::Method),
            "request.host" => text(Text::Host),
            "request.path" => text(Text::Path),
            "request.query" => text(Text::Query),
            "request.user_agent" => text(Text::UserAgent),
            "request.sender" => text(Text::Sender),
            "request.malformed" => Ok(Typed::Bool(Bool::Known(Flag::Malformed))),
            "body.bytes" => Ok(Typed::Int(Int::BodyBytes)),
            "body.complete" => Ok(Typed::Bool(Bool::Known(Flag::BodyComplete))),
            "field.account" => text(Text::Account),
            "field.honeypot" => Ok(Typed::Bool(Bool::Known(Flag::HoneypotFilled))),
            "client.address" => Ok(Typed::Address),
            "clearance.level" => Ok(Typed::Int(Int::ClearanceLevel)),
            "upstream.status" if self.scope == Scope::Limit => {
                self.sees_answer = true;
                Ok(Typed::Int(Int::Status))
            }
            "client.country" if self.scope == Scope::Rule => text(Text::Country),
            "client.device" if self.scope == Scope::Rule => text(Text::Device),
            "client.network" if self.scope == Scope::Rule => Ok(Typed::Int(Int::Network)),
            _ if object == "signal" && self.scope == Scope::Rule => {
                match self.names.signals.iter().position(|name| *name == select.field) {
                    Some(index) => Ok(Typed::Bool(Bool::Signal(small(index)))),
                    None => self.wrong(
                        at,
                        format!("there is no signal `{}`", select.field),
                        format!(
                            "signals: {}{}",
                            self.names.signals.join(", "),
                            nearest(&select.field, self.names.signals)
                        ),
                    ),
                }
            }
            _ if object == "count" && self.scope == Scope::Rule => {
                // A hyphen would be a minus.
                let names: Vec<String> =
                    self.names.limits.iter().map(|name| name.replace('-', "_")).collect();
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                match names.iter().position(|name| *name == select.field) {
                    Some(index) => Ok(Typed::Int(Int::Count(small(index)))),
                    None => self.wrong(
                        at,
                        format!("there is no limit `{}`", select.field),
                        format!("limits: {}{}", listing(&names), nearest(&select.field, &names)),
                    ),
                }
            }
            _ if matches!(
                full.as_str(),
                "client.country" | "client.device" | "client.network" | "upstream.status"
            ) || matches!(object.as_str(), "signal" | "count") =>
            {
                let (here, there) =
                    if self.scope == Scope::Rule { ("a rule", "a limit") } else { ("a limit", "a rule") };
                self.wrong(
                    at,
                    format!("`{full}` is not known yet when {here} is looked at"),
                    format!("use it in {there}"),
                )
            }
            _ => {
                let names: Vec<&str> = NAMES.iter().map(|(name, ..)| *name).collect();
                self.wrong(
                    at,
                    format!("there is no `{full}`"),
                    format!("names: {}{}", names.join(", "), nearest(&full, &names)),
                )
            }
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

    fn method(
        &mut self,
        at: &Expression,
        name: &str,
        target: &Expression,
        args: &[Expression],
    ) -> Lowered<Typed> {
        if name == "size" && args.is_empty() {
            return Ok(Typed::Int(Int::Size(Box::new(self.text(target)?))));
        }
        if matches!(name, "within" | "listed") {
            if !matches!(self.typed(target)?, Typed::Address) {
                return self.wrong(
                    target,
                    format!("`{name}` is for addresses"),
                    format!("write client.address.{name}(\"…\")"),
                );
            }
            let texts = args.iter().map(|arg| self.literal(arg)).collect::<Lowered<Vec<_>>>()?;
            return self.address_method(at, name, args, &texts).map(Typed::Bool);
        }
        let methods = ["startsWith", "endsWith", "contains", "matches", "size", "within", "listed"];
        if !methods.contains(&name) {
            return self.wrong(
                at,
                format!("there is no method `{name}`"),
                format!("methods: {}{}", methods.join(", "), nearest(name, &methods)),
            );
        }
        let [argument] = args else {
            let (wanted, example) = if name == "size" {
                ("no argument", "request.query.size() > 2000".to_owned())
            } else {
                ("one argument", format!("request.path.{name}(\"/admin\")"))
            };
            return self.wrong(at, format!("`{name}` needs {wanted}"), format!("for example {example}"));
        };
        if name == "size" {
            return self.wrong(at, "`size` needs no argument", "for example request.query.size() > 2000");
        }
        let subject = self.text(target)?;
        let literal = self.literal(argument)?;
        Ok(Typed::Bool(match name {
            "startsWith" => Bool::StartsWith(subject, literal),
            "endsWith" => Bool::EndsWith(subject, literal),
            "contains" => {
                Bool::Contains(subject, Box::new(memchr::memmem::Finder::new(&literal).into_owned()))
            }
            _ => match regex::RegexBuilder::new(&literal).size_limit(1 << 20).build() {
                Ok(regex) => Bool::Matches(subject, regex),
                Err(error) => {
                    let text = error.to_string();
                    let line = text.lines().last().unwrap_or_default().trim();
                    let line = line.strip_prefix("error: ").unwrap_or(line).trim_end_matches('.');
                    return self.wrong(argument, format!("the pattern is not a regular expression: {line}"), "see https://docs.rs/regex for the syntax; look-around and back-references do not exist");
                }
            },
        }))
    }

    fn address_method(
        &self,
        at: &Expression,
        name: &str,
        args: &[Expression],
        texts: &[String],
    ) -> Lowered<Bool> {
        if texts.is_empty() {
            return self.wrong(
                at,
                format!("`{name}` needs an argument"),
                "for example client.address.within(\"192.0.2.0/24\")",
            );
        }
        if name == "within" {
            let mut prefixes = Vec::new();
            for (text, arg) in texts.iter().zip(args) {
                match Prefix::parse(text) {
                    Some(prefix) => prefixes.push(prefix),
                    None => {
                        return self.wrong(
                            arg,
                            format!("\"{text}\" is no address or prefix"),
                            "write for example \"192.0.2.0/24\" or \"2001:db8::/32\"",
                        );
                    }
                }
            }
            return Ok(Bool::InNetworks(prefixes.iter().map(Block::new).collect()));
        }
        let names: Vec<&str> = self.names.lists.iter().map(String::as_str).collect();
        match names.iter().position(|list| *list == texts[0]) {
            Some(index) => Ok(Bool::InList(small(index))),
            None => self.wrong(
                &args[0],
                format!("there is no list \"{}\"", texts[0]),
                format!("lists: {}{}", listing(&names), nearest(&texts[0], &names)),
            ),
        }
    }

    fn equal(&mut self, at: &Expression, a: &Expression, b: &Expression) -> Lowered<Bool> {
        Ok(match (self.typed(a)?, self.typed(b)?) {
            (Typed::Int(a), Typed::Int(b)) => Bool::Compare(a, Order::Equal, b),
            (Typed::Text(a), Typed::Text(b)) => Bool::SameText(a, b),
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
            Typed::Text(text) => Ok(Bool::OneOfTexts(
                text,
                list.elements.iter().map(|e| self.literal(e)).collect::<Lowered<_>>()?,
            )),
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

const OBJECTS: [&str; 8] = ["request", "client", "body", "field", "clearance", "signal", "count", "upstream"];

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
