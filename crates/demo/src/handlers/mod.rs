//! From a request to its answer.

mod account;
mod api;
mod contact;
pub(crate) mod download;
mod shop;
mod streams;
mod upload;

use http::header::{self, HeaderName};
use http::{Method, Request, StatusCode};
use hyper::body::Incoming;

use crate::answer::{Answer, Fault, bare, content, set};
use crate::request::{Fields, Visit, discard_rest};
use crate::route::Route;
use crate::serve::{Stopping, UpgradeSlot};
use crate::{Shop, html, pages, socket};

/// Pages take everything from this shop and nothing from elsewhere.
const POLICY: &str =
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'";
const STYLE: &str = include_str!("../style.css");
const ROBOTS: &str = "User-agent: *\nDisallow: /api/\nDisallow: /cart\nDisallow: /checkout\nDisallow: /login\nDisallow: /signup\nDisallow: /reset\n";

/// Answers any request.
pub(crate) async fn answer(
    shop: &Shop,
    request: Request<Incoming>,
    slot: &UpgradeSlot,
    stopping: Stopping,
) -> Answer {
    let (head, mut body) = request.into_parts();
    let line = shop.access_log.line_of(&head);
    let signed_in = shop.sessions.contains(Visit::cookie(&head, "session"));
    let query = Fields::parse(head.uri.query().unwrap_or_default().as_bytes());
    let mut visit = Visit { head, query, signed_in };
    let route = Visit::path_of(&visit.head).and_then(|path| Route::of(&path));
    let outcome = match &route {
        None => Err(Fault::NotFound),
        Some(route) if route.takes(&visit.head.method) => {
            dispatch(shop, &mut visit, route, &mut body, slot, stopping).await
        }
        Some(route) if visit.head.method == Method::OPTIONS => {
            let mut answer = bare(StatusCode::NO_CONTENT);
            set(&mut answer, header::ALLOW, route.allow());
            Ok(answer)
        }
        Some(route) => Err(Fault::MethodNotAllowed(route.allow())),
    };
    let for_programs = route.is_some_and(|route| route.is_for_programs());
    let mut answer = match outcome {
        Ok(answer) => answer,
        Err(fault) => {
            discard_rest(&mut body).await;
            faulted(&visit, &fault, for_programs)
        }
    };
    set(&mut answer, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    if let Some(line) = line {
        shop.access_log.write(&line, answer.status());
    }
    answer
}

fn faulted(visit: &Visit, fault: &Fault, for_programs: bool) -> Answer {
    let mut answer = if for_programs {
        fault.problem()
    } else {
        let title = fault.status().canonical_reason().unwrap_or("Error");
        page_with(fault.status(), visit, title, &pages::fault(fault))
    };
    fault.finish(&mut answer);
    answer
}

async fn dispatch(
    shop: &Shop,
    visit: &mut Visit,
    route: &Route,
    body: &mut Incoming,
    slot: &UpgradeSlot,
    stopping: Stopping,
) -> Result<Answer, Fault> {
    let posted = visit.head.method == Method::POST;
    match route {
        Route::Home => Ok(page(visit, "Taps, basins, hoses", &pages::shop::home())),
        Route::Product(id) => shop::product(visit, *id),
        Route::Search => Ok(shop::search(visit)),
        Route::Login if posted => account::login(shop, visit, body).await,
        Route::Login => Ok(page(visit, "Sign in", &pages::account::login("", ""))),
        Route::Logout => account::logout(shop, visit, body).await,
        Route::Signup if posted => account::signup(shop, visit, body).await,
        Route::Signup => Ok(page(visit, "Open an account", &pages::account::signup("", ""))),
        Route::SignupDone => Ok(account::signup_done(visit)),
        Route::Reset if posted => account::reset(shop, visit, body).await,
        Route::Reset => Ok(page(visit, "Forgotten passphrase", &pages::account::reset())),
        Route::Coupon if posted => shop::coupon(shop, visit, body).await,
        Route::Coupon => Ok(page(visit, "Redeem a coupon", &pages::account::coupon("", ""))),
        Route::Newsletter => shop::newsletter(shop, visit, body).await,
        Route::Cart if posted => shop::fill_cart(shop, visit, body).await,
        Route::Cart => Ok(page(visit, "Your cart", &pages::shop::cart(&visit.cart(), "", "", ""))),
        Route::Checkout => shop::checkout(shop, visit, body).await,
        Route::Contact if posted => contact::ask(shop, visit, body).await,
        Route::Contact => Ok(contact::form(shop, visit)),
        Route::Items if posted => api::add_item(shop, visit, body).await,
        Route::Items => Ok(api::items(shop)),
        Route::Item(id) => api::item(shop, *id),
        Route::Received => Ok(api::received(shop)),
        Route::Health => Ok(api::health(shop)),
        Route::Whoami => api::whoami(visit, body).await,
        Route::Upload if posted => upload::upload(shop, visit, body).await,
        Route::Upload => Ok(page(visit, "Send us a photograph", &pages::account::upload())),
        Route::Download => download::download(visit),
        Route::Events => Ok(streams::events(visit, stopping)),
        Route::Socket => socket::upgrade(&mut visit.head, slot),
        Route::Trailers => Ok(streams::trailers()),
        Route::Slow => streams::slow(visit).await,
        Route::Status(code) => streams::status(*code),
        Route::Robots => Ok(file("text/plain; charset=utf-8", ROBOTS)),
        Route::Favicon => Ok(file("image/svg+xml", html::LOGO)),
        Route::Style => Ok(file("text/css; charset=utf-8", STYLE)),
    }
}

fn page(visit: &Visit, title: &str, main: &str) -> Answer {
    page_with(StatusCode::OK, visit, title, main)
}

fn page_with(status: StatusCode, visit: &Visit, title: &str, main: &str) -> Answer {
    let mut answer = content(status, "text/html; charset=utf-8", html::page(visit, title, main));
    set(&mut answer, header::CONTENT_SECURITY_POLICY, POLICY);
    set(&mut answer, header::REFERRER_POLICY, "same-origin");
    answer
}

/// A file that is the same for everyone.
fn file(content_type: &'static str, text: &'static str) -> Answer {
    let mut answer = content(StatusCode::OK, content_type, text);
    set(&mut answer, header::CACHE_CONTROL, "public, max-age=300");
    answer
}

/// Puts a number or a short ASCII text into a header field.
fn set_text(answer: &mut Answer, name: HeaderName, value: &str) {
    if let Ok(value) = value.parse() {
        answer.headers_mut().insert(name, value);
    }
}

/// Whether a text can be an e-mail address: one `@` between two parts, a dot in the second, nothing blank, and no
/// more than the 254 characters of RFC 5321.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let plain = !text.chars().any(|character| character.is_whitespace() || character.is_control());
    let dotted = domain.split('.').count() > 1 && domain.split('.').all(|label| !label.is_empty());
    plain && !local.is_empty() && dotted && !domain.contains('@') && text.len() <= 254
}

#[cfg(test)]
mod tests {
    use super::is_email;

    #[test]
    fn addresses() {
        let check = |text: &str, good| assert_eq!(is_email(text), good, "{text}");
        check("demo@example.org", true);
        check("a+b@x.y.example", true);
        check("", false);
        check("@example.org", false);
        check("a@b@example.org", false);
        check("a@example", false);
        check("a@.org", false);
        check("a b@example.org", false);
        check("a@exam\nple.org", false);
        check(&format!("{}@example.org", "a".repeat(250)), false);
    }
}
