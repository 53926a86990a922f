//! The incoming end of HTTP: the head as handlers need it, and bounded reading of bodies.

use std::borrow::Cow;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_TYPE, COOKIE};
use http::request::Parts;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use percent_encoding::percent_decode;
use sha2::{Digest, Sha256};

use crate::answer::Fault;
use crate::catalogue::{self, Product};
use crate::route::number;
use crate::sessions::hex;
use crate::store::Received;

/// Bytes of a form or of JSON: a hundred times what any form here needs.
pub(crate) const FORM_BYTES_MAX: usize = 64 * 1024;
/// How long a body may pause. A client that sends nothing for so long has gone.
const BODY_WAIT: Duration = Duration::from_secs(30);
/// Bytes and time that the rest of a refused body is worth. A connection that closes on unread bytes is reset, which
/// can take the answer with it (RFC 9112, section 9.6).
const DISCARD_BYTES_MAX: usize = 1024 * 1024;
const DISCARD_WAIT: Duration = Duration::from_secs(2);
/// Field names kept of one post, and characters of each and of a content type: a page or two of `/received`.
pub(crate) const NAMES_MAX: usize = 50;
pub(crate) const NAME_CHARS_MAX: usize = 100;
/// Of one product in a cart; the shop is small.
pub(crate) const QUANTITY_MAX: u32 = 20;
/// The request headers in which a gateway says what it decided, and what a page calls them.
const GATEWAY_HEADERS: [(&str, &str); 4] = [
    ("Action", "x-spigot-action"),
    ("Risk", "x-spigot-risk"),
    ("Reasons", "x-spigot-reasons"),
    ("Decision", "x-spigot-decision"),
];

/// One request without its body.
pub(crate) struct Visit {
    pub(crate) head: Parts,
    pub(crate) query: Fields,
    pub(crate) signed_in: bool,
}

impl Visit {
    /// The path, percent-decoded; `None` unless that is UTF-8.
    pub(crate) fn path_of(head: &Parts) -> Option<String> {
        percent_decode(head.uri.path().as_bytes()).decode_utf8().ok().map(Cow::into_owned)
    }

    /// The value of a cookie (RFC 6265, section 5.4), or nothing.
    pub(crate) fn cookie<'h>(head: &'h Parts, name: &str) -> &'h str {
        let lines = head.headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// What the gateway said of this request, with the names that pages use.
    pub(crate) fn gateway(&self) -> Vec<(&'static str, String)> {
        let value = |header| self.head.headers.get(header).map(|value| text(value.as_bytes()));
        GATEWAY_HEADERS.iter().filter_map(|(name, header)| Some((*name, value(*header)?))).collect()
    }

    /// Whether the gateway asks that this request has no effect while it looks as if it had.
    pub(crate) fn is_shadowed(&self) -> bool {
        self.head.headers.get("x-spigot-shadow").is_some_and(|marked| marked == "1")
    }

    pub(crate) fn cart(&self) -> Cart {
        Cart::parse(Visit::cookie(&self.head, "cart"))
    }

    /// The media type in lower case, without parameters.
    pub(crate) fn media_type(&self) -> String {
        let whole = self.content_type();
        whole.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    pub(crate) fn content_type(&self) -> String {
        self.head.headers.get(CONTENT_TYPE).map(|value| text(value.as_bytes())).unwrap_or_default()
    }

    /// A record of this post, for `/received`.
    pub(crate) fn record<'n>(&self, body: &Sum, names: impl Iterator<Item = &'n str>) -> Received {
        let clip = |text: &str| text.chars().take(NAME_CHARS_MAX).collect::<String>();
        Received {
            number: 0,
            method: self.head.method.to_string(),
            path: clip(self.head.uri.path()),
            content_type: clip(&self.content_type()),
            body_sha256: body.sha256(),
            body_bytes: body.bytes,
            fields: names.take(NAMES_MAX).map(clip).collect(),
        }
    }

    /// Reads a posted form and its record.
    pub(crate) async fn form(&self, body: &mut Incoming) -> Result<(Fields, Received), Fault> {
        if self.media_type() != "application/x-www-form-urlencoded" {
            return Err(Fault::UnsupportedType("application/x-www-form-urlencoded"));
        }
        let (body, sum) = read_whole(body).await?;
        let fields = Fields::parse(&body);
        let record = self.record(&sum, fields.0.iter().map(|(name, _)| name.as_str()));
        Ok((fields, record))
    }
}

/// Bytes as text, one character for each byte (ISO 8859-1), so that nothing in a header value is lost.
pub(crate) fn text(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// Decoded name and value pairs of a query or a form, in order.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads `application/x-www-form-urlencoded` (WHATWG URL, section 5.1), which no input fails.
    pub(crate) fn parse(encoded: &[u8]) -> Fields {
        let decode = |bytes: &[u8]| {
            let spaced: Vec<u8> = bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
            percent_decode(&spaced).decode_utf8_lossy().into_owned()
        };
        let pairs = encoded.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
        Fields(
            pairs
                .map(|pair| {
                    let cut = memchr::memchr(b'=', pair).unwrap_or(pair.len());
                    (decode(&pair[..cut]), decode(pair.get(cut + 1..).unwrap_or_default()))
                })
                .collect(),
        )
    }

    /// The first value with this name, or nothing.
    pub(crate) fn first(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }
}

/// What is in the cart. It lives in a cookie, `<product>x<quantity>` joined by `-`; at most one line per product.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cart(Vec<(u16, u32)>);

impl Cart {
    /// Reads the cookie; what is not a known product or a sensible quantity is left out.
    pub(crate) fn parse(cookie: &str) -> Cart {
        let mut cart = Cart::default();
        for line in cookie.split('-') {
            if let Some((id, quantity)) = line.split_once('x')
                && let (Some(id), Some(quantity)) = (number(id), number(quantity))
            {
                cart.set(id, quantity);
            }
        }
        cart
    }

    /// Puts so many of a product in the cart; none takes it out. False for an unknown product.
    pub(crate) fn set(&mut self, id: u16, quantity: u32) -> bool {
        if catalogue::product(id).is_none() {
            return false;
        }
        self.0.retain(|(known, _)| *known != id);
        if quantity > 0 {
            self.0.push((id, quantity.min(QUANTITY_MAX)));
        }
        true
    }

    pub(crate) fn cookie(&self) -> String {
        self.0.iter().map(|(id, quantity)| format!("{id}x{quantity}")).collect::<Vec<_>>().join("-")
    }

    pub(crate) fn lines(&self) -> impl Iterator<Item = (&'static Product, u32)> {
        self.0.iter().filter_map(|(id, quantity)| Some((catalogue::product(*id)?, *quantity)))
    }

    pub(crate) fn pieces(&self) -> u32 {
        self.0.iter().map(|(_, quantity)| quantity).sum()
    }

    pub(crate) fn quantity(&self, id: u16) -> u32 {
        self.0.iter().find(|(known, _)| *known == id).map_or(0, |(_, quantity)| *quantity)
    }

    pub(crate) fn total_cents(&self) -> u64 {
        self.lines().map(|(product, quantity)| u64::from(product.price_cents) * u64::from(quantity)).sum()
    }
}

/// Length and SHA-256 digest of what passed by.
#[derive(Clone, Default)]
pub(crate) struct Sum {
    pub(crate) bytes: u64,
    digest: Sha256,
}

impl Sum {
    pub(crate) fn add(&mut self, chunk: &[u8]) {
        self.bytes += chunk.len() as u64;
        self.digest.update(chunk);
    }

    /// The digest so far, in hexadecimal.
    pub(crate) fn sha256(&self) -> String {
        hex(&self.digest.clone().finalize())
    }
}

/// The next piece of a body; `None` at its end.
pub(crate) async fn next_chunk(body: &mut Incoming) -> Result<Option<Bytes>, Fault> {
    loop {
        let frame = tokio::time::timeout(BODY_WAIT, body.frame()).await.map_err(|_| Fault::BodyTooSlow)?;
        match frame {
            None => return Ok(None),
            Some(Err(_)) => {
                return Err(Fault::Malformed("The request body ended early or is malformed.".into()));
            }
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}

/// A whole body of at most [`FORM_BYTES_MAX`].
pub(crate) async fn read_whole(body: &mut Incoming) -> Result<(Bytes, Sum), Fault> {
    let (mut whole, mut sum) = (BytesMut::new(), Sum::default());
    while let Some(chunk) = next_chunk(body).await? {
        if whole.len() + chunk.len() > FORM_BYTES_MAX {
            return Err(Fault::BodyTooLarge);
        }
        whole.extend_from_slice(&chunk);
        sum.add(&chunk);
    }
    Ok((whole.freeze(), sum))
}

/// Reads what is left of a body that was refused, within reason.
pub(crate) async fn discard_rest(body: &mut Incoming) {
    let read = async {
        let mut bytes = 0;
        while let Ok(Some(chunk)) = next_chunk(body).await {
            bytes += chunk.len();
            if bytes > DISCARD_BYTES_MAX {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(DISCARD_WAIT, read).await;
}
