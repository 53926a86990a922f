//! Every path of the shop and the methods it takes.

use http::Method;

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Home,
    Product(u16),
    Search,
    Login,
    Logout,
    Signup,
    SignupDone,
    Reset,
    Coupon,
    Newsletter,
    Cart,
    Checkout,
    Contact,
    Items,
    Item(u64),
    Received,
    Health,
    Whoami,
    Upload,
    Download,
    Events,
    Socket,
    Trailers,
    Slow,
    Status(u16),
    Robots,
    Favicon,
    Style,
}

impl Route {
    /// The route of a percent-decoded path.
    pub(crate) fn of(path: &str) -> Option<Route> {
        Some(match path {
            "/" => Route::Home,
            "/search" => Route::Search,
            "/login" => Route::Login,
            "/logout" => Route::Logout,
            "/signup" => Route::Signup,
            "/signup/done" => Route::SignupDone,
            "/reset" => Route::Reset,
            "/coupon" => Route::Coupon,
            "/newsletter" => Route::Newsletter,
            "/cart" => Route::Cart,
            "/checkout" => Route::Checkout,
            "/contact" => Route::Contact,
            "/api/items" => Route::Items,
            "/received" => Route::Received,
            "/health" => Route::Health,
            "/whoami" => Route::Whoami,
            "/upload" => Route::Upload,
            "/download" => Route::Download,
            "/events" => Route::Events,
            "/ws" => Route::Socket,
            "/trailers" => Route::Trailers,
            "/slow" => Route::Slow,
            "/robots.txt" => Route::Robots,
            "/favicon.svg" => Route::Favicon,
            "/style.css" => Route::Style,
            _ => return Route::numbered(path),
        })
    }

    fn numbered(path: &str) -> Option<Route> {
        if let Some(id) = path.strip_prefix("/products/") {
            number(id).map(Route::Product)
        } else if let Some(id) = path.strip_prefix("/api/items/") {
            number(id).map(Route::Item)
        } else {
            path.strip_prefix("/status/").and_then(number).map(Route::Status)
        }
    }

    /// Methods it takes, as the value of an `Allow` field (RFC 9110, section 10.2.1); empty means any.
    pub(crate) fn allow(&self) -> &'static str {
        match self {
            Route::Whoami => "",
            Route::Newsletter | Route::Checkout | Route::Logout => "POST",
            Route::Login
            | Route::Signup
            | Route::Reset
            | Route::Coupon
            | Route::Cart
            | Route::Contact
            | Route::Items
            | Route::Upload => "GET, HEAD, POST",
            Route::Socket | Route::Events => "GET",
            _ => "GET, HEAD",
        }
    }

    pub(crate) fn takes(&self, method: &Method) -> bool {
        let allow = self.allow();
        allow.is_empty() || allow.split(", ").any(|name| name == method.as_str())
    }

    /// Whether software reads its answers, so that a fault is `application/problem+json` and not a page.
    pub(crate) fn is_for_programs(&self) -> bool {
        use Route::{
            Download, Events, Health, Item, Items, Received, Slow, Socket, Status, Trailers, Whoami,
        };
        matches!(
            self,
            Download
                | Events
                | Health
                | Item(_)
                | Items
                | Received
                | Slow
                | Socket
                | Status(_)
                | Trailers
                | Whoami
        )
    }
}

/// A number written the one usual way: no sign, no leading zero.
pub(crate) fn number<N: std::str::FromStr>(text: &str) -> Option<N> {
    let usual = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if usual { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_routes() {
        let check = |path, route| assert_eq!(Route::of(path), route, "{path}");
        check("/", Some(Route::Home));
        check("/products/7", Some(Route::Product(7)));
        check("/products/0", Some(Route::Product(0)));
        check("/products/07", None);
        check("/products/+7", None);
        check("/products/65536", None);
        check("/products/7/", None);
        check("/products/", None);
        check("/api/items/18446744073709551615", Some(Route::Item(u64::MAX)));
        check("/api/items/18446744073709551616", None);
        check("/status/418", Some(Route::Status(418)));
        check("//", None);
        check("*", None);
        check("", None);
    }
}
