use std::collections::HashMap;

use serde_json::json;

use super::*;
use crate::oidc::{ClientSecret, RoleRules};

const ISSUER: &str = "https://login.example";

/// Answers as it was told to, and counts who asked.
#[derive(Default)]
struct Stub {
    published: HashMap<String, Value>,
    token: Mutex<Option<(u16, Value)>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Courier for Stub {
    fn get(&self, url: &str) -> Result<Vec<u8>, String> {
        self.asked.lock().push(url.to_owned());
        let found = self.published.get(url).ok_or("it does not answer")?;
        Ok(found.to_string().into_bytes())
    }

    fn post(&self, url: &str, form: String, authorization: Option<String>) -> Result<(u16, Vec<u8>), String> {
        self.asked.lock().push(format!("{url} {} {form}", authorization.unwrap_or_default()));
        let (status, answer) = self.token.lock().clone().ok_or("it does not answer")?;
        Ok((status, answer.to_string().into_bytes()))
    }
}

fn discovery() -> Value {
    json!({
        "issuer": ISSUER,
        "authorization_endpoint": "https://login.example/authorize?theme=dark",
        "token_endpoint": "https://login.example/token",
        "jwks_uri": "https://login.example/keys",
    })
}

fn provider(document: Value, token: Option<(u16, Value)>) -> (Provider, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::<Mutex<Vec<String>>>::default();
    let published = HashMap::from([
        (format!("{ISSUER}/.well-known/openid-configuration"), document),
        (format!("{ISSUER}/keys"), json!({ "keys": [] })),
    ]);
    let courier = Stub { published, token: Mutex::new(token), asked: asked.clone() };
    let settings = OidcSettings {
        issuer: ISSUER.to_owned(),
        client_id: "spigot panel".to_owned(),
        client_secret: Some(ClientSecret::new("a:b c".to_owned())),
        label: "Login".to_owned(),
        scopes: vec!["groups".to_owned()],
        redirect: "https://spigot.example/signed-in".to_owned(),
        rules: RoleRules {
            claim: vec!["groups".to_owned()],
            roles: Vec::new(),
            others: None,
            name: "n".to_owned(),
        },
    };
    (Provider::new(settings, Box::new(courier)), asked)
}

fn state_of(url: &str) -> String {
    let query: HashMap<String, String> = serde_urlencoded::from_str(url.split_once('?').unwrap().1).unwrap();
    query["state"].clone()
}

#[test]
fn it_begins_with_everything_that_the_end_is_held_against() {
    let (provider, asked) = provider(discovery(), None);
    let begun = provider.begin(None, Millis(0)).unwrap();
    let (address, query) = begun.url.split_once('?').unwrap();
    assert_eq!(address, "https://login.example/authorize");
    let query: HashMap<String, String> = serde_urlencoded::from_str(query).unwrap();
    let is = |name: &str| query[name].as_str();
    assert_eq!((is("theme"), is("response_type"), is("scope")), ("dark", "code", "openid groups"));
    assert_eq!((is("client_id"), is("code_challenge_method")), ("spigot panel", "S256"));
    assert_eq!(is("redirect_uri"), "https://spigot.example/signed-in");
    assert_eq!(provider.origin(), "https://spigot.example");
    let again = provider.begin(Some(&begun.browser), Millis(1)).unwrap();
    assert_eq!(again.browser, begun.browser);
    for name in ["state", "nonce", "code_challenge"] {
        assert!(is(name).len() >= 43 && !again.url.contains(is(name)), "{name} is fresh");
    }
    assert_eq!(asked.lock().len(), 1, "what is published is asked for once");
}

#[test]
fn it_ends_once_in_time_in_the_same_browser() {
    let check = |change: &dyn Fn(&Provider, &Begun) -> SignInError, said: &SignInError| {
        let (provider, _) = provider(discovery(), Some((400, json!({ "error": "invalid_grant" }))));
        let begun = provider.begin(None, Millis(0)).unwrap();
        assert_eq!(change(&provider, &begun), *said);
    };
    let end = |provider: &Provider, begun: &Begun, browser: Option<&str>, at: i64| {
        provider.end("c", &state_of(&begun.url), None, browser, Millis(at)).unwrap_err()
    };
    let refused = SignInError::Refused("it answers with status 400: invalid_grant".to_owned());
    check(&|p, b| end(p, b, Some(&b.browser), 1), &refused);
    check(&|p, b| end(p, b, None, 1), &SignInError::NotBegun);
    check(&|p, b| end(p, b, Some("another"), 1), &SignInError::NotBegun);
    check(&|p, b| end(p, b, Some(&b.browser), BEGUN_MILLIS), &SignInError::NotBegun);
    let twice = |p: &Provider, b: &Begun| {
        end(p, b, Some(&b.browser), 1);
        end(p, b, Some(&b.browser), 1)
    };
    check(&twice, &SignInError::NotBegun);
    let other = SignInError::Refused("the answer is of another provider".to_owned());
    let mixed = |p: &Provider, b: &Begun| {
        p.end("c", &state_of(&b.url), Some("https://evil.example"), Some(&b.browser), Millis(1)).unwrap_err()
    };
    check(&mixed, &other);
}

#[test]
fn it_proves_who_asks_as_the_provider_takes_it() {
    let check = |methods: Value, part: &str| {
        let mut document = discovery();
        document["token_endpoint_auth_methods_supported"] = methods;
        let (provider, asked) = provider(document, Some((200, json!({ "id_token": "a.b.c" }))));
        let begun = provider.begin(None, Millis(0)).unwrap();
        let ended = provider.end("c d", &state_of(&begun.url), Some(ISSUER), Some(&begun.browser), Millis(1));
        assert!(matches!(ended, Err(SignInError::Refused(_))), "{ended:?}");
        let posted = asked.lock().iter().find(|line| line.contains("/token ")).unwrap().clone();
        assert!(
            posted.contains(part) && posted.contains("code=c+d") && posted.contains("code_verifier="),
            "{posted}"
        );
    };
    // a%3Ab+c
    check(Value::Null, "Basic c3BpZ290K3BhbmVsOmElM0FiK2M=");
    check(json!(["client_secret_basic", "client_secret_post"]), "Basic c3BpZ290K3BhbmVsOmElM0FiK2M=");
    check(json!(["client_secret_post"]), "client_id=spigot+panel&client_secret=a%3Ab+c");
}

#[test]
fn what_is_published_is_its_own_and_safe() {
    let check = |name: &str, value: Value, said: &str| {
        let mut document = discovery();
        document[name] = value;
        let (provider, asked) = provider(document, None);
        let error = provider.begin(None, Millis(0)).err();
        assert!(matches!(&error, Some(SignInError::Away(why)) if why.contains(said)), "{name}: {error:?}");
        assert!(provider.begin(None, Millis(AWAY_MILLIS - 1)).is_err());
        assert_eq!(asked.lock().len(), 1, "it is left alone for a moment");
        assert!(provider.begin(None, Millis(AWAY_MILLIS)).is_err());
        assert_eq!(asked.lock().len(), 2);
    };
    check("issuer", json!("https://login.example/"), "calls itself");
    check("issuer", Value::Null, "calls itself");
    check("authorization_endpoint", json!("http://login.example/authorize"), "authorization_endpoint");
    check("token_endpoint", Value::Null, "token_endpoint");
    check("jwks_uri", json!("file:///etc/passwd"), "jwks_uri");
}
