//! Verifies one token with a published Rust client: `clients-test CLIENT`, the case as JSON on standard input.
//! The case is `{base, site_key, secret, token}`; the answer is `{accepted, codes}`, as the client reports it.

use std::error::Error;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::{Router, routing::get};
use axum_turnstile::{TurnstileConfig, TurnstileLayer};
use serde_json::{Value, json};
use tower::ServiceExt;

type Answer = Result<(bool, Vec<String>), Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let case: Value = serde_json::from_reader(std::io::stdin())?;
    let of = |member: &str| case[member].as_str().unwrap_or_default().to_owned();
    let (base, site_key, secret, token) = (of("base"), of("site_key"), of("secret"), of("token"));
    let (accepted, codes) = match std::env::args().nth(1).as_deref() {
        Some("hcaptcha") => hcaptcha(&base, &site_key, &secret, &token).await?,
        Some("axum-turnstile") => axum_turnstile(&base, &secret, &token).await?,
        other => return Err(format!("no such client: {other:?}").into()),
    };
    println!("{}", json!({ "accepted": accepted, "codes": codes }));
    Ok(())
}

async fn hcaptcha(base: &str, site_key: &str, secret: &str, token: &str) -> Answer {
    let request = hcaptcha::Request::new_from_response(secret, token)?.set_sitekey(site_key)?;
    let client = hcaptcha::Client::new().set_url(&format!("{base}/siteverify"))?;
    match client.verify(request).await {
        Ok(response) => Ok((response.success(), Vec::new())),
        Err(hcaptcha::Error::Codes(codes)) => Ok((false, codes.iter().map(code).collect())),
        Err(error) => Err(error.into()),
    }
}

/// A code as the service wrote it; shown, it would be a sentence.
fn code(code: &hcaptcha::Code) -> String {
    let value = serde_json::to_value(code).unwrap_or_default();
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

async fn axum_turnstile(base: &str, secret: &str, token: &str) -> Answer {
    let config = TurnstileConfig::new(secret).with_verify_url(format!("{base}/turnstile/v0/siteverify"));
    let site = Router::new().route("/", get(|| async { "welcome" })).layer(TurnstileLayer::new(config));
    let request = Request::get("/").header("CF-Turnstile-Token", token).body(Body::empty())?;
    let status = site.oneshot(request).await?.status();
    match status {
        StatusCode::OK => Ok((true, Vec::new())),
        StatusCode::FORBIDDEN => Ok((false, Vec::new())),
        other => Err(format!("the layer answered {other}").into()),
    }
}
