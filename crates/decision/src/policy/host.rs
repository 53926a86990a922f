/// What is wrong with a host pattern, as help for the person who wrote it. Hosts are compared without scheme, port and
/// path, so one that has them would never fit.
#[must_use]
pub fn wrong_host(host: &str) -> Option<&'static str> {
    let name = host.strip_prefix("*.").unwrap_or(host);
    let literal = name.starts_with('[') && name.ends_with(']');
    if host.contains('/') {
        Some("write the host alone, for example \"shop.example\"")
    } else if host.contains(':') && !literal {
        Some("write it without the port, for example \"shop.example\"")
    } else if !host.is_ascii() {
        Some("write it as it is sent, in its xn-- form")
    } else if host != "*" && (name.is_empty() || name.contains(['*', ' '])) {
        Some("write for example \"shop.example\", \"*.shop.example\" or \"*\"")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        let check = |host: &str, fits: bool| assert_eq!(wrong_host(host).is_none(), fits, "{host}");
        for good in ["shop.example", "*.shop.example", "*", "localhost", "[2001:db8::1]", "192.0.2.1"] {
            check(good, true);
        }
        for bad in
            ["", "https://shop.example", "shop.example/", "shop.example:8080", "sh*p.example", "*.", "shöp"]
        {
            check(bad, false);
        }
    }
}
