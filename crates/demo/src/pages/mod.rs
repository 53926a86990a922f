//! The main part of each page, as markup. Whatever came with a request is written through [`Text`].

pub(crate) mod account;
pub(crate) mod contact;
pub(crate) mod shop;

use crate::answer::Fault;
use crate::html::Text;

/// A page with a heading, a paragraph and a way on.
pub(crate) fn notice(heading: &str, paragraph: &str) -> String {
    format!(
        r#"<section class="card notice"><h1>{}</h1><p>{}</p><p><a class="button" href="/">Back to the shop</a></p></section>"#,
        Text(heading),
        Text(paragraph)
    )
}

/// The page of a fault.
pub(crate) fn fault(fault: &Fault) -> String {
    let heading = match fault {
        Fault::NotFound => "Not on the shelf",
        Fault::MethodNotAllowed(_) => "Wrong tool for this tap",
        _ => fault.status().canonical_reason().unwrap_or("Something went wrong"),
    };
    let main = notice(heading, &fault.detail());
    let code = fault.status().as_u16();
    main.replacen("<h1>", &format!(r#"<p class="code">{code}</p><h1>"#), 1)
}

/// A labelled input. `value` is escaped; the rest is ours.
pub(crate) fn input(name: &str, label: &str, kind: &str, value: &str, autocomplete: &str) -> String {
    format!(
        r#"<p class="field"><label for="{name}">{label}</label><input id="{name}" name="{name}" type="{kind}" value="{}" autocomplete="{autocomplete}" required></p>"#,
        Text(value)
    )
}

/// What was wrong with a form, above it; nothing for no message.
pub(crate) fn alert(message: &str) -> String {
    if message.is_empty() {
        return String::new();
    }
    format!(r#"<p class="alert" role="alert">{}</p>"#, Text(message))
}
