//! What a TLS client sends first: the same fingerprint in whatever pieces it comes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spigot_gateway::fuzz::ja4;

fuzz_target!(|data: &[u8]| {
    let Some((size, bytes)) = data.split_first() else { return };
    let whole = ja4(bytes, bytes.len().max(1));
    assert_eq!(whole, ja4(bytes, usize::from(*size).max(1)));
    if let Some(text) = whole {
        assert!(text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_graphic()), "{text:?}");
    }
});
