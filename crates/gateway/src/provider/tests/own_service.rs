//! Our providers against our own service: what they ask is what it answers, and they understand it.

use bytes::Bytes;
use http::Request;

use super::*;
use crate::door::api::tests::{For, LOGIN, SECRET, SITE, Service};

/// What the service's answer about a token comes to.
async fn heard(service: &Service, kind: ProviderKind, token: &str) -> Word {
    let mut settings = settings(kind);
    settings.site_key = SITE.to_owned();
    settings.secret = Hidden::new(SECRET.to_owned());
    // What was solved is told as 0.8, or 20.
    settings.risk_max = Some(50).filter(|_| kind.always_tells_risk());
    let asked = Asked { settings: &settings, token, address: None, challenge: CHALLENGE, host: HOST };
    let question = match kind.question(&asked) {
        Ok(question) => question,
        Err(word) => return word,
    };
    let mut request = Request::builder()
        .method(question.method)
        .uri(question.target)
        .header("content-type", question.media_type);
    for (name, value) in &question.headers {
        request = request.header(*name, value.as_str());
    }
    let (status, body) = service.ask(request.body(question.body).expect("a request")).await;
    let answer = Answer { status, headers: http::HeaderMap::new(), body: Bytes::from(body.to_string()) };
    kind.read(&asked, &answer)
}

#[tokio::test]
async fn our_own_service_is_understood_in_every_dialect() {
    let solved = For { data: CHALLENGE, ..LOGIN };
    for (kind, passed) in [
        (ProviderKind::Turnstile, None),
        (ProviderKind::Hcaptcha, Some(20)),
        (ProviderKind::Recaptcha, Some(20)),
        (ProviderKind::RecaptchaV3, Some(20)),
        (ProviderKind::RecaptchaEnterprise, Some(20)),
        (ProviderKind::Friendly, None),
        (ProviderKind::Captchala, Some(20)),
    ] {
        let service = Service::start();
        let check = async |token: String, expected: Word| {
            assert_eq!(heard(&service, kind, &token).await, expected, "{}", kind.name());
        };
        let token = service.token(solved);
        check(token.clone(), Word::Passed(passed)).await;
        // Turnstile's question may be repeated under the challenge's name; the challenge itself is spent once.
        check(token, if kind == ProviderKind::Turnstile { Word::Passed(passed) } else { DUPLICATE }).await;
        check(service.token(For { host: "evil.example", ..solved }), OTHER_HOST).await;
        check("pt_changed".to_owned(), INVALID).await;
        let expired = service.token(solved);
        service.pass_millis(crate::door::api::tests::LIFE);
        let is_apart =
            !matches!(kind, ProviderKind::Turnstile | ProviderKind::Recaptcha | ProviderKind::RecaptchaV3);
        check(expired, if is_apart { EXPIRED } else { DUPLICATE }).await;
    }
}
