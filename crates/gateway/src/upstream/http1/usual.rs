//! The heads of nearly all answers, most lines of which were there before.

use arrayvec::ArrayVec;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use memchr::memchr;

use super::answer::{Coding, FIELDS_MAX, Head, Told};
use super::lines::{Lines, Says};
use crate::http1::{Malformed, ReasonPhrase};
use crate::wire::name_end;

/// A line of a field.
enum Found {
    /// Its place among those that are known.
    Known(usize),
    /// Where the line and its value stand, from the beginning of the head.
    New { line: [usize; 2], value: [usize; 2], name: HeaderName, says: Says },
}

/// Takes a head that is as nearly all are: whole, final, of HTTP/1.1, with the status in the usual words, and with nothing
/// about its length or its connection that would have to be thought about. `None` for all other heads, which stay as they are.
/// Whatever is taken here means what it means to `answer::any`.
pub(super) fn take(
    input: &mut BytesMut,
    to_head: bool,
    lines: &mut Lines,
) -> Option<Result<Head, Malformed>> {
    let mut at = memchr(b'\n', input)? + 1;
    let rest = input[..at].strip_suffix(b"\r\n")?.strip_prefix(b"HTTP/1.1 ")?;
    let status = StatusCode::from_bytes(rest.first_chunk::<3>()?).ok()?;
    // Some servers say nothing there, and are passed on as they are.
    let silent = matches!(&rest[3..], b"" | b" ");
    let usual = silent || rest[3..].strip_prefix(b" ")? == status.canonical_reason()?.as_bytes();
    if status.is_informational() || !usual {
        return None;
    }
    let mut found = ArrayVec::<Found, FIELDS_MAX>::new();
    let (mut keeps, mut length, mut chunked) = (None, None, false);
    loop {
        let begin = at;
        at += memchr(b'\n', input.get(begin..)?)? + 1;
        let line = input[begin..at].strip_suffix(b"\r\n")?;
        if line.is_empty() {
            break;
        }
        let (one, says) = match lines.find(line) {
            Some((place, known)) => (Found::Known(place), known.says),
            None => {
                let colon = name_end(line).filter(|end| line[*end] == b':')?;
                let name = HeaderName::from_bytes(&line[..colon]).ok()?;
                let [from, end] = between_blanks(line, colon + 1);
                let says = Says::of(&name, &line[from..end]);
                let (line, value) = ([begin, begin + line.len()], [begin + from, begin + end]);
                (Found::New { line, value, name, says }, says)
            }
        };
        match says {
            Says::Nothing => {}
            Says::KeepAlive if keeps.is_none() => keeps = Some(true),
            Says::Close if keeps.is_none() => keeps = Some(false),
            Says::Length(told) if length.is_none() && !chunked => length = Some(told),
            Says::Chunked if length.is_none() && !chunked => chunked = true,
            _ => return None,
        }
        found.try_push(one).ok()?;
    }
    let coding = if chunked { Coding::Chunked } else { Coding::None };
    let told = Told { keeps: keeps.unwrap_or(true), length, coding };
    let bytes = input.split_to(at).freeze();
    Some(headers(&bytes, &found, lines).map(|headers| {
        let reason = silent.then(|| ReasonPhrase(Bytes::new()));
        Head::new(status, reason, headers, told, to_head)
    }))
}

/// The fields of these lines, but for a `Connection` that says no more than was heard.
fn headers(bytes: &Bytes, found: &[Found], lines: &mut Lines) -> Result<HeaderMap, Malformed> {
    let mut headers = HeaderMap::with_capacity(found.len());
    for one in found {
        let (name, value, says) = match one {
            Found::Known(place) => {
                let Some(known) = lines.at(*place) else { continue };
                (known.name.clone(), known.value.clone(), known.says)
            }
            Found::New { value: [from, end], name, says, .. } => {
                let value = HeaderValue::from_maybe_shared(bytes.slice(from..end));
                (name.clone(), value.map_err(|_| Malformed("a field has no value"))?, *says)
            }
        };
        if !matches!(says, Says::KeepAlive | Says::Close) {
            headers.append(name, value);
        }
    }
    // Only now, since each may take the place of one that was known above.
    for one in found {
        if let Found::New { line: [begin, end], value: [from, to], name, says } = one {
            lines.miss(&bytes[*begin..*end], name, &bytes[*from..*to], *says);
        }
    }
    Ok(headers)
}

/// Where the value stands that begins somewhere behind `from`, without the blanks around it (RFC 9110, section 5.6.3).
fn between_blanks(line: &[u8], from: usize) -> [usize; 2] {
    let is_value = |byte: &u8| !matches!(byte, b' ' | b'\t');
    let begin = line[from..].iter().position(is_value).map_or(line.len(), |at| from + at);
    let end = line[begin..].iter().rposition(is_value).map_or(begin, |last| begin + last + 1);
    [begin, end]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::{Index, select};

    use super::super::answer;
    use super::*;

    /// Holds what is found against what the reader of any heads finds, with lines that are new and with known ones. Returns
    /// whether the head was usual.
    fn check(text: &[u8], to_head: bool, lines: &mut Lines) -> bool {
        let told = |head: Head, input: &BytesMut| {
            let (parts, ()) = head.response.into_parts();
            let reason = parts.extensions.get::<ReasonPhrase>().cloned();
            (parts.status, reason, parts.headers, head.body, head.keeps, input.to_vec())
        };
        let mut usual = true;
        for turn in 0..3 {
            let (mut one, mut other) = (BytesMut::from(text), BytesMut::from(text));
            let Some(first) = take(&mut one, to_head, lines) else {
                assert_eq!(one, text, "it is left as it was");
                usual = false;
                continue;
            };
            let second = answer::any(&mut other, to_head).transpose().expect("it is whole");
            let text = text.escape_ascii();
            match (first, second) {
                (Ok(first), Ok(second)) => {
                    assert_eq!(told(first, &one), told(second, &other), "time {turn} of {text}");
                }
                (Err(_), Err(_)) => {}
                (first, second) => panic!("time {turn} of {text}: {first:?} and {second:?}"),
            }
        }
        usual
    }

    #[test]
    fn what_is_usual() {
        let check = |head: &str, usual| {
            let text = format!("HTTP/1.{head}\r\n\r\nrest");
            assert_eq!(check(text.as_bytes(), false, &mut Lines::new()), usual, "{head}");
        };
        check("1 200 OK\r\nContent-Length: 4\r\nConnection: keep-alive\r\nX-Empty:", true);
        check("1 404 Not Found\r\nTransfer-Encoding: chunked\r\nSet-Cookie: a\r\nset-cookie: b", true);
        check("1 200 \r\nconnection:\tclose ", true);
        check("1 204", true);
        check("0 200 OK", false);
        check("1 299 Odd", false);
        check("1 103 Early Hints", false);
        check("1 200 OK\r\nConnection: x, close", false);
        check("1 200 OK\r\nContent-Length: 4\r\nContent-Length: 4", false);
        check("1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked", false);
        check(&format!("1 200 OK{}", "\r\na: b".repeat(FIELDS_MAX)), true);
    }

    /// Heads, with now and then a byte that does not belong there.
    fn heads() -> impl Strategy<Value = Vec<u8>> {
        let firsts = vec![
            "1.1 200 OK",
            "1.1 404 Not Found",
            "1.1 200 ",
            "1.1 204",
            "1.0 200 OK",
            "1.1 299 Odd",
            "1.1 304 Not Modified",
            "1.1 103 Early Hints",
        ];
        let lines = vec![
            "Server: shop\r\n",
            "X-Empty:\r\n",
            "x-blank: \t \r\n",
            "Date:  Mon, 23 Nov 2026 06:00:00 GMT \r\n",
            "Set-Cookie: a=1\r\n",
            "set-cookie: b=2\r\n",
            "Content-Length: 4\r\n",
            "content-length: 4, 4\r\n",
            "Content-Length: 0\r\n",
            "Connection: close\r\n",
            "Connection: Keep-Alive\r\n",
            "connection: a, close\r\n",
            "Transfer-Encoding: chunked\r\n",
            "transfer-encoding: gzip\r\n",
            "X-Latin: \u{e4}\r\n",
            "X-Longer-Than-Eight: value, \"quoted\"\r\n",
        ];
        let odd = (any::<Index>(), select(b"\r\n\t :a\x00\x7f\xff,0".to_vec()));
        let odd = proptest::option::weighted(0.3, odd);
        (select(firsts), proptest::collection::vec(select(lines), 0..6), odd).prop_map(
            |(first, lines, odd)| {
                let mut text = format!("HTTP/{first}\r\n{}\r\nrest", lines.concat()).into_bytes();
                if let Some((at, byte)) = odd {
                    let at = at.index(text.len());
                    text[at] = byte;
                }
                text
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..Default::default() })]

        #[test]
        fn usual_heads_are_read_as_any_are(texts in proptest::collection::vec(heads(), 1..6), to_head: bool) {
            let mut lines = Lines::new();
            for text in texts {
                check(&text, to_head, &mut lines);
            }
        }
    }
}
