//! Keys for tests: site keys that always pass, always fail or always ask, and secrets that always say yes or no. Ours,
//! and those that other services document, so that tests written for them go on. They count only where
//! `[service] test_keys` says so, because whoever knows them passes.

use serde_json::{Value, json};

use crate::settings::Service;

/// What a site key for tests does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TestSite {
    key: &'static str,
    does: Does,
    token: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    Pass,
    Fail,
    Ask,
}

/// What a secret for tests says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TestSecret {
    /// Every token counts.
    Pass,
    /// hCaptcha's: its own dummy tokens count, nothing else does.
    OwnDummies,
    /// No token is right.
    Fail,
    /// Every token was spent.
    Spent,
}

/// The token of site keys for tests. Real secrets refuse it.
pub(crate) const DUMMY: &str = "XXXX.DUMMY.TOKEN.XXXX";

const HCAPTCHA_DUMMIES: [&str; 3] = [
    "10000000-aaaa-bbbb-cccc-000000000001",
    "20000000-aaaa-bbbb-cccc-000000000002",
    "30000000-aaaa-bbbb-cccc-000000000003",
];

const fn site(key: &'static str, does: Does, token: &'static str) -> TestSite {
    TestSite { key, does, token }
}

static SITES: [TestSite; 12] = [
    site("00000000-0000-4000-8000-000000000001", Does::Pass, DUMMY),
    site("00000000-0000-4000-8000-000000000002", Does::Fail, DUMMY),
    site("00000000-0000-4000-8000-000000000003", Does::Ask, DUMMY),
    // Turnstile's
    site("1x00000000000000000000AA", Does::Pass, DUMMY),
    site("2x00000000000000000000AB", Does::Fail, DUMMY),
    site("1x00000000000000000000BB", Does::Pass, DUMMY),
    site("2x00000000000000000000BB", Does::Fail, DUMMY),
    site("3x00000000000000000000FF", Does::Ask, DUMMY),
    // hCaptcha's
    site("10000000-ffff-ffff-ffff-000000000001", Does::Pass, HCAPTCHA_DUMMIES[0]),
    site("20000000-ffff-ffff-ffff-000000000002", Does::Pass, HCAPTCHA_DUMMIES[1]),
    site("30000000-ffff-ffff-ffff-000000000003", Does::Pass, HCAPTCHA_DUMMIES[2]),
    // reCAPTCHA's
    site("6LeIxAcTAAAAAJcZVRqyHh71UMIEGNQ_MXjiZKhI", Does::Pass, DUMMY),
];

static SECRETS: [(&str, TestSecret); 8] = [
    ("0x0000000000000000000000000000000000000001", TestSecret::Pass),
    ("0x0000000000000000000000000000000000000002", TestSecret::Fail),
    ("0x0000000000000000000000000000000000000003", TestSecret::Spent),
    ("1x0000000000000000000000000000000AA", TestSecret::Pass),
    ("2x0000000000000000000000000000000AA", TestSecret::Fail),
    ("3x0000000000000000000000000000000AA", TestSecret::Spent),
    ("0x0000000000000000000000000000000000000000", TestSecret::OwnDummies),
    ("6LeIxAcTAAAAAGG-vFI1TnRWxMZNFuojJ4WifJWe", TestSecret::Pass),
];

/// The test that a site key stands for, where tests are allowed.
pub(crate) fn site_key(service: &Service, key: &str) -> Option<TestSite> {
    service.test_keys.then(|| SITES.iter().find(|site| site.key == key).copied()).flatten()
}

/// The test that a secret stands for, where tests are allowed.
pub(crate) fn secret(service: &Service, secret: &str) -> Option<TestSecret> {
    service.test_keys.then(|| SECRETS.iter().find(|(key, _)| *key == secret).map(|(_, says)| *says)).flatten()
}

/// Whether it is a secret for tests, allowed or not.
pub(crate) fn is_secret(secret: &str) -> bool {
    SECRETS.iter().any(|(key, _)| *key == secret)
}

/// Whether it is a token of a site key for tests.
pub(crate) fn is_dummy(token: &str) -> bool {
    token == DUMMY || HCAPTCHA_DUMMIES.contains(&token)
}

/// Whether it is one of hCaptcha's.
pub(crate) fn is_hcaptcha_dummy(token: &str) -> bool {
    HCAPTCHA_DUMMIES.contains(&token)
}

/// What the widget gets for a test.
pub(crate) fn described(site: TestSite, interactive: bool) -> Value {
    let (test, press) = match site.does {
        Does::Pass => ("pass", interactive),
        Does::Fail => ("fail", interactive),
        Does::Ask => ("ask", true),
    };
    json!({
        "protocol": 1,
        "test": test,
        "token": site.token,
        "expires_in_millis": 300_000,
        "interaction": if press { "press" } else { "none" },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_count_only_where_they_may() {
        let (on, off) = (Service { test_keys: true, ..Service::default() }, Service::default());
        for site in &SITES {
            assert_eq!(site_key(&on, site.key), Some(*site), "{}", site.key);
            assert_eq!(site_key(&off, site.key), None, "{}", site.key);
            assert!(is_dummy(site.token));
        }
        for (key, says) in &SECRETS {
            assert_eq!(secret(&on, key), Some(*says), "{key}");
            assert_eq!(secret(&off, key), None, "{key}");
        }
        assert_eq!(secret(&on, "0x"), None);
    }
}
