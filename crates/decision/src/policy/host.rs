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

/// The package of an Android app that stands in a host's place, in the form of its origin:
/// `android-app://com.example.shop`. Packages are told apart by case.
#[must_use]
pub fn app_package(host: &str) -> Option<&str> {
    let package = host.strip_prefix("android-app://")?;
    // Two or more names with dots between them.
    let is_name = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    // The longest that Google's store takes has less.
    let fits = package.len() <= 200 && package.contains('.') && package.split('.').all(is_name);
    fits.then_some(package)
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

    #[test]
    fn apps() {
        let check = |host: &str, expected: Option<&str>| assert_eq!(app_package(host), expected, "{host}");
        check("android-app://com.example.Shop_2", Some("com.example.Shop_2"));
        for other in
            ["", "shop", "com..shop", "com.1shop", "com.example.shop/", "com.example.shop:1", "c\u{f6}.x"]
        {
            check(&format!("android-app://{other}"), None);
        }
        check(&format!("android-app://a.{}", "b".repeat(199)), None);
        check("com.example.shop", None);
    }
}
