//! Signing in and up.

use http::StatusCode;
use hyper::body::Incoming;

use super::{is_email, page, page_with};
use crate::answer::{Answer, Fault, see_other, set_cookie};
use crate::pages::{account as form, notice};
use crate::request::Visit;
use crate::route::number;
use crate::{DEMO_EMAIL, DEMO_PASSPHRASE, Shop};

/// Characters of a new passphrase, at least.
const PASSPHRASE_CHARS_MIN: usize = 10;
/// Customers beside the one of the sign-in page: an office of two hundred, and more.
const CUSTOMERS: u16 = 500;

pub(super) async fn login(shop: &Shop, visit: &Visit, body: &mut Incoming) -> Result<Answer, Fault> {
    let (fields, record) = visit.form(body).await?;
    shop.store.change(|state| state.receive(record)).await?;
    let email = fields.first("email");
    if is_customer(email) && fields.first("password") == DEMO_PASSPHRASE {
        let session = shop.sessions.start().map_err(|_| Fault::Storage)?;
        let mut answer = see_other("/");
        set_cookie(&mut answer, "session", &session);
        return Ok(answer);
    }
    let form = form::login("E-mail address and passphrase do not match.", email);
    Ok(page_with(StatusCode::UNAUTHORIZED, visit, "Sign in", &form))
}

/// Whether an account of this name can sign in: that of [`DEMO_EMAIL`], and `demo-1@…` to `demo-500@…`, so that many
/// people can be in the shop at a time.
fn is_customer(email: &str) -> bool {
    let email = email.to_ascii_lowercase();
    let of_many = |text: &str| number::<u16>(text).is_some_and(|count| (1..=CUSTOMERS).contains(&count));
    let (demo, domain) = DEMO_EMAIL.split_once('@').unwrap_or_default();
    let one = email.strip_prefix(demo).and_then(|rest| rest.strip_suffix(domain)?.strip_suffix('@'));
    one.is_some_and(|rest| rest.is_empty() || rest.strip_prefix('-').is_some_and(of_many))
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

#[cfg(test)]
mod tests {
    use super::is_customer;

    #[test]
    fn customers() {
        let check = |email: &str, known| assert_eq!(is_customer(email), known, "{email}");
        check("demo@example.org", true);
        check("Demo-500@Example.org", true);
        check("demo-1@example.org", true);
        check("demo-0@example.org", false);
        check("demo-501@example.org", false);
        check("demo-01@example.org", false);
        check("demo-@example.org", false);
        check("demoexample.org", false);
        check("demo-1@example.org.example", false);
        check("", false);
    }
}
