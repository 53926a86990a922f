//! The fields of `multipart/form-data` (RFC 7578), as browsers write it (RFC 2046, section 5.1). Files are passed over.

use memchr::memmem;

/// Parts of one body that are looked at: no form has more, and each costs a search.
const PARTS_MAX: usize = 256;
/// RFC 2046, section 5.1.1, allows 70.
const BOUNDARY_BYTES_MAX: usize = 70;

/// Calls `see` for each whole field; false when the body does not end as it should. What was cut off at the end of the
/// inspected part is not known.
pub(crate) fn each(content_type: &[u8], body: &[u8], mut see: impl FnMut(&str, &[u8])) -> bool {
    let Some(boundary) = boundary(content_type) else { return false };
    // Every delimiter but the first stands on a line of its own, whose break belongs to it.
    let mut delimiter = b"\r\n--".to_vec();
    delimiter.extend_from_slice(boundary);
    let finder = memmem::Finder::new(&delimiter);
    let mut rest = match body.strip_prefix(&delimiter[2..]) {
        Some(rest) => rest,
        None => match finder.find(body) {
            Some(at) => &body[at + delimiter.len()..],
            None => return false,
        },
    };
    for _ in 0..PARTS_MAX {
        let Some(part) = rest.strip_prefix(b"\r\n") else { break };
        let Some(end) = finder.find(part) else { return false };
        if let Some((name, value)) = field(&part[..end]) {
            see(name, value);
        }
        rest = &part[end + delimiter.len()..];
    }
    rest.starts_with(b"--")
}

fn boundary(content_type: &[u8]) -> Option<&[u8]> {
    let at = memmem::find(&content_type.to_ascii_lowercase(), b"boundary=")? + b"boundary=".len();
    let value = &content_type[at..];
    let value = match value.strip_prefix(b"\"") {
        Some(quoted) => &quoted[..quoted.iter().position(|b| *b == b'"')?],
        None => value.split(|b| *b == b';').next().unwrap_or_default().trim_ascii(),
    };
    (!value.is_empty() && value.len() <= BOUNDARY_BYTES_MAX).then_some(value)
}

/// Name and value of a part, unless it is a file.
fn field(part: &[u8]) -> Option<(&str, &[u8])> {
    let end = memmem::find(part, b"\r\n\r\n")?;
    let (head, value) = (&part[..end], &part[end + 4..]);
    let disposition = head.split(|b| *b == b'\n').find_map(|line| {
        let at = line.iter().position(|b| *b == b':')?;
        line[..at].eq_ignore_ascii_case(b"content-disposition").then_some(&line[at + 1..])
    })?;
    if parameter(disposition, b"filename").is_some() {
        return None;
    }
    Some((std::str::from_utf8(parameter(disposition, b"name")?).ok()?, value))
}

/// A parameter of `form-data; name="…"`. Browsers escape quotation marks in it by percent.
fn parameter<'a>(disposition: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let mut rest = disposition;
    while let Some(at) = rest.iter().position(|b| *b == b';') {
        rest = rest[at + 1..].trim_ascii_start();
        let Some(value) = rest.strip_prefix(name).and_then(|value| value.strip_prefix(b"=")) else {
            continue;
        };
        return match value.strip_prefix(b"\"") {
            Some(quoted) => quoted.iter().position(|b| *b == b'"').map(|end| &quoted[..end]),
            None => value.split(|b| *b == b';').next().map(<[u8]>::trim_ascii),
        };
    }
    None
}
