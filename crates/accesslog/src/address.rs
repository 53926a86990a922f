//! Client addresses, fast for IPv4, tolerant of what logs put around them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A bare address. IPv4-mapped IPv6 becomes IPv4; leading zeros in IPv4 are refused, as the standard library does.
pub(crate) fn parse(text: &str) -> Option<IpAddr> {
    match memchr::memchr(b':', text.as_bytes()) {
        None => text.parse().ok().map(IpAddr::V4),
        Some(_) => text.parse().ok().map(|address: Ipv6Addr| IpAddr::V6(address).to_canonical()),
    }
}

/// An address as logs write it: bare, with port, in brackets, with a zone, or the last of a comma-separated list (of a
/// forwarded list the proxy itself appended the last, the client may have made up the others).
pub(crate) fn parse_decorated(text: &str) -> Option<IpAddr> {
    if let Some(address) = parse(text) {
        return Some(address);
    }
    let last = text.trim_end_matches(',').rsplit(',').next()?.trim();
    let bare = match last.strip_prefix('[') {
        Some(inner) => inner.split(']').next()?,
        None if last.bytes().filter(|&byte| byte == b':').count() == 1 => last.split(':').next()?,
        None => last,
    };
    parse(bare.split('%').next()?)
}

/// A host without its port: `example.com:8080`, `[2001:db8::1]:443`.
pub(crate) fn without_port(host: &str) -> &str {
    match memchr::memrchr(b':', host.as_bytes()) {
        Some(colon)
            if host[..colon].ends_with(']') || memchr::memchr(b':', &host.as_bytes()[..colon]).is_none() =>
        {
            &host[..colon]
        }
        _ => host,
    }
}

/// The IPv4 address that a text begins with, up to a space, and its length. The first thing of nearly every line.
#[inline]
pub(crate) fn leading_v4(text: &[u8]) -> Option<(IpAddr, usize)> {
    let mut octets = [0u8; 4];
    let mut place = 0;
    for (index, octet) in octets.iter_mut().enumerate() {
        let (value, length) = leading_octet(text.get(place..)?)?;
        place += length;
        let follows = if index == 3 { b' ' } else { b'.' };
        if text.get(place) != Some(&follows) {
            return None;
        }
        (*octet, place) = (value, place + 1);
    }
    Some((IpAddr::V4(Ipv4Addr::from(octets)), place - 1))
}

/// One to three digits without leading zero, at most 255.
#[inline]
fn leading_octet(text: &[u8]) -> Option<(u8, usize)> {
    let digit =
        |place: usize| text.get(place).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10);
    let first = digit(0)?;
    let Some(second) = digit(1) else { return Some((first, 1)) };
    if first == 0 {
        return None;
    }
    let Some(third) = digit(2) else { return Some((first * 10 + second, 2)) };
    let value = u32::from(first) * 100 + u32::from(second) * 10 + u32::from(third);
    u8::try_from(value).ok().map(|value| (value, 3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decorated_addresses() {
        for (text, expected) in [
            ("192.0.2.1", Some("192.0.2.1")),
            ("::ffff:192.0.2.1", Some("192.0.2.1")),
            ("2001:0db8:0:0::1", Some("2001:db8::1")),
            ("192.0.2.1:443", Some("192.0.2.1")),
            ("[2001:db8::1]:443", Some("2001:db8::1")),
            ("[2001:db8::1]", Some("2001:db8::1")),
            ("fe80::1%eth0", Some("fe80::1")),
            ("192.0.2.1, 198.51.100.2", Some("198.51.100.2")),
            ("192.0.2.1,", Some("192.0.2.1")),
            ("192.0.2.256", None),
            ("192.0.02.1", None),
            ("192.0.2", None),
            ("192.0.2.1.", None),
            ("example.com", None),
            ("unix:", None),
            ("-", None),
            ("", None),
        ] {
            assert_eq!(parse_decorated(text), expected.map(|text| text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn hosts_lose_their_port() {
        for (host, expected) in [
            ("example.com", "example.com"),
            ("example.com:8080", "example.com"),
            ("[2001:db8::1]:443", "[2001:db8::1]"),
            ("2001:db8::1", "2001:db8::1"),
            ("", ""),
        ] {
            assert_eq!(without_port(host), expected);
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_standard_library(text in "[0-9]{1,3}(\\.[0-9]{1,3}){2,4}|[0-9.]{0,16}") {
            let line = format!("{text} - -");
            let expected = text.parse::<Ipv4Addr>().ok().map(|address| (IpAddr::V4(address), text.len()));
            prop_assert_eq!(leading_v4(line.as_bytes()), expected);
        }
    }
}
