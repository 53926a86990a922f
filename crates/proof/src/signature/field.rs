//! Header fields as signatures see them.

use http::HeaderMap;
use sfv::{Dictionary, Parser};

use super::Unproven;

/// All lines of a field as one value (RFC 9421, section 2.1); `None` when it is absent.
pub(super) fn joined(headers: &HeaderMap, name: &str, bytes_max: usize) -> Result<Option<String>, Unproven> {
    let mut value: Option<String> = None;
    for line in headers.get_all(name) {
        let line = line.to_str().map_err(|_| Unproven::Malformed)?.trim_matches([' ', '\t']);
        match &mut value {
            Some(value) => {
                value.push_str(", ");
                value.push_str(line);
            }
            None => value = Some(line.to_owned()),
        }
        if value.as_ref().is_some_and(|value| value.len() > bytes_max) {
            return Err(Unproven::Malformed);
        }
    }
    Ok(value)
}

/// A field that is a dictionary (RFC 9651); empty when it is absent.
pub(super) fn dictionary(headers: &HeaderMap, name: &str, bytes_max: usize) -> Result<Dictionary, Unproven> {
    match joined(headers, name, bytes_max)? {
        Some(value) => Parser::new(&value).parse().map_err(|_| Unproven::Malformed),
        None => Ok(Dictionary::new()),
    }
}
