//! Questions to the shop: the form with the check in it.

use http::StatusCode;
use http::header;
use hyper::body::Incoming;

use super::{is_email, page_with};
use crate::Shop;
use crate::answer::{Answer, Fault, set};
use crate::check::{FIELD, Word};
use crate::pages::{contact as markup, notice};
use crate::request::Visit;

/// Characters of a question: a page of paper.
const QUESTION_CHARS_MAX: usize = 2000;
/// As of the other pages, and the widget's puzzle, which is WebAssembly.
const POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; object-src 'none'; base-uri 'none'; \
                      form-action 'self'; frame-ancestors 'self'";

pub(super) fn form(shop: &Shop, visit: &Visit) -> Answer {
    shown(shop, visit, StatusCode::OK, "", "", "")
}

fn shown(
    shop: &Shop,
    visit: &Visit,
    status: StatusCode,
    message: &str,
    email: &str,
    question: &str,
) -> Answer {
    let site_key = shop.check.as_ref().map(|check| check.site_key.as_str());
    let main = markup::form(message, email, question, site_key);
    let mut answer = page_with(status, visit, "Ask us", &main);
    set(&mut answer, header::CONTENT_SECURITY_POLICY, POLICY);
    answer
}

/// Takes a question, if what came with it says that a person asks. What was typed is never lost over that.
pub(super) async fn ask(shop: &Shop, visit: &Visit, body: &mut Incoming) -> Result<Answer, Fault> {
    let (fields, record) = visit.form(body).await?;
    let (email, question) = (fields.first("email").trim(), fields.first("question").trim());
    let again = |status, message| Ok(shown(shop, visit, status, message, email, question));
    if !is_email(email) {
        return again(StatusCode::UNPROCESSABLE_ENTITY, "That does not look like an e-mail address.");
    }
    if question.is_empty() || question.chars().count() > QUESTION_CHARS_MAX {
        return again(StatusCode::UNPROCESSABLE_ENTITY, "We need a question, of at most a page.");
    }
    let word = match &shop.check {
        Some(check) => check.ask(fields.first(FIELD)).await,
        None => Word::Good,
    };
    match word {
        Word::Good => {}
        Word::Refused => {
            return again(StatusCode::FORBIDDEN, "The check did not succeed. Your question is still here.");
        }
        Word::Away => {
            let message =
                "The check cannot be made at the moment. Your question is still here: try again soon.";
            return again(StatusCode::SERVICE_UNAVAILABLE, message);
        }
    }
    shop.store.change(|state| state.receive(record)).await?;
    let thanks = notice("Thank you", "We have your question, and answer within the week.");
    Ok(page_with(StatusCode::OK, visit, "Thank you", &thanks))
}
