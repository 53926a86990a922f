//! The layer's words for requests and decisions, and the engine's.

use std::net::IpAddr;

use bytes::Bytes;
use http::header::{HOST, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Uri};
use spigot_client::{Decision, Instead, Reason, Request};
use spigot_gateway::{Answer, Described, Judgement, Shown};

/// What cannot be a request that HTTP carries; the layer makes none of these of what it was given.
pub(crate) fn described(request: &Request) -> Option<Described> {
    let mut described = http::Request::new(());
    let (method, target) = match &request.action {
        Some(action) => ("POST", format!("/.spigot/action/{action}")),
        None => (
            request.method.as_deref().unwrap_or("GET"),
            request.path.clone().unwrap_or_else(|| "/".to_owned()),
        ),
    };
    *described.method_mut() = Method::from_bytes(method.as_bytes()).ok()?;
    *described.uri_mut() = Uri::try_from(target).ok()?;
    let (mut parts, ()) = described.into_parts();
    for (name, value) in &request.headers {
        let value = HeaderValue::from_bytes(value.as_bytes()).ok()?;
        parts.headers.append(HeaderName::try_from(name).ok()?, value);
    }
    parts.headers.insert(HOST, HeaderValue::try_from(&request.host).ok()?);
    let bodiless = matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
    let body = match (request.body.is_empty(), bodiless) {
        (false, _) if request.body_begun => Shown::Begun(Bytes::from(request.body.clone())),
        (false, _) => Shown::Whole(Bytes::from(request.body.clone())),
        (true, true) => Shown::Nothing,
        (true, false) => Shown::Unseen,
    };
    let client: IpAddr = request.address.parse().ok()?;
    Some(Described {
        parts: Box::new(parts),
        client: client.to_canonical(),
        secure: request.scheme.as_deref() != Some("http"),
        tls: None,
        http2: None,
        header_order: None,
        body,
    })
}

pub(crate) fn told(judgement: Judgement) -> Decision {
    let Judgement { decision, policy, answer, remove, .. } = judgement;
    let (request_headers, response) = match answer {
        Answer::Pass(fields) => (pairs(&fields), None),
        Answer::Instead(response) => {
            let body = String::from_utf8_lossy(response.body()).into_owned();
            let (status, headers) = (response.status().as_u16(), pairs(response.headers()));
            (Vec::new(), Some(Instead { status, headers, body }))
        }
    };
    let unweighed = if response.is_some() { "block" } else { "allow" };
    let (id, action, effective, risk, reasons) = match decision {
        Some((id, decision)) => {
            let reasons = decision.reasons.iter().map(|reason| {
                let told = spigot_event::rendered(&policy, reason);
                let evidence = told.evidence.unwrap_or_default();
                Reason { kind: told.kind, name: told.name, gave: told.gave, evidence }
            });
            let (action, effective) = (decision.action.name(), decision.effective.name());
            (id.to_string(), action, effective, decision.risk, reasons.collect())
        }
        // What is Spigot's own passes, and what can be read in two ways does not; nothing was weighed.
        None => (String::new(), unweighed, unweighed, 0, Vec::new()),
    };
    let (action, effective) = (action.to_owned(), effective.to_owned());
    let remove_headers = remove.iter().map(|name| name.as_str().to_owned()).collect();
    Decision {
        id,
        action,
        effective,
        risk,
        reasons,
        checked: true,
        request_headers,
        remove_headers,
        response,
    }
}

fn pairs(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}
