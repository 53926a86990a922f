use super::{ask, issuer, start, story, told};

#[test]
fn a_token_is_asked_for_issued_blindly_and_counts_once() {
    let key = issuer::token_key();
    let demo = start(&format!(
        "[[trusted]]\nname = \"phones\"\nproof = \"token\"\nissuer = \"issuer.example\"\ntoken_key = \"{key}\"\ngives = \"pass\"\nroutes = \"api\"\n"
    ));
    let mut client = demo.connect();
    let asked = ask(&mut client, &[]);
    assert_eq!((asked.status, asked.header("x-captcha-reason")), (401, Some("sensitive_route")));
    let offered = asked.header("www-authenticate").unwrap().to_owned();
    assert!(offered.starts_with("PrivateToken challenge="), "{offered}");
    let elsewhere = client.request("GET", "/", &[("Accept", "application/json")], b"");
    assert_eq!(
        (elsewhere.status, elsewhere.header("www-authenticate")),
        (403, None),
        "where it would not do"
    );
    let token = issuer::answer(&offered, [1; 32]);
    let passed = ask(&mut client, &[("Authorization", &token)]);
    assert_eq!(passed.status, 200, "{}", passed.text());
    assert_eq!(told(&passed, "x-spigot-trusted").as_deref(), Some("phones"));
    assert_eq!(told(&passed, "authorization"), None, "the application does not see it");
    assert_eq!(ask(&mut client, &[("Authorization", &token)]).status, 401, "a second time");
    let replayed = story(&demo, "invalid_proof");
    assert!(replayed.contains("token was used before"), "{replayed}");
    let other = offered.replace("challenge=\"A", "challenge=\"B");
    assert_eq!(ask(&mut client, &[("Authorization", &issuer::answer(&other, [2; 32]))]).status, 401);
    assert_eq!(ask(&mut client, &[("Authorization", &issuer::answer(&offered, [3; 32]))]).status, 200);
}
