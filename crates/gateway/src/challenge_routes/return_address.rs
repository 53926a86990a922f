//! Where visitors are sent afterwards: always on this origin.

/// Whether an address lies on this origin, whatever a browser makes of it: one slash, then no slash or backslash, and
/// no control character anywhere.
pub(crate) fn is_return_address(to: &str) -> bool {
    to.starts_with('/') && !to[1..].starts_with(['/', '\\']) && to.bytes().all(|b| (0x21..0x7f).contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn return_addresses() {
        for good in ["/", "/a", "/a/b?c=//x", "/%5Cevil"] {
            assert!(is_return_address(good), "{good}");
        }
        for bad in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/a\r\nb",
            "/\t/evil",
            "a",
            "/a b",
        ] {
            assert!(!is_return_address(bad), "{bad}");
        }
    }
}
