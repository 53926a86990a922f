use std::net::IpAddr;

use http::HeaderMap;
use spigot_decision::policy::PrefixMap;

/// The client's address: the peer, unless that is a trusted proxy; then the rightmost address in its header that is
/// not a trusted proxy itself. What stands further left was written by the client and means nothing.
#[must_use]
pub fn client_address(peer: IpAddr, headers: &HeaderMap, header: &str, trusted: &PrefixMap<()>) -> IpAddr {
    let mut client = peer.to_canonical();
    if trusted.is_empty() || trusted.find(client).is_none() {
        return client;
    }
    for line in headers.get_all(header).iter().rev() {
        // Bytes beyond ASCII are no address; stop at them as at anything else that is none.
        let Ok(line) = line.to_str() else { return client };
        for part in line.rsplit(',') {
            let Some(address) = one_address(part.trim()) else { return client };
            client = address;
            if trusted.find(client).is_none() {
                return client;
            }
        }
    }
    client
}

/// An address as proxies write it: plain, with a port, in brackets, or as `for=` of RFC 7239.
pub(crate) fn one_address(text: &str) -> Option<IpAddr> {
    let text =
        text.split(';').map(str::trim).find_map(|pair| strip_for(pair)).unwrap_or(text).trim_matches('"');
    let address = if let Some(rest) = text.strip_prefix('[') {
        rest.split_once(']')?.0.parse::<IpAddr>().ok()?
    } else if text.matches(':').count() == 1 {
        text.split_once(':')?.0.parse::<IpAddr>().ok()?
    } else {
        text.parse::<IpAddr>().ok()?
    };
    Some(address.to_canonical())
}

fn strip_for(pair: &str) -> Option<&str> {
    pair.get(..4).filter(|name| name.eq_ignore_ascii_case("for=")).map(|_| &pair[4..])
}

#[cfg(test)]
mod tests {
    use spigot_decision::Prefix;

    use super::*;

    fn check(peer: &str, lines: &[&str], expected: &str) {
        let trusted =
            PrefixMap::new(["10.0.0.0/8", "2001:db8:1::/48"].map(|p| (Prefix::parse(p).unwrap(), ())));
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        let client = client_address(peer.parse().unwrap(), &headers, "x-forwarded-for", &trusted);
        assert_eq!(client.to_string(), expected, "{peer} {lines:?}");
    }

    #[test]
    fn rightmost_untrusted() {
        check("192.0.2.1", &["203.0.113.9"], "192.0.2.1");
        check("10.0.0.1", &["203.0.113.9"], "203.0.113.9");
        check("10.0.0.1", &["198.51.100.1, 203.0.113.9, 10.9.9.9"], "203.0.113.9");
        check("10.0.0.1", &["198.51.100.1", "203.0.113.9"], "203.0.113.9");
        check("10.0.0.1", &[], "10.0.0.1");
        check("10.0.0.1", &["evil, 203.0.113.9"], "203.0.113.9");
        check("10.0.0.1", &["203.0.113.9, garbage"], "10.0.0.1");
        check("10.0.0.1", &["::ffff:203.0.113.9"], "203.0.113.9");
        check("::ffff:10.0.0.1", &["203.0.113.9:4711"], "203.0.113.9");
        check("2001:db8:1::1", &["[2001:db8:2::9]:443"], "2001:db8:2::9");
        check("10.0.0.1", &["for=203.0.113.9;proto=https"], "203.0.113.9");
    }
}
