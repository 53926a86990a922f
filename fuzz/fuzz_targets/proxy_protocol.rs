//! PROXY headers: nothing behind them is read, and what they name is an address as it is compared everywhere.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spigot_gateway::fuzz::proxy_protocol;

fuzz_target!(|data: &[u8]| {
    let Some((read, address)) = proxy_protocol(data) else { return };
    assert!(read <= data.len());
    // The same header before something else.
    let longer = [&data[..read], b"GET / HTTP/1.1\r\n"].concat();
    assert_eq!(proxy_protocol(&longer), Some((read, address)));
    if let Some(address) = address {
        assert_eq!(address.ip(), address.ip().to_canonical());
    }
});
