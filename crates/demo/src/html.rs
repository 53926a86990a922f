//! Escaping, and the frame that every page shares.

use std::fmt::{self, Display};

use crate::request::Visit;

/// Text that is written with the characters escaped that mean something in HTML, in content and in quoted attributes.
pub(crate) struct Text<'t>(pub(crate) &'t str);

impl Display for Text<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
            out.write_str(&rest[..at])?;
            out.write_str(match rest.as_bytes()[at] {
                b'&' => "&amp;",
                b'<' => "&lt;",
                b'>' => "&gt;",
                b'"' => "&quot;",
                _ => "&#39;",
            })?;
            rest = &rest[at + 1..];
        }
        out.write_str(rest)
    }
}

/// Wraps the markup of a page's main part. `title` and what `visit` holds are escaped here; `main` is not.
pub(crate) fn page(visit: &Visit, title: &str, main: &str) -> String {
    let title = Text(title);
    let pieces = visit.cart().pieces();
    let cart = if pieces == 0 { "Cart".into() } else { format!(r#"Cart <b class="count">{pieces}</b>"#) };
    let query = Text(visit.query.first("q"));
    let (account, footer) = (account(visit), gateway(visit));
    format!(
        r##"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} · Brass &amp; Bowl</title>
<link rel="stylesheet" href="/style.css">
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header class="top"><div class="wide">
<a class="brand" href="/">{LOGO}<span>Brass <i>&amp;</i> Bowl</span></a>
<form class="find" action="/search" role="search">
<label class="hidden" for="q">Search the shop</label>
<input id="q" name="q" type="search" value="{query}" placeholder="Search taps, basins, hoses" maxlength="100">
<button class="plain">Search</button>
</form>
<nav aria-label="Shop"><a href="/coupon">Coupons</a>{account}<a href="/cart">{cart}</a></nav>
</div></header>
<main id="main" class="wide">
{main}
</main>
<footer><div class="wide columns">
<section><h2>Letters from the workshop</h2>
<p>Four a year, about metal and water.</p>
<form class="inline" method="post" action="/newsletter">
<label class="hidden" for="letters">E-mail address</label>
<input id="letters" name="email" type="email" placeholder="you@example.org" autocomplete="email" required>
<button>Subscribe</button>
</form></section>
<section><h2>Brass &amp; Bowl</h2>
<ul><li><a href="/contact">Ask us</a></li><li><a href="/upload">Send us a photograph</a></li><li><a href="/signup">Open an account</a></li><li><a href="/reset">Forgotten passphrase</a></li></ul>
<p class="quiet">A demonstration: nothing is sold, nothing is sent.</p></section>
{footer}
</div></footer>
</body>
</html>
"##
    )
}

fn account(visit: &Visit) -> &'static str {
    if visit.signed_in {
        r#"<form method="post" action="/logout"><button class="link">Sign out</button></form>"#
    } else {
        r#"<a href="/login">Sign in</a>"#
    }
}

/// What the gateway said of this request.
fn gateway(visit: &Visit) -> String {
    let said = visit.gateway();
    let rows: String =
        said.iter().map(|(name, value)| format!("<dt>{name}</dt><dd>{}</dd>", Text(value))).collect();
    let body = if rows.is_empty() {
        r#"<p class="quiet">Nothing. This request came straight to the shop.</p>"#.into()
    } else {
        format!("<dl>{rows}</dl>")
    };
    format!(r#"<section class="gateway"><h2>What the gateway said</h2>{body}</section>"#)
}

/// The mark of the shop, a tap over a bowl; also its favicon.
pub(crate) const LOGO: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" class="mark" viewBox="0 0 48 48" width="40" height="40" aria-hidden="true" focusable="false"><rect width="48" height="48" rx="12" fill="#1d5550"/><path d="M11 10v14M11 17h14c6 0 8 3 8 8" fill="none" stroke="#e3bd6c" stroke-width="5" stroke-linecap="round" stroke-linejoin="round"/><path d="M18 9h10M23 9v6" stroke="#e3bd6c" stroke-width="4" stroke-linecap="round"/><path d="M33 28.500c1.500 2 1.500 4 0 4s-1.500-2 0-4z" fill="#8fd0dc"/><path d="M14 35h26c-1 5-6 7-13 7s-12-2-13-7z" fill="#f6efe2"/></svg>"##;

#[cfg(test)]
mod tests {
    use super::Text;

    #[test]
    fn text_is_escaped() {
        let check = |text, escaped: &str| assert_eq!(Text(text).to_string(), escaped);
        check("", "");
        check("plain ü", "plain ü");
        check("<a href=\"x\" id='y'>&</a>", "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;&lt;/a&gt;");
    }
}
