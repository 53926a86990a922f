//! The field goes into the page as it streams by.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Response, header};
use http_body::{Body, Frame};
use lol_html::html_content::ContentType;
use lol_html::{HtmlRewriter, MemorySettings, Settings, element};

use super::content_policy::allows_own_style;
use super::{Honeypot, head};
use crate::body::{BodyBroken, Through};

/// What the parser may hold of a page: a start tag with all its attributes, and no more. A page with a longer one goes on
/// as it is from there.
const HELD_BYTES_MAX: usize = 256 << 10;
/// Forms of one page; beyond that a page is no page for people.
const FORMS_MAX: u32 = 64;

type Sink = Box<dyn FnMut(&[u8])>;

/// A page on its way to the browser.
pub(crate) struct Injected {
    page: Through,
    /// `None` when it has ended, or gave up: what follows goes on as it is.
    rewriter: Option<HtmlRewriter<'static, Sink>>,
    written: Rc<RefCell<Vec<u8>>>,
    ended: bool,
}

impl Injected {
    /// The answer, with the field in the forms of its page if it is one. `host` is the site's own.
    pub(crate) fn answer(response: Response<Through>, field: &Honeypot, host: &str) -> Response<Through> {
        if !head::is_changeable(response.status(), response.headers()) {
            return response;
        }
        let (mut parts, page) = response.into_parts();
        head::changed(&mut parts.headers);
        if page.is_end_stream() {
            // The head of a page, asked for alone.
            return Response::from_parts(parts, page);
        }
        let policies = parts.headers.get_all(header::CONTENT_SECURITY_POLICY).iter();
        let styled = allows_own_style(policies.filter_map(|value| value.to_str().ok()));
        Response::from_parts(parts, Through::Injected(Box::new(Self::new(page, field, host, styled))))
    }

    fn new(page: Through, field: &Honeypot, host: &str, styled: bool) -> Self {
        let written = Rc::<RefCell<Vec<u8>>>::default();
        let into = written.clone();
        let sink: Sink = Box::new(move |bytes: &[u8]| into.borrow_mut().extend_from_slice(bytes));
        Self {
            page,
            rewriter: Some(HtmlRewriter::new(settings(field, host, styled), sink)),
            written,
            ended: false,
        }
    }

    /// What has to go out for a piece of the page.
    fn put(&mut self, piece: Bytes) -> Bytes {
        let Some(rewriter) = &mut self.rewriter else { return piece };
        if rewriter.write(&piece).is_err() {
            // What it held has been written as it was.
            self.rewriter = None;
        }
        self.written.take().into()
    }

    fn end(&mut self) -> Bytes {
        if let Some(rewriter) = self.rewriter.take() {
            // A page that ends in the middle of a tag ends there for the browser, too.
            let _ = rewriter.end();
        }
        self.written.take().into()
    }

    pub(crate) fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyBroken>>> {
        while !self.ended {
            let out = match ready!(Pin::new(&mut self.page).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(piece) => self.put(piece),
                    // The page is over; its trailers told of the bytes as they were.
                    Err(_) => continue,
                },
                Some(Err(broken)) => {
                    self.ended = true;
                    return Poll::Ready(Some(Err(broken)));
                }
                None => {
                    self.ended = true;
                    self.end()
                }
            };
            if !out.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(out))));
            }
        }
        Poll::Ready(None)
    }

    pub(crate) fn is_end_stream(&self) -> bool {
        self.ended
    }
}

/// Forms that are posted to this site, at their end: a field before a password would be taken for the log-in's name. One
/// with files at its beginning: behind them it would not be looked at any more.
fn settings(field: &Honeypot, host: &str, styled: bool) -> Settings<'static, 'static> {
    let styled = Rc::new(Cell::new(styled));
    let (plain, with_style) = (field.html(false), field.html(true));
    let host: Rc<str> = host.into();
    let mut forms = 0;
    let elsewhere = Rc::new(Cell::new(false));
    let (base_host, base_elsewhere) = (host.clone(), elsewhere.clone());
    let in_page = styled.clone();
    let memory = MemorySettings::new()
        .with_max_allowed_memory_usage(HELD_BYTES_MAX)
        .with_graceful_bail_out_on_memory_limit_exceeded(true);
    Settings::new()
        .with_memory_settings(memory)
        // Markup that browsers disagree about goes by unchanged instead of ending the page.
        .with_strict(false)
        .append_element_content_handler(element!("meta[http-equiv]", move |meta| {
            let is_policy = meta
                .get_attribute("http-equiv")
                .is_some_and(|name| name.eq_ignore_ascii_case("content-security-policy"));
            if is_policy && let Some(policy) = meta.get_attribute("content") {
                in_page.set(in_page.get() && allows_own_style([policy.as_str()]));
            }
            Ok(())
        }))
        .append_element_content_handler(element!("base[href]", move |base| {
            if !goes_to(base.get_attribute("href").as_deref(), &base_host, false) {
                base_elsewhere.set(true);
            }
            Ok(())
        }))
        .append_element_content_handler(element!("form[method=\"post\" i]", move |form| {
            forms += 1;
            let action = form.get_attribute("action");
            if forms > FORMS_MAX || !goes_to(action.as_deref(), &host, elsewhere.get()) {
                return Ok(());
            }
            let html = if styled.get() { &with_style } else { &plain };
            let files = form
                .get_attribute("enctype")
                .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("multipart/form-data"));
            if files {
                form.prepend(html, ContentType::Html);
            } else {
                form.append(html, ContentType::Html);
            }
            Ok(())
        }))
}

/// Whether a form is sent to this site: nobody else's has to learn of the field. `elsewhere`: paths of this page belong to
/// another site by its `<base>`. The action is read as browsers do (URL standard, basic URL parser).
fn goes_to(action: Option<&str>, host: &str, elsewhere: bool) -> bool {
    let action = action.unwrap_or_default().trim_matches(|c| c <= ' ').replace(['\t', '\n', '\r'], "");
    let action = action.as_str();
    // An empty one is the page's own address, whatever its base.
    if action.is_empty() {
        return true;
    }
    // A character reference may stand for any part of an address; parameters have one between them.
    if action.split('?').next().is_some_and(|path| path.contains('&')) {
        return false;
    }
    let before_path = action.split(['/', '?', '#']).next().unwrap_or_default();
    let after_scheme = match before_path.split_once(':') {
        Some((scheme, _)) => &action[scheme.len() + 1..],
        None => action,
    };
    let Some(authority) = after_scheme.strip_prefix("//") else {
        // A path, or nothing; `mailto:` and `javascript:` have a scheme. Browsers take `\\` for `/`.
        return !elsewhere && !before_path.contains(':') && !action.contains('\\');
    };
    let name = authority.split(['/', '?', '#']).next().unwrap_or_default();
    let name = name
        .rsplit_once(':')
        .map_or(name, |(name, port)| if port.bytes().all(|b| b.is_ascii_digit()) { name } else { authority });
    name.eq_ignore_ascii_case(host)
}

#[cfg(test)]
mod tests {
    use spigot_decision::Keys;

    use super::*;

    /// A page, cut into pieces of so many bytes, as it comes out.
    fn rewritten(page: &str, piece: usize, styled: bool) -> String {
        let field = Honeypot::new(&Keys(1, 2));
        let mut injected = Injected::new(Through::Empty, &field, "shop.example", styled);
        let mut out = Vec::new();
        for piece in page.as_bytes().chunks(piece) {
            out.extend_from_slice(&injected.put(Bytes::copy_from_slice(piece)));
        }
        out.extend_from_slice(&injected.end());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn forms_and_what_is_put_into_them() {
        let field = Honeypot::new(&Keys(1, 2));
        let (styled, plain) = (field.html(true), field.html(false));
        let check = |page: &str, expected: &str| {
            let expected = expected.replace('§', &styled).replace('¤', &plain);
            for piece in [1, 7, 4096] {
                assert_eq!(rewritten(page, piece, true), expected, "in pieces of {piece}");
            }
        };
        check("<form method=post><input name=a></form>", "<form method=post><input name=a>§</form>");
        check("<FORM METHOD='POST' action='/a:b'></FORM>", "<FORM METHOD='POST' action='/a:b'>§</FORM>");
        check(
            "<form method=post enctype=multipart/form-data><input type=file></form>",
            "<form method=post enctype=multipart/form-data>§<input type=file></form>",
        );
        check(
            "<base target=_top><base href=/shop/><form method=post action=a></form>",
            "<base target=_top><base href=/shop/><form method=post action=a>§</form>",
        );
        check(
            "<base href=https://pay.example/><form method=post></form><form method=post action=//shop.example/></form>",
            "<base href=https://pay.example/><form method=post>§</form><form method=post action=//shop.example/>§</form>",
        );
        check(
            "<meta http-equiv=Content-Security-Policy content=\"style-src 'none'\"><form method=post></form>",
            "<meta http-equiv=Content-Security-Policy content=\"style-src 'none'\"><form method=post>¤</form>",
        );
        for untouched in [
            "<form><input name=q></form>",
            "<form method=get></form>",
            "<form method=post action=https://pay.example/></form>",
            "<form method=post action=//pay.example/></form>",
            "<form method=post action=mailto:a@b></form>",
            "<base href=https://pay.example/><form method=post action=/a></form>",
            "<base href='\t//pay.example'><base href=/><form method=post action=?a></form>",
            "<script>'<form method=post></form>'</script>",
            "<!-- <form method=post></form> -->",
            "<p>\u{e4}\u{1f980} no form",
            "<form method=post",
        ] {
            check(untouched, untouched);
        }
    }

    #[test]
    fn a_page_that_is_too_much_goes_on_as_it_is() {
        let tag = format!("<form title=\"{}\"></form>", "x".repeat(2 * HELD_BYTES_MAX));
        let page = format!("<form method=post></form>{tag}<form method=post></form>");
        let out = rewritten(&page, 1000, true);
        let field = Honeypot::new(&Keys(1, 2)).html(true);
        let expected = format!("<form method=post>{field}</form>{tag}<form method=post></form>");
        // Not `assert_eq`, which would print half a megabyte.
        assert!(out == expected, "{} bytes for {}", out.len(), expected.len());
    }

    #[test]
    fn where_forms_go() {
        let check = |action: &str, expected: bool| {
            assert_eq!(goes_to(Some(action), "shop.example", false), expected, "{action}");
        };
        for here in [
            "",
            "/a",
            "a?b=http://c",
            "?q",
            "https://shop.example",
            "//Shop.example:8443/a",
            "a/b:c",
            "/a?b&c",
            "\n/a",
        ] {
            check(here, true);
        }
        for elsewhere in [
            "https://pay.example/",
            "//pay.example",
            "http://shop.example.evil/",
            "javascript:alert(1)",
            "data:x",
            "/\\evil.example",
            "/\t/evil.example",
            "ht\ntps://evil.example",
            "\u{1}//evil.example",
            "&#47;/evil.example",
            "&#104;ttps://evil.example",
        ] {
            check(elsewhere, false);
        }
        assert!(goes_to(None, "shop.example", true));
    }
}
