//! Looking, buying, coupons and the newsletter.

use http::StatusCode;
use hyper::body::Incoming;

use super::{is_email, page, page_with};
use crate::answer::{Answer, Fault, see_other, set_cookie};
use crate::catalogue::{self, price};
use crate::pages::{account, notice, shop as markup};
use crate::request::{Cart, Fields, QUANTITY_MAX, Visit};
use crate::route::number;
use crate::store::Order;
use crate::{COUPON_CODE, Shop};

/// Characters of a search that are looked for and shown.
const QUERY_CHARS_MAX: usize = 100;
/// Characters of a buyer's name.
const NAME_CHARS_MAX: usize = 100;

pub(super) fn product(visit: &Visit, id: u16) -> Result<Answer, Fault> {
    let product = catalogue::product(id).ok_or(Fault::NotFound)?;
    Ok(page(visit, product.name, &markup::product(product, visit.cart().quantity(id))))
}

pub(super) fn search(visit: &Visit) -> Answer {
    let query: String = visit.query.first("q").chars().take(QUERY_CHARS_MAX).collect();
    page(visit, "Search", &markup::search(&query, &catalogue::search(&query)))
}

/// Sets one line of the cart, which lives in a cookie.
pub(super) async fn fill_cart(shop: &Shop, visit: &Visit, body: &mut Incoming) -> Result<Answer, Fault> {
    let (fields, record) = visit.form(body).await?;
    shop.store.change(|state| state.receive(record)).await?;
    let mut cart = visit.cart();
    if put(&mut cart, &fields).is_none() {
        let main = markup::cart(&cart, "That product or quantity is not on the shelf.", "", "");
        return Ok(page_with(StatusCode::UNPROCESSABLE_ENTITY, visit, "Your cart", &main));
    }
    let mut answer = see_other("/cart");
    set_cookie(&mut answer, "cart", &cart.cookie());
    Ok(answer)
}

/// Puts the fields `product` and `quantity` (1 if absent) into a cart; `None` if they make no sense.
fn put(cart: &mut Cart, fields: &Fields) -> Option<()> {
    let quantity = if fields.contains("quantity") { number(fields.first("quantity"))? } else { 1 };
    let sensible = quantity <= QUANTITY_MAX && cart.set(number(fields.first("product"))?, quantity);
    sensible.then_some(())
}

/// Orders what is in the cart, and the one product that the form itself may name.
pub(super) async fn checkout(shop: &Shop, visit: &Visit, body: &mut Incoming) -> Result<Answer, Fault> {
    let (fields, record) = visit.form(body).await?;
    let mut cart = visit.cart();
    let put = if fields.contains("product") { put(&mut cart, &fields) } else { Some(()) };
    let (name, email) = (fields.first("name").trim(), fields.first("email").trim());
    let message = if put.is_none() {
        "That product or quantity is not on the shelf."
    } else if cart.pieces() == 0 {
        "There is nothing to order."
    } else if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
        "We need a name, of at most a hundred characters."
    } else if !is_email(email) {
        "That does not look like an e-mail address."
    } else {
        ""
    };
    let total_cents = cart.total_cents();
    let lines = cart.lines().map(|(product, quantity)| (product.id, quantity)).collect();
    let order = Order { number: 0, name: name.into(), email: email.into(), lines, total_cents };
    let change = shop.store.change(|state| {
        state.receive(record);
        message.is_empty().then(|| state.order(order))
    });
    let Some(number) = change.await? else {
        let main = markup::cart(&cart, message, name, email);
        return Ok(page_with(StatusCode::UNPROCESSABLE_ENTITY, visit, "Your cart", &main));
    };
    let text = format!("Order {number}, {} in all. It leaves the workshop tomorrow.", price(total_cents));
    let mut answer = page(visit, "Thank you", &notice("Thank you", &text));
    set_cookie(&mut answer, "cart", "");
    Ok(answer)
}

pub(super) async fn coupon(shop: &Shop, visit: &Visit, body: &mut Incoming) -> Result<Answer, Fault> {
    let (fields, record) = visit.form(body).await?;
    let code = fields.first("code").trim();
    let good = code.eq_ignore_ascii_case(COUPON_CODE);
    let change = shop.store.change(|state| {
        state.receive(record);
        state.coupons += u64::from(good);
    });
    change.await?;
    if good {
        return Ok(page(
            visit,
            "Redeemed",
            &notice("Ten per cent off", "Your next order is a tenth cheaper."),
        ));
    }
    let form = account::coupon("We know no coupon with that code.", code);
    Ok(page_with(StatusCode::NOT_FOUND, visit, "Redeem a coupon", &form))
}

pub(super) async fn newsletter(shop: &Shop, visit: &Visit, body: &mut Incoming) -> Result<Answer, Fault> {
    let (fields, record) = visit.form(body).await?;
    let email = fields.first("email").trim();
    let good = is_email(email);
    let change = shop.store.change(|state| {
        state.receive(record);
        good.then(|| state.subscribe(email))
    });
    let Some(number) = change.await? else {
        let main = notice("Not quite", "That does not look like an e-mail address.");
        return Ok(page_with(StatusCode::UNPROCESSABLE_ENTITY, visit, "Newsletter", &main));
    };
    let text = format!("You are subscriber number {number}. The next letter comes with the season.");
    Ok(page(visit, "Newsletter", &notice("Thank you", &text)))
}
