//! Methods of texts and addresses.

use cel::parser::Expression;

use super::{Lowered, Lowering, Typed, small};
use crate::policy::expression::{Bool, Int, Scope};
use crate::policy::source::{listing, nearest};
use crate::subject::{Block, Prefix};

impl Lowering<'_> {
    pub(super) fn method(
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
            Some(_) if self.scope == Scope::Limit && self.names.fed.contains(&texts[0]) => self.wrong(
                &args[0],
                format!("who is on \"{}\" is not known yet when a limit is looked at", texts[0]),
                "it comes from a file or an address, or holds networks, countries or fingerprints; use it in a rule",
            ),
            Some(index) => Ok(Bool::InList(small(index))),
            None => self.wrong(
                &args[0],
                format!("there is no list \"{}\"", texts[0]),
                format!("lists: {}{}", listing(&names), nearest(&texts[0], &names)),
            ),
        }
    }
}
