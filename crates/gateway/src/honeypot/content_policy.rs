//! Whether a page's content security policy (CSP 3) lets it load a style from its own origin.

/// All policies of a page hold, so each has to allow it.
pub(super) fn allows_own_style<'a>(policies: impl IntoIterator<Item = &'a str>) -> bool {
    policies.into_iter().flat_map(|field| field.split(',')).all(one_allows)
}

fn one_allows(policy: &str) -> bool {
    let directive = |wanted: &str| {
        policy.split(';').find_map(|directive| {
            let mut words = directive.split_ascii_whitespace();
            words.next().filter(|name| name.eq_ignore_ascii_case(wanted)).map(|_| words)
        })
    };
    // A page without an origin (`sandbox`) has no own style.
    if directive("sandbox").is_some_and(|mut words| !words.any(|word| word == "allow-same-origin")) {
        return false;
    }
    let sources = ["style-src-elem", "style-src", "default-src"].into_iter().find_map(directive);
    sources.is_none_or(|mut words| words.any(|word| word.eq_ignore_ascii_case("'self'") || word == "*"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies() {
        let check = |policies: &[&str], expected: bool| {
            assert_eq!(allows_own_style(policies.iter().copied()), expected, "{policies:?}");
        };
        check(&[], true);
        check(&["script-src 'none'"], true);
        check(&["default-src 'self'"], true);
        check(&["default-src 'none'; style-src 'SELF'"], true);
        check(&["default-src 'none'; style-src *"], true);
        check(&["default-src 'none'"], false);
        check(&["default-src 'self'; style-src 'nonce-abc'"], false);
        check(&["style-src 'self'; style-src-elem https://cdn.example"], false);
        check(&["style-src 'unsafe-inline'"], false);
        check(&["default-src 'self'", "style-src 'none'"], false);
        check(&["default-src 'self', style-src 'none'"], false);
        check(&["sandbox allow-forms"], false);
        check(&["sandbox allow-forms allow-same-origin"], true);
    }
}
