//! The document against the code: no path, method or code of an answer that is in one and not in the other.

use std::collections::BTreeSet;

use serde_json::Value;
use spigot_challenge::token::Refused;

use crate::door::api::verify::Denied;
use crate::door::api::{
    OPENAPI, ROUTES, captchala, dialect, enterprise, friendly, hcaptcha, recaptcha, turnstile,
};

fn document() -> Value {
    serde_json::from_str(OPENAPI).expect("the document is JSON")
}

/// Every way to say no.
fn every_denial() -> Vec<Denied> {
    let of_token = [
        Refused::NotOurs,
        Refused::OtherSite,
        Refused::Expired,
        Refused::Stale,
        Refused::OtherClient,
        Refused::ClientMissing,
        Refused::Spent,
    ];
    let mut all: Vec<_> = of_token.into_iter().map(Denied::Token).collect();
    all.extend([
        Denied::SecretMissing,
        Denied::SecretUnknown,
        Denied::TokenMissing,
        Denied::SiteKeyMismatch,
        Denied::IdempotencyMalformed,
        Denied::Dummy,
        Denied::TestFails,
        Denied::OtherAction,
        Denied::OtherAccount,
        Denied::VisitorUnreadable,
        Denied::Throttled,
        Denied::Unavailable,
    ]);
    let names: BTreeSet<_> = all.iter().map(|denied| denied.name()).collect();
    assert_eq!(names.len(), all.len(), "each has a name of its own");
    all
}

#[test]
fn paths_and_methods() {
    let document = document();
    let paths = document["paths"].as_object().expect("there are paths");
    for (path, operations) in paths {
        let documented: BTreeSet<_> =
            operations.as_object().into_iter().flatten().map(|(method, _)| method.to_uppercase()).collect();
        let Some(dialect) = dialect(&path.replace("{project}", "shop")) else {
            let ours =
                path.starts_with("/.spigot/widget/") || ["/health", "/openapi.json"].contains(&path.as_str());
            assert!(ours, "{path} is documented, but not there");
            continue;
        };
        let taken: BTreeSet<_> = dialect.methods().split(", ").map(str::to_owned).collect();
        assert_eq!(documented, taken, "{path}");
    }
    for (path, _) in &ROUTES {
        assert!(paths.contains_key(*path), "{path} is there, but not documented");
    }
}

#[test]
fn codes_of_refusals() {
    let document = document();
    let documented = |pointer: &str| -> BTreeSet<String> {
        let found = document.pointer(pointer).unwrap_or_else(|| panic!("{pointer} is missing"));
        found
            .as_array()
            .into_iter()
            .flatten()
            .map(|code| code.as_str().unwrap_or_default().to_owned())
            .collect()
    };
    let said = |code: &dyn Fn(Denied) -> Option<&'static str>| -> BTreeSet<String> {
        every_denial().into_iter().filter_map(code).map(str::to_owned).collect()
    };
    let codes =
        |schema: &str| documented(&format!("/components/schemas/{schema}/properties/error-codes/items/enum"));
    assert_eq!(codes("TurnstileAnswer"), said(&|denied| Some(turnstile::code(denied))));
    assert_eq!(codes("HcaptchaAnswer"), said(&|denied| Some(hcaptcha::code(denied))));
    assert_eq!(codes("RecaptchaAnswer"), said(&|denied| Some(recaptcha::code(denied))));
    let friendly_codes =
        documented("/components/schemas/FriendlyFailure/properties/error/properties/error_code/enum");
    assert_eq!(friendly_codes, said(&|denied| Some(friendly::told(denied).1)));
    let mut reasons = said(&|denied| enterprise::invalid(denied).ok());
    reasons.extend(["INVALID_REASON_UNSPECIFIED", "UNEXPECTED_ACTION"].map(str::to_owned));
    let reason = "/components/schemas/Assessment/properties/tokenProperties/properties/invalidReason/enum";
    assert_eq!(documented(reason), reasons);
    let mut errors = said(&|denied| captchala::error(denied).ok());
    errors.extend(captchala::Wrong::ALL.map(|wrong| wrong.told().1.to_owned()));
    let error = "/components/schemas/CaptchalaAnswer/properties/data/properties/error/enum";
    assert_eq!(documented(error), errors);
}
