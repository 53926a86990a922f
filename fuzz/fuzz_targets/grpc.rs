//! Calls by gRPC: a question holds no more than came, and a message that is written again stays as it is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spigot_gateway::fuzz::{question, rewritten};

fuzz_target!(|data: &[u8]| {
    if let Some(held) = question(data) {
        assert!(held <= data.len(), "{held}");
    }
    if let Some(once) = rewritten(data) {
        assert!(once.len() <= data.len());
        assert_eq!(rewritten(&once).as_deref(), Some(&once[..]));
    }
});
