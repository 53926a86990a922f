//! The request line: `GET /path?query HTTP/1.1`.

/// Method, target and protocol of a well-formed request line; `None` where it is not HTTP.
///
/// Works on the text as logged, escapes and all. Spaces inside the target are accepted where `HTTP/…` follows (many
/// servers answer such requests); a request without protocol is HTTP/0.9 and may hold none.
#[inline]
pub(crate) fn split(text: &str) -> Option<(&str, &str, &str)> {
    let method_length = text.bytes().take_while(|&byte| is_method_byte(byte)).count();
    if method_length == 0 || method_length > 24 || text.as_bytes().get(method_length) != Some(&b' ') {
        return None;
    }
    let (method, rest) = (&text[..method_length], &text[method_length + 1..]);
    let (target, protocol) = split_protocol(rest)?;
    (is_target(method, target) && !(protocol.is_empty() && target.contains(' ')))
        .then_some((method, target, protocol))
}

/// Target and protocol, the latter `""` where there is none; `None` where the last word is another protocol.
#[inline]
fn split_protocol(text: &str) -> Option<(&str, &str)> {
    if let Some((target, b" HTTP/1.0" | b" HTTP/1.1" | b" HTTP/2.0" | b" HTTP/3.0")) =
        text.as_bytes().split_last_chunk()
    {
        return Some(text.split_at(target.len())).map(|(target, protocol)| (target, &protocol[1..]));
    }
    match memchr::memrchr(b' ', text.as_bytes()) {
        Some(space) if is_http(&text[space + 1..]) => Some((&text[..space], &text[space + 1..])),
        Some(space) if space + 1 == text.len() => Some((&text[..space], "")),
        Some(_) => None,
        None => Some((text, "")),
    }
}

/// RFC 9110 section 9.1 allows any token; every method that is registered or found in the wild is made of these.
fn is_method_byte(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'-' || byte == b'_'
}

fn is_http(protocol: &str) -> bool {
    protocol
        .strip_prefix("HTTP/")
        .is_some_and(|version| version.starts_with(|digit: char| digit.is_ascii_digit()))
}

/// The four forms of RFC 9112 section 3.2; `\/` is how some JSON writers put a slash.
pub(crate) fn is_target(method: &str, target: &str) -> bool {
    match target.as_bytes() {
        [b'/', ..] | [b'\\', b'/', ..] | b"*" => true,
        [] => false,
        _ => target.contains("://") || method.eq_ignore_ascii_case("CONNECT"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn request_lines() {
        let lines = [
            "GET / HTTP/1.1",
            "get /lower HTTP/1.0",
            "GET /old",
            "GET /old ",
            "GET /a b c HTTP/1.1",
            "OPTIONS * HTTP/1.1",
            "CONNECT 192.0.2.1:443 HTTP/1.1",
            "GET http://example.com/ HTTP/1.1",
            "PRI * HTTP/2.0",
            "M-SEARCH * HTTP/1.1",
            "-",
            "",
            "GET",
            "GET ",
            "GET HTTP/1.1",
            "GET  HTTP/1.1",
            "GET /a b c",
            "OPTIONS / RTSP/1.0",
            "OPTIONS sip:nm SIP/2.0",
            "t3 12.1.2",
            "\\x16\\x03\\x01",
            "lv|'|'|x|'|'|Win XP|'|'|",
            "GET /é HTTP/1.1",
        ];
        let shown: String = lines.iter().map(|line| format!("{line:?} -> {:?}\n", split(line))).collect();
        expect![[r#"
            "GET / HTTP/1.1" -> Some(("GET", "/", "HTTP/1.1"))
            "get /lower HTTP/1.0" -> Some(("get", "/lower", "HTTP/1.0"))
            "GET /old" -> Some(("GET", "/old", ""))
            "GET /old " -> Some(("GET", "/old", ""))
            "GET /a b c HTTP/1.1" -> Some(("GET", "/a b c", "HTTP/1.1"))
            "OPTIONS * HTTP/1.1" -> Some(("OPTIONS", "*", "HTTP/1.1"))
            "CONNECT 192.0.2.1:443 HTTP/1.1" -> Some(("CONNECT", "192.0.2.1:443", "HTTP/1.1"))
            "GET http://example.com/ HTTP/1.1" -> Some(("GET", "http://example.com/", "HTTP/1.1"))
            "PRI * HTTP/2.0" -> Some(("PRI", "*", "HTTP/2.0"))
            "M-SEARCH * HTTP/1.1" -> Some(("M-SEARCH", "*", "HTTP/1.1"))
            "-" -> None
            "" -> None
            "GET" -> None
            "GET " -> None
            "GET HTTP/1.1" -> None
            "GET  HTTP/1.1" -> None
            "GET /a b c" -> None
            "OPTIONS / RTSP/1.0" -> None
            "OPTIONS sip:nm SIP/2.0" -> None
            "t3 12.1.2" -> None
            "\\x16\\x03\\x01" -> None
            "lv|'|'|x|'|'|Win XP|'|'|" -> None
            "GET /é HTTP/1.1" -> Some(("GET", "/é", "HTTP/1.1"))
        "#]]
        .assert_eq(&shown);
    }
}
