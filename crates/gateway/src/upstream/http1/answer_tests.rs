use super::*;

fn check(head: &str, to_head: bool, expected: Result<(Decoder, bool), &str>) {
    let text = format!("HTTP/1.{head}\r\n\r\nrest");
    for end in 0..text.len() - 4 {
        let mut input = BytesMut::from(&text[..end]);
        assert!(!matches!(take(&mut input, to_head), Ok(Some(_))), "{head:?} is cut at {end}");
    }
    let mut input = BytesMut::from(text.as_str());
    let found = take(&mut input, to_head).map(|head| head.expect("it is whole"));
    if let Ok(head) = &found {
        assert_eq!(&input[..], b"rest");
        let lengths = head.response.headers().get_all(header::CONTENT_LENGTH).iter().count();
        let coded = head.response.headers().contains_key(header::TRANSFER_ENCODING);
        assert!(lengths + usize::from(coded) <= 1, "{head:?} tells its length once");
    }
    assert_eq!(found.map(|head| (head.body, head.keeps)).map_err(|why| why.0), expected, "{head:?}");
}

#[test]
fn what_follows_a_head_and_whether_the_connection_lasts() {
    let chunked = Decoder::Chunked(Chunk::Line);
    check("1 200 OK\r\nContent-Length: 4", false, Ok((Decoder::Length(4), true)));
    check("1 200 OK\r\ncontent-length: 4\r\nConnection: Close", false, Ok((Decoder::Length(4), false)));
    check("1 200 OK\r\nContent-Length: 0", false, Ok((Decoder::Ended, true)));
    check("1 200 OK\r\nContent-Length: 4, 4", false, Ok((Decoder::Length(4), true)));
    check("1 200 OK\r\nContent-Length: 4\r\nContent-Length: 4", false, Ok((Decoder::Length(4), true)));
    check("1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5", false, Err("it tells two lengths"));
    check("1 200 OK\r\nContent-Length: -4", false, Err("its length is no number"));
    check("1 200 OK\r\nContent-Length: 4", true, Ok((Decoder::Ended, true)));
    check("1 204 No Content", false, Ok((Decoder::Ended, true)));
    check("1 304 Not Modified\r\nContent-Length: 4", false, Ok((Decoder::Ended, true)));
    check("1 200 OK", false, Ok((Decoder::Close, false)));
    check("1 200 OK\r\nTransfer-Encoding: chunked", false, Ok((chunked, true)));
    check("1 200 OK\r\nTransfer-Encoding: gzip, Chunked", false, Ok((chunked, true)));
    check("1 200 OK\r\nTransfer-Encoding: gzip", false, Ok((Decoder::Close, false)));
    check("1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 4", false, Ok((chunked, false)));
    check("0 200 OK\r\nContent-Length: 4", false, Ok((Decoder::Length(4), false)));
    check(
        "0 200 OK\r\nContent-Length: 4\r\nConnection: a, keep-alive",
        false,
        Ok((Decoder::Length(4), true)),
    );
    check("0 200 OK\r\nTransfer-Encoding: chunked", false, Err("HTTP/1.0 has no codings"));
    check("1 200 OK\r\nno field", false, Err("its head is none"));
    check("1 20 OK", false, Err("its head is none"));
}

#[test]
fn fields_and_reason_are_kept() {
    let mut input = BytesMut::from(
        "HTTP/1.1 299 Something\r\nSet-Cookie: a=1\r\nX-Empty:\r\nset-cookie: b=2\r\nX-Latin: \u{e4}\r\n\r\n",
    );
    let head = take(&mut input, false).unwrap().unwrap();
    let headers = head.response.headers();
    let cookies: Vec<_> = headers.get_all(header::SET_COOKIE).iter().collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
    assert_eq!((headers["x-empty"].as_bytes(), headers.len()), (&b""[..], 4));
    let reason = head.response.extensions().get::<ReasonPhrase>().unwrap();
    assert_eq!(*reason, ReasonPhrase("Something".into()));
}

#[test]
fn a_head_without_end_is_refused() {
    let mut input = BytesMut::from("HTTP/1.1 200 OK\r\na: ");
    while take(&mut input, false).is_ok() {
        input.extend_from_slice(&[b'x'; 64]);
        assert!(input.len() < HEAD_MAX + 100);
    }
}
