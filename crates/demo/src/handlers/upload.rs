//! Uploads of any size in flat memory: measured, not kept.

use http::StatusCode;
use hyper::body::Incoming;
use serde_json::json;

use super::page;
use crate::Shop;
use crate::answer::{Answer, Fault, json_answer};
use crate::multipart::Multipart;
use crate::pages::account::uploaded;
use crate::request::{Sum, Visit, next_chunk};

pub(super) async fn upload(shop: &Shop, visit: &Visit, body: &mut Incoming) -> Result<Answer, Fault> {
    let mut sum = Sum::default();
    if visit.media_type() != "multipart/form-data" {
        while let Some(chunk) = next_chunk(body).await? {
            sum.add(&chunk);
        }
        shop.store.change(|state| state.receive(visit.record(&sum, std::iter::empty()))).await?;
        return Ok(json_answer(StatusCode::OK, &json!({ "bytes": sum.bytes, "sha256": sum.sha256() })));
    }
    let malformed = |what: &str| Fault::Malformed(what.into());
    let mut reader = Multipart::new(&visit.content_type())
        .ok_or_else(|| malformed("The Content-Type names no usable multipart boundary."))?;
    while let Some(chunk) = next_chunk(body).await? {
        sum.add(&chunk);
        reader.push(&chunk).map_err(malformed)?;
    }
    let (parts, parts_total) = reader.finish().map_err(malformed)?;
    let record = visit.record(&sum, parts.iter().map(|part| part.name.as_str()));
    shop.store.change(|state| state.receive(record)).await?;
    Ok(page(visit, "It arrived", &uploaded(&parts, parts_total, &sum)))
}
