//! The shelf, one product, search, the cart and an order.

use super::{alert, input};
use crate::catalogue::{PRODUCTS, Product, price};
use crate::html::Text;
use crate::request::{Cart, QUANTITY_MAX};

pub(crate) fn home() -> String {
    let hero = PRODUCTS.iter().find(|product| product.id == 3).map_or("", |product| product.picture);
    format!(
        r#"<section class="hero"><div><p class="over">Taps, basins, hoses</p><h1>Good things for running water</h1>
<p>Brass that darkens, copper that glows, rubber that holds. Made to be mended, and sold with the spare washer.</p>
<p><a class="button" href="/products/3">See the Heron mixer</a></p></div>{hero}</section>
<h2 id="shelf">On the shelf</h2>{}"#,
        grid(PRODUCTS.iter())
    )
}

fn grid<'p>(products: impl Iterator<Item = &'p Product>) -> String {
    let tile = |product: &Product| {
        let Product { id, name, summary, tint, picture, .. } = product;
        let price = price(product.price_cents.into());
        format!(
            r#"<li class="tile"><a href="/products/{id}"><div class="frame {tint}">{picture}</div><h3>{name}</h3></a><p>{summary}</p><p class="price">{price}</p></li>"#
        )
    };
    format!(r#"<ul class="grid">{}</ul>"#, products.map(tile).collect::<String>())
}

pub(crate) fn product(product: &Product, in_cart: u32) -> String {
    let Product { id, name, summary, story, material, size, tint, picture, .. } = product;
    let price = price(product.price_cents.into());
    let note = if in_cart == 0 {
        String::new()
    } else {
        format!(r#"<p class="hint">{in_cart} in your <a href="/cart">cart</a>.</p>"#)
    };
    let others = PRODUCTS.iter().filter(|other| other.id != *id && other.tint == *tint);
    format!(
        r#"<p class="crumbs"><a href="/">The shelf</a> <span aria-hidden="true">›</span> {name}</p>
<article class="product"><div class="frame {tint}">{picture}</div>
<div><h1>{name}</h1><p class="lead">{summary}</p><p>{story}</p>
<dl><dt>Material</dt><dd>{material}</dd><dt>Size</dt><dd>{size}</dd><dt>Delivery</dt><dd>Three to five days</dd></dl>
<p class="price big">{price}</p>
<form class="inline" method="post" action="/cart"><input type="hidden" name="product" value="{id}">
<label for="quantity">Quantity</label><input id="quantity" name="quantity" type="number" min="1" max="{QUANTITY_MAX}" value="1">
<button>Put in the cart</button></form>{note}</div></article>
<h2>Goes well with it</h2>{}"#,
        grid(others)
    )
}

pub(crate) fn search(query: &str, found: &[&Product]) -> String {
    if query.trim().is_empty() {
        return r#"<h1>Search</h1><p>Write what you are looking for in the field above, such as <a href="/search?q=brass">brass</a>.</p>"#.into();
    }
    let query = Text(query);
    if found.is_empty() {
        return format!(
            r#"<h1>Nothing for “{query}”</h1><p>Try <a href="/search?q=brass">brass</a>, <a href="/search?q=hose">hose</a> or <a href="/search?q=basin">basin</a>.</p>"#
        );
    }
    let things = if found.len() == 1 { "thing" } else { "things" };
    format!("<h1>{} {things} for “{query}”</h1>{}", found.len(), grid(found.iter().copied()))
}

/// The cart with its order form. The name and e-mail that were posted are kept.
pub(crate) fn cart(cart: &Cart, message: &str, name: &str, email: &str) -> String {
    if cart.pieces() == 0 {
        let nothing = r#"<p>Nothing in it yet.</p><p><a class="button" href="/">To the shelf</a></p>"#;
        return format!(
            r#"<section class="card notice"><h1>Your cart</h1>{}{nothing}</section>"#,
            alert(message)
        );
    }
    let row = |(product, quantity): (&Product, u32)| {
        let Product { id, name, tint, picture, .. } = product;
        let sum = price(u64::from(product.price_cents) * u64::from(quantity));
        format!(
            r#"<tr><td><div class="frame small {tint}">{picture}</div></td><th scope="row"><a href="/products/{id}">{name}</a>
<form method="post" action="/cart"><input type="hidden" name="product" value="{id}"><input type="hidden" name="quantity" value="0"><button class="link" aria-label="Remove {name}">Remove</button></form></th><td class="number">{quantity}</td><td class="number">{sum}</td></tr>"#
        )
    };
    let rows: String = cart.lines().map(row).collect();
    let total = price(cart.total_cents());
    let fields = input("name", "Name", "text", name, "name")
        + &input("email", "E-mail address", "email", email, "email");
    format!(
        r#"<h1>Your cart</h1><div class="cart"><div class="scroll" role="region" aria-label="Cart" tabindex="0"><table>
<thead><tr><th scope="col"><span class="hidden">Picture</span></th><th scope="col">Product</th><th scope="col" class="number">Pieces</th><th scope="col" class="number">Price</th></tr></thead>
<tbody>{rows}</tbody><tfoot><tr><td></td><th scope="row" colspan="2">Total</th><td class="number price">{total}</td></tr></tfoot></table></div>
<section class="card"><h2>Order</h2>{}<form method="post" action="/checkout">{fields}<p><button>Order for {total}</button></p></form>
<p class="quiet">Nothing is charged in a demonstration.</p></section></div>"#,
        alert(message)
    )
}
