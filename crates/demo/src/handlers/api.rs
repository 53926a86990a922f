//! What software reads: items, health, the posts received, and what a request looked like.

use http::{StatusCode, header};
use hyper::body::Incoming;
use serde_json::{Map, Value, json};

use super::set_text;
use crate::Shop;
use crate::answer::{Answer, Fault, json_answer};
use crate::request::{Sum, Visit, next_chunk, read_whole, text};
use crate::store::Item;

const NAME_CHARS_MAX: usize = 80;
const NOTE_CHARS_MAX: usize = 500;
/// A hundred thousand euros.
const PRICE_CENTS_MAX: u64 = 10_000_000;

pub(super) fn items(shop: &Shop) -> Answer {
    let value = shop.store.look(|state| {
        json!({ "total": state.items.total, "items": state.items.entries.iter().map(shown).collect::<Vec<_>>() })
    });
    json_answer(StatusCode::OK, &value)
}

pub(super) fn item(shop: &Shop, id: u64) -> Result<Answer, Fault> {
    let found = shop.store.look(|state| state.items.entries.iter().find(|item| item.id == id).map(shown));
    found.map(|item| json_answer(StatusCode::OK, &item)).ok_or(Fault::NotFound)
}

fn shown(item: &Item) -> Value {
    json!({ "id": item.id, "name": item.name, "price_cents": item.price_cents, "note": item.note })
}

/// Stores an item given as JSON: `name`, `price_cents` and, if wanted, `note`.
pub(super) async fn add_item(shop: &Shop, visit: &Visit, body: &mut Incoming) -> Result<Answer, Fault> {
    if visit.media_type() != "application/json" {
        return Err(Fault::UnsupportedType("application/json"));
    }
    let (body, sum) = read_whole(body).await?;
    let parsed: Result<Value, Fault> = serde_json::from_slice(&body)
        .map_err(|error| Fault::Malformed(format!("The request body is not JSON: {error}.")));
    let names = match &parsed {
        Ok(Value::Object(fields)) => fields.keys().map(String::as_str).collect(),
        _ => Vec::new(),
    };
    let record = visit.record(&sum, names.into_iter());
    let wanted = parsed.and_then(|value| read_item(&value));
    let change = shop.store.change(|state| {
        state.receive(record);
        wanted.map(|item| state.add_item(item))
    });
    let item = change.await??;
    let mut answer = json_answer(StatusCode::CREATED, &shown(&item));
    set_text(&mut answer, header::LOCATION, &format!("/api/items/{}", item.id));
    Ok(answer)
}

fn read_item(value: &Value) -> Result<Item, Fault> {
    let nothing = Map::new();
    let fields = value.as_object().unwrap_or(&nothing);
    let mut errors = Vec::new();
    let name = fields.get("name").and_then(Value::as_str).unwrap_or_default();
    if name.trim().is_empty() || name.chars().count() > NAME_CHARS_MAX {
        errors.push(("name", "a text of 1 to 80 characters"));
    }
    let price_cents = fields.get("price_cents").and_then(Value::as_u64).unwrap_or(u64::MAX);
    if price_cents > PRICE_CENTS_MAX {
        errors.push(("price_cents", "a whole number from 0 to 10000000"));
    }
    let note = fields.get("note").map_or(Some(""), Value::as_str);
    if note.is_none_or(|note| note.chars().count() > NOTE_CHARS_MAX) {
        errors.push(("note", "a text of at most 500 characters, or nothing"));
    }
    if errors.is_empty() {
        Ok(Item { id: 0, name: name.into(), price_cents, note: note.unwrap_or_default().into() })
    } else {
        Err(Fault::Unacceptable(errors))
    }
}

/// The last posts whose body arrived whole, oldest first.
pub(super) fn received(shop: &Shop) -> Answer {
    json_answer(StatusCode::OK, &shop.store.look(|state| json!(state.received.entries)))
}

/// Counts only: what is stored of people is for nobody else.
pub(super) fn health(shop: &Shop) -> Answer {
    let value = shop.store.look(|state| {
        let inactive = state.accounts.entries.iter().filter(|account| !account.active).count();
        json!({
            "status": "ok",
            "received": state.received.total,
            "accounts": state.accounts.total,
            "accounts_inactive": inactive,
            "subscribers": state.subscribers.total,
            "orders": state.orders.total,
            "items": state.items.total,
            "resets": state.resets,
            "coupons": state.coupons,
        })
    });
    json_answer(StatusCode::OK, &value)
}

/// The request as it arrived here. Names come in lower case and, where one repeats, beside its first: the HTTP library
/// keeps no more of the order than that. A value's bytes are shown as ISO 8859-1.
pub(super) async fn whoami(visit: &Visit, body: &mut Incoming) -> Result<Answer, Fault> {
    let mut sum = Sum::default();
    while let Some(chunk) = next_chunk(body).await? {
        sum.add(&chunk);
    }
    let head = &visit.head;
    let headers: Vec<_> =
        head.headers.iter().map(|(name, value)| json!([name.as_str(), text(value.as_bytes())])).collect();
    let value = json!({
        "method": head.method.as_str(),
        "target": head.uri.to_string(),
        "version": format!("{:?}", head.version),
        "headers": headers,
        "body_bytes": sum.bytes,
        "body_sha256": sum.sha256(),
    });
    Ok(json_answer(StatusCode::OK, &value))
}
