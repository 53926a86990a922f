//! What of a request a name stands for.

use cel::common::ast::{Expr, SelectExpr};
use cel::parser::Expression;

use super::{Lowered, Lowering, Typed, small};
use crate::policy::expression::{Bool, Flag, Int, NAMES, Past, Scope, Text};
use crate::policy::source::{listing, nearest};

impl Lowering<'_> {
    pub(super) fn field(&mut self, at: &Expression, select: &SelectExpr) -> Lowered<Typed> {
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
        let past = |past| Ok(Typed::Int(Int::History(past)));
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
            "client.crawler" if self.scope == Scope::Rule => text(Text::Crawler),
            "history.seconds" if self.scope == Scope::Rule => past(Past::Seconds),
            "history.solves" if self.scope == Scope::Rule => past(Past::Solves),
            "history.failures" if self.scope == Scope::Rule => past(Past::Failures),
            "history.restrictions" if self.scope == Scope::Rule => past(Past::Restrictions),
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
                "client.country"
                    | "client.device"
                    | "client.network"
                    | "client.crawler"
                    | "history.seconds"
                    | "history.solves"
                    | "history.failures"
                    | "history.restrictions"
                    | "upstream.status"
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
}
