//! HTTP/1 requests: the same is read and refused, in whatever pieces they come, and a head means what httparse reads.
#![no_main]

use std::mem::discriminant;

use libfuzzer_sys::fuzz_target;
use spigot_gateway::fuzz::{head, http1};

fuzz_target!(|data: &[u8]| {
    let Some((size, bytes)) = data.split_first() else { return };
    // So that no head stays open: one that is never read whole may be refused sooner or later. More than empty lines,
    // because those that stand before a head are passed over.
    let bytes = [bytes, b"x\r\n\r\n"].concat();
    let whole = http1(&bytes, bytes.len());
    let pieces = http1(&bytes, usize::from(*size).max(1));
    assert_eq!(whole.requests, pieces.requests);
    // What is wrong in several ways may be refused for either.
    assert_eq!(discriminant(&whole.ended), discriminant(&pieces.ended), "{whole:?}, {pieces:?}");
    if let Some(length) = head(&bytes) {
        let head = &bytes[..length];
        // Empty lines before it are passed over by either.
        let start = head.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(0);
        let mut fields = [httparse::EMPTY_HEADER; 200];
        let mut request = httparse::Request::new(&mut fields);
        let parsed = request.parse(&head[start..]);
        assert_eq!(parsed, Ok(httparse::Status::Complete(length - start)), "{}", head.escape_ascii());
        let Some((read, _)) = whole.requests.first() else { return };
        let line = format!("{} ", request.method.unwrap_or_default());
        assert!(read.starts_with(&line), "{read}");
    }
});
