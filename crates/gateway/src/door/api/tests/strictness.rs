//! How strictly a token is bound to its visitor: as the site says or as the route of its action does, whichever is stricter.

use spigot_challenge::token::Strictness;

use super::{For, LOGIN, SECRET, Service};
use crate::site_keys::SiteKey;

const POLICY: &str = r#"
[[route]]
name = "payment"
match = "POST /.spigot/action/pay"
token_client = "strict"

[[route]]
name = "private"
host = "private.example"
match = "/**"
token_client = "loose"

[[route]]
name = "open"
match = "POST /.spigot/action/vote"
token_client = "off"
"#;

#[tokio::test]
async fn the_stricter_of_site_and_route_wins() {
    let off: fn(SiteKey) -> SiteKey = |site| SiteKey { strictness: Strictness::Off, ..site };
    let loose: fn(SiteKey) -> SiteKey = |site| SiteKey { strictness: Strictness::Loose, ..site };
    let strict: fn(SiteKey) -> SiteKey = |site| SiteKey { strictness: Strictness::Strict, ..site };
    let (same, near, far) = ("&remoteip=192.0.2.1", "&remoteip=192.0.9.9", "&remoteip=203.0.113.9");
    for (site, name, action, host, right, wrong) in [
        (off, "off", "pay", "shop.example", vec![same], vec!["", near, far]),
        (loose, "loose", "pay", "shop.example", vec![same], vec!["", near, far]),
        (off, "off", "login", "shop.example", vec!["", same, near, far], vec![]),
        (off, "off", "", "shop.example", vec!["", same, near, far], vec![]),
        (off, "off", "login", "private.example", vec!["", same, near], vec![far]),
        (off, "off", "", "private.example", vec!["", same, near], vec![far]),
        (loose, "loose", "vote", "shop.example", vec!["", same, near], vec![far]),
        (strict, "strict", "vote", "shop.example", vec![same], vec!["", near, far]),
    ] {
        let service = Service::start_with(POLICY, site);
        for (visitors, expected) in [(right, true), (wrong, false)] {
            for visitor in visitors {
                let token = service.token(For { action, host, ..LOGIN });
                let body = format!("secret={SECRET}&response={token}{visitor}");
                let (_, answer) = service.form("/turnstile/v0/siteverify", &[], body).await;
                assert_eq!(answer["success"], expected, "{name} {action:?} on {host} {visitor}: {answer}");
            }
        }
    }
}

#[tokio::test]
async fn what_was_refused_for_its_visitor_is_not_used_up() {
    let service = Service::start_with(POLICY, |site| site);
    let token = service.token(For { action: "pay", ..LOGIN });
    let ask = async |more: &str| {
        let body = format!("secret={SECRET}&response={token}{more}");
        service.form("/siteverify", &[], body).await.1["error-codes"].clone()
    };
    assert_eq!(ask("").await, serde_json::json!(["missing-remoteip"]));
    assert_eq!(ask("&remoteip=192.0.2.2").await, serde_json::json!(["invalid-input-response"]));
    assert_eq!(ask("&remoteip=192.0.2.1").await, serde_json::json!([]));
}
