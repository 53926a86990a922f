//! Chunked bodies end in one place, in whatever pieces they come, and where a lenient parser of chunk sizes says.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spigot_gateway::fuzz::chunks;

fuzz_target!(|data: &[u8]| {
    let Some((size, bytes)) = data.split_first() else { return };
    let whole = chunks(bytes, bytes.len().max(1));
    assert_eq!(whole, chunks(bytes, usize::from(*size).max(1)));
    let Some((end, true)) = whole else { return };
    assert_eq!(lenient_end(&bytes[..end]), Some(end));
});

/// Where the body ends for a reader that uses another parser, and takes any trailers.
fn lenient_end(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let Ok(httparse::Status::Complete((used, size))) = httparse::parse_chunk_size(&bytes[at..]) else {
            return None;
        };
        at += used;
        if size == 0 {
            break;
        }
        at += usize::try_from(size).ok()?;
        if bytes.get(at..at + 2)? != b"\r\n" {
            return None;
        }
        at += 2;
    }
    loop {
        let line = bytes[at..].windows(2).position(|pair| pair == b"\r\n")?;
        at += line + 2;
        if line == 0 {
            return Some(at);
        }
    }
}
