//! HTTP/2 frames and the header block of the first request: the same fingerprint and the same flood, in whatever
//! pieces they come.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spigot_gateway::fuzz::frames;

fuzz_target!(|data: &[u8]| {
    let Some((size, bytes)) = data.split_first() else { return };
    let whole = frames(bytes, bytes.len().max(1));
    assert_eq!(whole, frames(bytes, usize::from(*size).max(1)));
    if let Some(text) = &whole.0 {
        assert!(text.is_ascii() && !text.contains([' ', '\n']), "{text:?}");
    }
});
