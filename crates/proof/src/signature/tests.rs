//! The published examples, and what has to be refused.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::*;
use crate::KeySet;

/// RFC 9421, appendix B.1, and the same keys in the draft of Web Bot Auth.
const KEYS: &str = r#"{"keys":[
    {"kty":"OKP","crv":"Ed25519","kid":"test-key-ed25519","x":"JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs"},
    {"kty":"EC","crv":"P-256","kid":"test-key-ecc-p256","x":"qIVYZVLCrPZHGHjP17CTW0_-D9Lfw0EkjqF7xB4FivA","y":"Mc4nN9LTDOBhfoUeg8Ye9WedFRhnZXZJA12Qp0zZ6F0"},
    {"kty":"RSA","kid":"test-key-rsa-pss","e":"AQAB","n":"r4tmm3r20Wd_PbqvP1s2-QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct-Lh1GH45x28Rw3Ry53mm-oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHqgDsznjPFmTOtCEcN2Z1FpWgchwuYLPL-Wokqltd11nqqzi-bJ9cvSKADYdUAAN5WUtzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4aOT9v6d-nb4bnNkQVklLQ3fVAvJm-xdDOp9LCNCN48V2pnDOkFV6-U9nV5oyc6XI2w"}
]}"#;

fn headers(fields: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.append(name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn lax() -> Demands {
    Demands {
        tag: None,
        age_seconds_max: 60,
        skew_seconds: 5,
        needs_expiry: false,
        needs_nonce: false,
        covers: Vec::new(),
    }
}

/// The example request of RFC 9421, appendix B.2.
fn request(input: &str, signature: &str) -> HeaderMap {
    headers(&[
        ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
        ("content-type", "application/json"),
        (
            "content-digest",
            "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:",
        ),
        ("content-length", "18"),
        ("signature-input", input),
        ("signature", signature),
    ])
}

fn message(headers: &HeaderMap) -> Message<'_> {
    Message {
        method: "POST",
        scheme: "https",
        authority: "example.com",
        path: "/foo",
        query: Some("param=Value&Pet=dog"),
        headers,
        status: None,
    }
}

fn verify(message: &Message<'_>, demands: &Demands, now: i64) -> Result<Verified, Unproven> {
    let keys = KeySet::parse(KEYS).unwrap();
    let found = signatures(message.headers)?;
    let key = keys.find(found[0].key_id().ok_or(Unproven::NoKeyId)?).ok_or(Unproven::NoKeyId)?;
    found[0].verify(message, key, demands, now)
}

const CREATED: i64 = 1_618_884_473;
const B26_INPUT: &str = r#"sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519""#;
const B26: &str =
    "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:";

#[test]
fn the_requests_of_rfc_9421_are_verified() {
    let check = |input: &str, signature: &str| {
        let headers = request(input, signature);
        let verified = verify(&message(&headers), &lax(), CREATED + 30);
        assert!(verified.is_ok(), "{input}: {verified:?}");
        // Not a bit may differ.
        let other = Message { authority: "example.org", ..message(&headers) };
        let covered = input.contains("@authority");
        assert_eq!(verify(&other, &lax(), CREATED).is_err(), covered, "{input}");
    };
    check(
        r#"sig-b21=();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd""#,
        "sig-b21=:d2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopemLJcWDy/lkbbHAve4cRAtx31Iq786U7it++wgGxbtRxf8Udx7zFZsckzXaJMkA7ChG52eSkFxykJeNqsrWH5S+oxNFlD4dzVuwe8DhTSja8xxbR/Z2cOGdCbzR72rgFWhzx2VjBqJzsPLMIQKhO4DGezXehhWwE56YCE+O6c0mKZsfxVrogUvA4HELjVKWmAvtl6UnCh8jYzuVG5WSb/QEVPnP5TmcAnLH1g+s++v6d4s8m0gCw1fV5/SITLq9mhho8K3+7EPYTU8IU1bLhdxO5Nyt8C8ssinQ98Xw9Q==:",
    );
    check(
        r#"sig-b22=("@authority" "content-digest" "@query-param";name="Pet");created=1618884473;keyid="test-key-rsa-pss";tag="header-example""#,
        "sig-b22=:LjbtqUbfmvjj5C5kr1Ugj4PmLYvx9wVjZvD9GsTT4F7GrcQEdJzgI9qHxICagShLRiLMlAJjtq6N4CDfKtjvuJyE5qH7KT8UCMkSowOB4+ECxCmT8rtAmj/0PIXxi0A0nxKyB09RNrCQibbUjsLS/2YyFYXEu4TRJQzRw1rLEuEfY17SARYhpTlaqwZVtR8NV7+4UKkjqpcAoFqWFQh62s7Cl+H2fjBSpqfZUJcsIk4N6wiKYd4je2U/lankenQ99PZfB4jY3I5rSV2DSBVkSFsURIjYErOs0tFTQosMTAoxk//0RoKUqiYY8Bh0aaUEb0rQl3/XaVe4bXTugEjHSw==:",
    );
    check(
        r#"sig-b23=("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss""#,
        "sig-b23=:bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeGt683+qRpRRU5p2voTp768ZrCUb38K0fUxN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1pFkh/aYA2HXXZzNBXmIkoQoLd7YfW91kE9o/CCoC1xMy7JA1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8Eim5f8ui9eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL2FUo5fTIztsDZKEgM4cUA==:",
    );
    check(B26_INPUT, B26);
}

#[test]
fn the_answer_of_rfc_9421_is_verified() {
    let headers = headers(&[
        ("date", "Tue, 20 Apr 2021 02:07:56 GMT"),
        ("content-type", "application/json"),
        (
            "content-digest",
            "sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:",
        ),
        ("content-length", "23"),
        (
            "signature-input",
            r#"sig-b24=("@status" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-ecc-p256""#,
        ),
        (
            "signature",
            "sig-b24=:wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==:",
        ),
    ]);
    let answer = Message { status: Some(200), ..message(&headers) };
    assert!(verify(&answer, &lax(), CREATED).is_ok());
    assert_eq!(verify(&Message { status: Some(201), ..answer }, &lax(), CREATED), Err(Unproven::Forged));
}

/// draft-meunier-web-bot-auth-architecture: the requests of its test vectors, second edition.
#[test]
fn the_requests_of_web_bot_auth_are_verified() {
    const MADE: i64 = 1_735_689_600;
    let demands = Demands {
        tag: Some("web-bot-auth"),
        needs_expiry: true,
        needs_nonce: true,
        covers: vec!["@authority".to_owned()],
        ..lax()
    };
    let check = |input: &str, signature: &str, agent: Option<&str>| {
        let mut fields = vec![("signature-input", input), ("signature", signature)];
        fields.extend(agent.map(|agent| ("signature-agent", agent)));
        let headers = headers(&fields);
        let message = Message { method: "GET", path: "/path/to/resource", query: None, ..message(&headers) };
        let verified = verify(&message, &demands, MADE + 30);
        assert!(matches!(&verified, Ok(verified) if verified.once().is_some()), "{input}: {verified:?}");
        let covers_agent = Demands { covers: vec!["signature-agent".to_owned()], ..demands.clone() };
        let covered = verify(&message, &covers_agent, MADE + 30);
        assert_eq!(covered.is_ok(), agent.is_some(), "{covered:?}");
    };
    check(
        r#"sig1=("@authority");created=1735689600;keyid="oD0HwocPBSfpNy5W3bpJeyFGY_IQ_YpqxSjQ3Yd-CLA";alg="rsa-pss-sha512";expires=4889289600;nonce="JojDFWJ90jf+gZhdKeTyJYsu1XvNPZSFAGhvYq5SuV3gneOEUAhq+xl792WGuD1W+Dr6NRmx+m+t06NsYnL4iA==";tag="web-bot-auth""#,
        "sig1=:hWPaj85MWQiRkzU4jnIKvdPQiDfMCPIoxOP8nZveNc3aFQ7r/UmXWCwGNImw588iRvTFey5TR3fVEgnXpcttlyK+u5pN831z9Wlr+IMNfub4uEM3SuO+SKFygJZyLG0pf7OAiRcU4C0gyx1BS/+z9ydQTRzDLr88wCkBBRqwGRrSi8HTwxkqg1jugobh93hcnU6gV8MK1n+VnhRprIgl2RQSO6q5cfbB4OS8C4t/8ndW0lYmP2SWzKZJXnpX5Wrj17PuLqnVW6MO8pJnLAMXNvxUdx32KHeq/cHFrzZazZsua3UOoP+k+niHwoQ8bBWj1Vi4mM1mYJK+fk366cCLsQ==:",
        None,
    );
    check(
        r#"sig2=("@authority" "signature-agent";key="agent2");created=1735689600;keyid="oD0HwocPBSfpNy5W3bpJeyFGY_IQ_YpqxSjQ3Yd-CLA";alg="rsa-pss-sha512";expires=4889289600;nonce="wcfPQPh7SzkvrIVvhD00vNk9PkxJNY2NVbYl2PVBB4zmUoluSwE7W6bPtF60QA3k8g06FU7PPCD+J58YofY1zg==";tag="web-bot-auth""#,
        "sig2=:gHzpLNeHaHIO19NaJH9YMW5dcVSi2s0wOMBr6p18vcofS106sfC4KBIS0/szPlBBd1vIcyQ88B6CTEWIhRAiVrb9zfX0mx1aG12CSGWcYkSirHeyTxhbuJvXd27ed6skWoy4PjXItq38936ivUQjfdIwXh1aX6HxkAC3vRnEdSNfntkLWeEuIQ5BLIOBGE39fSwg27Qjq6OVWYas/9/aFUr3HA34MXWYdp+//cvlEKDp3kRoLOw9ro0AOr6srHrTeEtxon2afcws1aZVSlPdd2fZSEIGmw9HAHLDCEkFTERu1gH2k/zIEqgy7CAYXI9E5slog0cLg/Vc6+f8gih33g==:",
        Some(r#"agent2="https://signature-agent.test""#),
    );
    check(
        r#"sig1=("@authority");created=1735689600;keyid="poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U";alg="ed25519";expires=4889289600;nonce="zIW8+cdmA3vdYagbxojpONwa/l0EKJ/O3/wD486VvsQjO/RxPaSt6ZxvQaMcQzNnqKN/mQ6hpGiFro2L2qkz5A==";tag="web-bot-auth""#,
        "sig1=:QKN4fTdIYfh82fvoZCQiQA1weuozfCS/Led2zTMbewMMqH8PI2Wsy/5c4ao6B6D09nraNQdBNOADg8aM1MqfCg==:",
        None,
    );
    check(
        r#"sig2=("@authority" "signature-agent";key="agent2");created=1735689600;keyid="poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U";alg="ed25519";expires=4889289600;nonce="n9p433xm+NJ3ph3upfBIGmsuwHw387YV7Q/F+6BSpGCVjYCqQw6rznNA8PVVLySrAWsv0hQtFioQb6E1YsauiA==";tag="web-bot-auth""#,
        "sig2=:RdNFx5Bj6au3YgAMQL/RzmUlZE8QZLIaXGRpw985hWnwPfMxT228NMk6ehRS1PSl4e8PhbNZACSanGdhEwYCCg==:",
        Some(r#"agent2="https://signature-agent.test""#),
    );
}

#[test]
fn each_demand_has_its_refusal() {
    let check = |input: &str, demands: Demands, now: i64, why: Unproven| {
        let headers = request(input, B26);
        assert_eq!(verify(&message(&headers), &demands, now), Err(why), "{input} at {now}");
    };
    let b26 = |more: &str| format!("{B26_INPUT}{more}");
    check(B26_INPUT, lax(), CREATED - 6, Unproven::TooNew);
    check(B26_INPUT, lax(), CREATED + 65, Unproven::Expired);
    check(&b26(";expires=1618884500"), lax(), CREATED + 32, Unproven::Expired);
    check(&b26(";expires=1618884473"), lax(), CREATED, Unproven::Expired);
    check(B26_INPUT, Demands { needs_expiry: true, ..lax() }, CREATED, Unproven::NoTime);
    check(&B26_INPUT.replace(";created=1618884473", ""), lax(), CREATED, Unproven::NoTime);
    check(B26_INPUT, Demands { needs_nonce: true, ..lax() }, CREATED, Unproven::NoNonce);
    check(&b26(";nonce=\"\""), Demands { needs_nonce: true, ..lax() }, CREATED, Unproven::NoNonce);
    check(B26_INPUT, Demands { tag: Some("web-bot-auth"), ..lax() }, CREATED, Unproven::OtherTag);
    check(&b26(";alg=\"rsa-pss-sha512\""), lax(), CREATED, Unproven::OtherAlgorithm);
    check(&b26(";alg=\"ed25519\""), lax(), CREATED, Unproven::Forged);
    let covers = Demands { covers: vec!["content-digest".to_owned()], ..lax() };
    check(B26_INPUT, covers, CREATED, Unproven::CoversTooLittle);
    check(&B26_INPUT.replace("\"date\"", "\"absent\""), lax(), CREATED, Unproven::CoversWhatIsNotThere);
    check(&B26_INPUT.replace("\"date\"", "\"@status\""), lax(), CREATED, Unproven::CoversWhatIsNotThere);
    check(&B26_INPUT.replace("\"date\"", "\"date\";tr"), lax(), CREATED, Unproven::CoversWhatIsNotThere);
    check(&B26_INPUT.replace("\"date\"", "\"Date\""), lax(), CREATED, Unproven::CoversWhatIsNotThere);
    check(&b26(";unheard-of=1"), lax(), CREATED, Unproven::Malformed);
    check(&b26(";nonce=7"), lax(), CREATED, Unproven::Malformed);
    check(&B26_INPUT.replace("\"date\"", "\"date\" \"date\""), lax(), CREATED, Unproven::Malformed);
    check(&B26_INPUT.replace("sig-b26", "other"), lax(), CREATED, Unproven::Malformed);
    check("sig-b26=1", lax(), CREATED, Unproven::Malformed);
    check("", lax(), CREATED, Unproven::Malformed);
    check(&b26(&format!(";nonce=\"{}\"", "n".repeat(TEXT_MAX + 1))), lax(), CREATED, Unproven::Malformed);
    let many: String = (0..=COMPONENTS_MAX).map(|n| format!("\"x-{n}\" ")).collect();
    check(
        &format!("sig-b26=({});created=1618884473;keyid=\"test-key-ed25519\"", many.trim_end()),
        lax(),
        CREATED,
        Unproven::Malformed,
    );
    let labels = |n: usize| (0..n).map(|n| format!("s{n}=:AA==:")).collect::<Vec<_>>().join(", ");
    let inputs = |n: usize| (0..n).map(|n| format!("s{n}=()")).collect::<Vec<_>>().join(", ");
    let parsed = |n: usize| signatures(&request(&inputs(n), &labels(n))).map(|found| found.len());
    assert_eq!(parsed(SIGNATURES_MAX), Ok(SIGNATURES_MAX));
    assert_eq!(parsed(SIGNATURES_MAX + 1), Err(Unproven::Malformed));
}

#[test]
fn what_is_covered_is_written_in_one_way() {
    let check = |components: &str, fields: &[(&str, &str)], expected: Option<&str>| {
        let headers = headers(fields);
        let message = Message {
            method: "GET",
            scheme: "https",
            authority: "Shop.Example:443",
            path: "/a%20b",
            query: Some("q=a+b%2fc&x=1&x=2&e"),
            headers: &headers,
            status: None,
        };
        let list: Dictionary = Parser::new(&format!("s=({components})")).parse().unwrap();
        let Some(ListEntry::InnerList(covered)) = list.get("s") else { panic!("{components}") };
        let found = base::of(covered, &message);
        let found = found.as_deref().map(|base| base.rsplit_once("\n\"@signature-params\"").unwrap().0);
        assert_eq!(found, expected, "{components}");
    };
    check("\"@authority\"", &[], Some("\"@authority\": shop.example"));
    check("\"@path\"", &[], Some("\"@path\": /a%20b"));
    check("\"@query\"", &[], Some("\"@query\": ?q=a+b%2fc&x=1&x=2&e"));
    check("\"@request-target\"", &[], Some("\"@request-target\": /a%20b?q=a+b%2fc&x=1&x=2&e"));
    check("\"@target-uri\"", &[], Some("\"@target-uri\": https://shop.example/a%20b?q=a+b%2fc&x=1&x=2&e"));
    check("\"@query-param\";name=\"q\"", &[], Some("\"@query-param\";name=\"q\": a%20b%2Fc"));
    check("\"@query-param\";name=\"e\"", &[], Some("\"@query-param\";name=\"e\": "));
    check("\"@query-param\";name=\"x\"", &[], None);
    check("\"@query-param\"", &[], None);
    check("\"@authority\";req", &[], None);
    check("\"x\"", &[("x", " a "), ("x", "b")], Some("\"x\": a, b"));
    check("\"x\";bs", &[("x", "a"), ("x", "b")], Some("\"x\";bs: :YQ==:, :Yg==:"));
    check("\"x\";key=\"b\"", &[("x", "a=1,   b=(1   2);c")], Some("\"x\";key=\"b\": (1 2);c"));
    check("\"x\";key=\"d\"", &[("x", "a=1")], None);
    check("\"priority\";sf", &[("priority", "u=1,   i")], Some("\"priority\";sf: u=1, i"));
    check("\"x\";sf", &[("x", "1")], None);
    check("\"x\"", &[("x", "\u{e9}")], None);
}

#[test]
fn agents_are_a_text_or_a_dictionary() {
    let check = |value: &str, expected: Result<&[&str], Unproven>| {
        let found = agents(&headers(&[("signature-agent", value)]));
        let found = found.as_ref().map(|f| f.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(found.map_err(|why| *why), expected.map(<[_]>::to_vec), "{value}");
    };
    check("\"https://bot.example\"", Ok(&["https://bot.example"]));
    check("a=\"https://bot.example\"", Ok(&["https://bot.example"]));
    check("https://bot.example", Err(Unproven::Malformed));
    check("a=1", Err(Unproven::Malformed));
    check("a=\"1\", b=\"2\", c=\"3\", d=\"4\", e=\"5\"", Err(Unproven::Malformed));
    assert_eq!(agents(&HeaderMap::new()), Ok(Vec::new()));
}
