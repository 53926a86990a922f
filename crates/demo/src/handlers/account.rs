//! Signing in and up.

use http::StatusCode;
use hyper::body::Incoming;

use super::{is_email, page, page_with};
use crate::answer::{Answer, Fault, see_other, set_cookie};
use crate::pages::{account as form, notice};
use crate::request::Visit;
use crate::{DEMO_EMAIL, DEMO_PASSPHRASE, Shop};

/// Characters of a new passphrase, at least.
const PASSPHRASE_CHARS_MIN: usize = 10;

pub(super) async fn login(shop: &Shop, visit: &Visit, body: &mut Incoming) -> Result<Answer, Fault> {
    let (fields, record) = visit.form(body).await?;
    shop.store.change(|state| state.receive(record)).await?;
    let email = fields.first("email");
    if email.eq_ignore_ascii_case(DEMO_EMAIL) && fields.first("password") == DEMO_PASSPHRASE {
        let session = shop.sessions.start().map_err(|_| Fault::Storage)?;
        let mut answer = see_other("/");
        set_cookie(&mut answer, "session", &session);
        return Ok(answer);
    }
    let form = form::login("E-mail address and passphrase do not match.", email);
    Ok(page_with(StatusCode::UNAUTHORIZED, visit, "Sign in", &form))
}

pub(super) async fn logout(shop: &Shop, visit: &Visit, body: &mut Incoming) -> Result<Answer, Fault> {
    let (_, record) = visit.form(body).await?;
    shop.store.change(|state| state.receive(record)).await?;
    shop.sessions.end(Visit::cookie(&visit.head, "session"));
    let mut answer = see_other("/");
    set_cookie(&mut answer, "session", "");
    Ok(answer)
}

pub(super) async fn signup(shop: &Shop, visit: &Visit, body: &mut Incoming) -> Result<Answer, Fault> {
    let (fields, record) = visit.form(body).await?;
    let email = fields.first("email").trim();
    let message = if !is_email(email) {
        "That does not look like an e-mail address."
    } else if fields.first("password").chars().count() < PASSPHRASE_CHARS_MIN {
        "The passphrase needs ten characters or more."
    } else {
        ""
    };
    let active = !visit.is_shadowed();
    let change = shop.store.change(|state| {
        state.receive(record);
        if message.is_empty() {
            state.sign_up(email, active);
        }
    });
    change.await?;
    if message.is_empty() {
        // The same for a new, a known and a shadowed address, so that the answer tells nobody which it was.
        return Ok(see_other("/signup/done"));
    }
    let form = form::signup(message, email);
    Ok(page_with(StatusCode::UNPROCESSABLE_ENTITY, visit, "Open an account", &form))
}

pub(super) fn signup_done(visit: &Visit) -> Answer {
    let text = "Your account is being opened. In a real shop, a letter with a link would now be on its way.";
    page(visit, "Welcome", &notice("Welcome", text))
}

pub(super) async fn reset(shop: &Shop, visit: &Visit, body: &mut Incoming) -> Result<Answer, Fault> {
    let (_, record) = visit.form(body).await?;
    let change = shop.store.change(|state| {
        state.receive(record);
        state.resets += 1;
    });
    change.await?;
    let text = "If that address has an account, a link to choose a new passphrase is on its way to it.";
    Ok(page(visit, "Forgotten passphrase", &notice("Look in your letters", text)))
}
