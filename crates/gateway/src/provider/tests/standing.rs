//! Providers that do not answer, what takes their place, and what their pages may load.

use super::super::{Heard, content_policy};
use super::*;

#[test]
fn only_a_vendors_own_trouble_opens_what_takes_its_place() {
    let check = |fail: Fail, degraded: bool, word: Word, expected: bool| {
        let mut settings = settings(ProviderKind::Captchala);
        (settings.fail, settings.believe_degraded) = (fail.clone(), degraded);
        let heard = Heard { word, took: Duration::ZERO };
        assert_eq!(heard.fails_over(&Provider::new(settings)), expected, "{fail:?} {word:?}");
    };
    for word in [Word::Unknown(Unknown::Silent), STATUS, GARBAGE] {
        check(Fail::Own, false, word, true);
        check(Fail::Provider("other".to_owned()), false, word, true);
        check(Fail::Closed, true, word, false);
    }
    for word in [
        PASSED,
        INVALID,
        EXPIRED,
        DUPLICATE,
        OTHER_HOST,
        OTHER_ACTION,
        OTHER_CHALLENGE,
        too_risky(99),
        MISCONFIGURED,
        DEGRADED,
    ] {
        check(Fail::Own, false, word, false);
    }
    check(Fail::Own, true, DEGRADED, true);
}

#[test]
fn three_failures_in_a_row_are_a_provider_away_for_half_a_minute() {
    use spigot_decision::Millis;
    let provider = Provider::new(settings(ProviderKind::Turnstile));
    let hear = |word, now| provider.standing.heard(word, Duration::from_millis(80), Millis(now));
    let silent = Word::Unknown(Unknown::Silent);
    for word in [silent, STATUS, PASSED, silent, GARBAGE, MISCONFIGURED, silent] {
        hear(word, 1000);
        assert!(!provider.standing.is_away(Millis(1000)));
    }
    hear(silent, 2000);
    assert!(provider.standing.is_away(Millis(31_999)) && !provider.standing.is_away(Millis(32_000)));
    let mut text = String::new();
    provider.standing.render("t", &mut text);
    for line in [
        "spigot_provider_answers_total{provider=\"t\",result=\"silent\"} 4",
        "spigot_provider_answers_total{provider=\"t\",result=\"passed\"} 1",
        "spigot_provider_latency_milliseconds_bucket{provider=\"t\",le=\"50\"} 0",
        "spigot_provider_latency_milliseconds_bucket{provider=\"t\",le=\"100\"} 8",
        "spigot_provider_latency_milliseconds_sum{provider=\"t\"} 640",
        "spigot_provider_risk_count{provider=\"t\"} 0",
    ] {
        assert!(text.lines().any(|known| known == line), "{line} in\n{text}");
    }
}

#[test]
fn at_most_so_many_questions_are_open() {
    let provider = Provider::new(settings(ProviderKind::Turnstile));
    let mut open: Vec<_> = std::iter::from_fn(|| provider.standing.open()).collect();
    assert_eq!(open.len(), 64);
    open.pop();
    assert!(provider.standing.open().is_some(), "and there is room again, also after a refusal");
}

#[test]
fn a_page_may_load_its_providers_and_nobody_elses() {
    let provider = |kind: ProviderKind, script: &str| {
        let style = Some("https://styles.example/a.css".to_owned()).filter(|_| kind == ProviderKind::Altcha);
        Provider::new(ProviderSettings { script: script.to_owned(), style, ..settings(kind) })
    };
    let check = |providers: &[Provider], contains: &[&str], lacks: &[&str]| {
        let policy = content_policy(providers.iter());
        for part in contains {
            assert!(policy.contains(part), "{part} in {policy}");
        }
        for part in lacks {
            assert!(!policy.contains(part), "no {part} in {policy}");
        }
    };
    check(&[], &[crate::pages::PAGE_CSP], &["https:", "frame-src"]);
    check(
        &[provider(ProviderKind::Turnstile, "https://challenges.cloudflare.com/turnstile/v0/api.js")],
        &[
            "script-src 'self' 'wasm-unsafe-eval' https://challenges.cloudflare.com;",
            "frame-src https://challenges.cloudflare.com",
            "connect-src 'self';",
            "frame-ancestors 'none'",
        ],
        &["hcaptcha", "google", "unsafe-inline", "strict-dynamic"],
    );
    check(
        &[
            provider(ProviderKind::Friendly, "/assets/frc.js"),
            provider(ProviderKind::Altcha, "https://cdn.example:8443/a.js?x#y"),
        ],
        &[
            "script-src 'self' 'wasm-unsafe-eval' https://cdn.example:8443;",
            "worker-src 'self' blob:;",
            "style-src 'self' https://styles.example;",
            "frame-src https://*.frcapi.com",
        ],
        &["cloudflare", "/assets"],
    );
}
