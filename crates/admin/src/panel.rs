//! The panel's files, built from `web/admin` and embedded. Nothing comes from anywhere else, and the page allows itself
//! nothing else.

use std::sync::LazyLock;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::api::{Answer, Body};
use crate::staff::digest;

/// No inline script or style, nothing of others, no frame around it, and no text becomes script (Trusted Types) but the
/// address of our own worker, by the one policy that makes it.
const CSP: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types spigot-worker";

struct File {
    path: &'static str,
    media_type: &'static str,
    content: &'static [u8],
}

macro_rules! files {
    ($($path:literal, $file:literal, $media_type:literal;)*) => {
        &[$(File {
            path: $path,
            media_type: $media_type,
            content: include_bytes!(concat!("../../../web/admin/dist/", $file)),
        }),*]
    };
}

static FILES: &[File] = files! {
    "/", "index.html", "text/html; charset=utf-8";
    // Where the identity provider sends people back to.
    "/signed-in", "index.html", "text/html; charset=utf-8";
    "/panel.js", "panel.js", "text/javascript; charset=utf-8";
    "/panel.css", "panel.css", "text/css; charset=utf-8";
    "/worker.js", "worker.js", "text/javascript; charset=utf-8";
    "/cachewalk.wasm", "cachewalk.wasm", "application/wasm";
    "/icon.svg", "icon.svg", "image/svg+xml";
    "/languages/en.json", "languages/en.json", "application/json";
    "/languages/de.json", "languages/de.json", "application/json";
    "/languages/es.json", "languages/es.json", "application/json";
    "/languages/zh.json", "languages/zh.json", "application/json";
};

/// What each content is called, so that a browser which has it gets it but once.
static TAGS: LazyLock<Vec<String>> = LazyLock::new(|| {
    FILES
        .iter()
        .map(|file| {
            let text = String::from_utf8_lossy(file.content);
            let bytes = digest(&text);
            format!("\"{}\"", bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect::<String>())
        })
        .collect()
});

/// The file at a path, if the panel has one there.
#[must_use]
pub fn file(path: &str, asked: &HeaderMap) -> Option<Answer> {
    let (number, file) = FILES.iter().enumerate().find(|(_, file)| file.path == path)?;
    let mut headers = HeaderMap::new();
    for (name, value) in [
        (header::CONTENT_TYPE, file.media_type),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, CSP),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    let tag = &TAGS[number];
    headers.extend(HeaderValue::from_str(tag).ok().map(|tag| (header::ETAG, tag)));
    let known = asked.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if known.is_some_and(|known| known.split(',').any(|known| known.trim() == tag)) {
        return Some(Answer { status: StatusCode::NOT_MODIFIED, headers, body: Body::Whole(Bytes::new()) });
    }
    let body = Body::Whole(Bytes::from_static(file.content));
    Some(Answer { status: StatusCode::OK, headers, body })
}
