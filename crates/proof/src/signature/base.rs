//! The text that is signed (RFC 9421, section 2.5): a line for each part that a signature covers.

use std::borrow::Cow;
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sfv::{DictSerializer, InnerList, Item, ItemSerializer, KeyRef, ListSerializer, Parser};

use super::{Message, field};

/// Bytes of one covered field: as much as a request's head may have in all by default.
const VALUE_BYTES_MAX: usize = 32 << 10;

/// All but what forms leave as it is (URL standard, section 1.3).
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'*').remove(b'-').remove(b'.').remove(b'_');

/// The base for these parts; `None` when one of them is not there, or not known here.
pub(super) fn of(covered: &InnerList, message: &Message<'_>) -> Option<String> {
    let mut base = String::with_capacity(512);
    for item in &covered.items {
        let name = item.bare_item.as_string()?.as_str();
        let value = match name.strip_prefix('@') {
            Some(derived) => derived_part(derived, item, message)?,
            None => Cow::Owned(field_part(name, item, message)?),
        };
        // A value with a line break could pass for further parts.
        if value.bytes().any(|b| b == b'\n' || b == b'\r') {
            return None;
        }
        let identifier = ItemSerializer::new().bare_item(&item.bare_item).parameters(&item.params).finish();
        let _ = writeln!(base, "{identifier}: {value}");
    }
    let mut parameters = ListSerializer::new();
    let mut list = parameters.inner_list();
    list.items(&covered.items);
    let _ = list.finish().parameters(&covered.params);
    let _ = write!(base, "\"@signature-params\": {}", parameters.finish()?);
    Some(base)
}

fn derived_part<'m>(name: &str, item: &Item, message: &Message<'m>) -> Option<Cow<'m, str>> {
    let parameters = || item.params.keys().map(|key| key.as_str());
    let answer = message.status.is_some();
    if name == "query-param" {
        return (!answer && parameters().eq(["name"])).then(|| query_parameter(item, message)).flatten();
    }
    // Of a request, nothing is the request's; of an answer all but the status is.
    let fits =
        if answer && name != "status" { parameters().eq(["req"]) } else { parameters().next().is_none() };
    if !fits {
        return None;
    }
    let query = || message.query.map_or(String::new(), |query| format!("?{query}"));
    Some(match name {
        "method" => Cow::Borrowed(message.method),
        "authority" => Cow::Owned(authority(message)),
        "scheme" => Cow::Borrowed(message.scheme),
        "path" => Cow::Borrowed(if message.path.is_empty() { "/" } else { message.path }),
        "query" => Cow::Owned(format!("?{}", message.query.unwrap_or_default())),
        "request-target" => Cow::Owned(format!("{}{}", message.path, query())),
        "target-uri" => {
            Cow::Owned(format!("{}://{}{}{}", message.scheme, authority(message), message.path, query()))
        }
        "status" => Cow::Owned(message.status?.to_string()),
        _ => return None,
    })
}

/// In lower case, and without the port that its scheme has anyway (section 2.2.3).
fn authority(message: &Message<'_>) -> String {
    let lower = message.authority.to_ascii_lowercase();
    let usual = if message.scheme == "https" { ":443" } else { ":80" };
    lower.strip_suffix(usual).map(str::to_owned).unwrap_or(lower)
}

/// The one parameter of this name (section 2.2.8). Of several nobody could say which was signed.
fn query_parameter<'m>(item: &Item, message: &Message<'m>) -> Option<Cow<'m, str>> {
    let wanted = item.params.get("name")?.as_string()?.as_str();
    let recoded = |text: &str| {
        let spaced = text.replace('+', " ");
        let decoded = percent_decode_str(&spaced).decode_utf8_lossy().into_owned();
        utf8_percent_encode(&decoded, FORM).to_string()
    };
    let pairs = message.query?.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let mut values = pairs.filter(|(name, _)| recoded(name) == wanted).map(|(_, value)| recoded(value));
    let value = values.next()?;
    values.next().is_none().then_some(Cow::Owned(value))
}

fn field_part(name: &str, item: &Item, message: &Message<'_>) -> Option<String> {
    if name.bytes().any(|b| b.is_ascii_uppercase()) || name.is_empty() {
        return None;
    }
    let mut parameters = item.params.iter();
    let parameter = parameters.next();
    if parameters.next().is_some() {
        return None;
    }
    let Some((parameter, value)) = parameter else {
        return field::joined(message.headers, name, VALUE_BYTES_MAX).ok()?;
    };
    match parameter.as_str() {
        "key" => {
            let members = field::dictionary(message.headers, name, VALUE_BYTES_MAX).ok()?;
            member(members.get(value.as_string()?.as_str())?)
        }
        "bs" if value.as_boolean() == Some(true) => wrapped(name, message),
        "sf" if value.as_boolean() == Some(true) => strict(name, message),
        // Of trailers and of other messages nothing is known here.
        _ => None,
    }
}

/// A dictionary's member as it stands behind its name.
fn member(entry: &sfv::ListEntry) -> Option<String> {
    let mut list = ListSerializer::new();
    list.members([entry]);
    list.finish()
}

/// Each line as bytes (section 2.1.3).
fn wrapped(name: &str, message: &Message<'_>) -> Option<String> {
    let lines = message.headers.get_all(name).iter();
    let mut wrapped = String::new();
    for line in lines {
        let separator = if wrapped.is_empty() { "" } else { ", " };
        let _ = write!(wrapped, "{separator}:{}:", STANDARD.encode(line.as_bytes().trim_ascii()));
        if wrapped.len() > 2 * VALUE_BYTES_MAX {
            return None;
        }
    }
    (!wrapped.is_empty()).then_some(wrapped)
}

/// A structured field in its one form (section 2.1.1). Which kind it is, is known of these alone.
fn strict(name: &str, message: &Message<'_>) -> Option<String> {
    let value = field::joined(message.headers, name, VALUE_BYTES_MAX).ok()??;
    match name {
        "signature-agent" | "content-digest" | "repr-digest" | "priority" | "cache-status" => {
            let members = Parser::new(&value).parse::<sfv::Dictionary>().ok()?;
            let mut dictionary = DictSerializer::new();
            dictionary.members(members.iter().map(|(key, entry)| -> (&KeyRef, _) { (key.as_ref(), entry) }));
            dictionary.finish()
        }
        _ => None,
    }
}
