//! HTTP/1 requests: the same is passed on and refused, in whatever pieces they come, and what is passed on is what
//! hyper's parser reads.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spigot_gateway::fuzz::{head, http1};

fuzz_target!(|data: &[u8]| {
    let Some((size, bytes)) = data.split_first() else { return };
    // So that no head stays open: one that is never read whole may be refused sooner or later. More than empty lines,
    // because those that stand before a head are passed over.
    let bytes = [bytes, b"x\r\n\r\n"].concat();
    let whole = http1(&bytes, bytes.len());
    let pieces = http1(&bytes, usize::from(*size).max(1));
    assert_eq!(whole, pieces);
    if let Some(length) = head(&bytes) {
        let head = &bytes[..length];
        // Empty lines before it are passed over by either.
        let start = head.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(0);
        let mut fields = [httparse::EMPTY_HEADER; 200];
        let parsed = httparse::Request::new(&mut fields).parse(&head[start..]);
        assert_eq!(parsed, Ok(httparse::Status::Complete(length - start)), "{}", head.escape_ascii());
    }
});
