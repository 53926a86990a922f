//! What every door promises.

use serde_json::Value;

use super::super::challenge::{of_page, solve, submit};
use super::super::client::{Answer, Connection};
use super::harness::{SOON, Stand, Way, leave_the_core};

const HTML: (&str, &str) = ("Accept", "text/html");
const JSON: (&str, &str) = ("Accept", "application/json");
const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");
/// What a client writes under our names, so that it may be taken for a decision.
pub(super) const FORGED: [(&str, &str); 6] = [
    ("X-Spigot-Action", "forged"),
    ("X-Spigot-Trusted", "forged"),
    ("X_Spigot_Trusted", "forged"),
    ("X-Spigot_Risk", "forged"),
    ("x-spigot-shadow", "forged"),
    ("X-Captcha-Reason", "forged"),
];

/// Everything that a door promises while Spigot runs.
pub(crate) fn all(stand: &Stand) {
    passes(stand);
    asks(stand);
    speaks_to_programs(stand);
    is_honest_about_forms(stand);
    refuses(stand);
    slows(stand);
    pretends(stand);
    keeps_keys_where_it_can(stand);
    switches_protocols(stand);
    records_the_client(stand);
}

/// The application hears of the decision, and nothing that the client wrote under our names.
fn passes(stand: &Stand) {
    let mut client = stand.client(2);
    let mut fields = FORGED.to_vec();
    fields.push(HTML);
    let answer = client.request("GET", "/shop?a=b%20c&d", &fields, b"");
    assert_eq!(answer.status, 200, "{answer:?}");
    let echo = answer.text();
    assert!(echo.starts_with("GET /shop?a=b%20c&d HTTP/1.1"), "{echo}");
    let lower = echo.to_lowercase();
    for told in ["x-spigot-action: allow", "x-spigot-decision: ", "x-spigot-risk: "] {
        assert!(lower.contains(told), "no {told:?} in {echo}");
    }
    assert!(!lower.contains("forged"), "{echo}");
    let posted = client.request("POST", "/shop", &[HTML, FORM], b"name=Ada+L.&note=%C3%A9");
    assert_eq!(posted.status, 200, "{posted:?}");
    assert!(posted.text().ends_with("\n\nname=Ada+L.&note=%C3%A9"), "{}", posted.text());
}

/// A page with a challenge, whose files and whose solution go through the same server.
fn asks(stand: &Stand) {
    let mut client = stand.client(3);
    let page = client.get("/ask/me?first=1");
    let challenge = challenge_of(&page);
    assert_eq!(challenge["return_to"], "/ask/me?first=1");
    let script =
        page.text().split("src=\"").nth(1).and_then(|rest| rest.split('"').next().map(str::to_owned));
    let script = script.expect("the page has a script");
    assert_eq!(client.get(&script).status, 200, "{script}");
    let cookie = solved(&mut client, &challenge);
    let answer = client.request("GET", "/ask/me?first=1", &[HTML, ("Cookie", &cookie)], b"");
    assert_eq!(answer.status, 200, "{answer:?}");
    let stolen =
        stand.client(4).request("GET", "/ask/me", &[HTML, ("Cookie", &cookie), ("User-Agent", "x")], b"");
    assert_eq!(stolen.status, 403, "{stolen:?}");
}

fn speaks_to_programs(stand: &Stand) {
    let mut client = stand.client(5);
    let asked = client.request("GET", "/ask/data", &[JSON], b"");
    assert_eq!(asked.status, 403, "{asked:?}");
    assert_eq!(asked.header("content-type"), Some("application/problem+json"));
    assert_eq!(asked.header("x-captcha-reason"), Some("sensitive_route"));
    let cookie = solved(&mut client, &asked.json()["challenge"]);
    assert_eq!(client.request("GET", "/ask/data", &[JSON, ("Cookie", &cookie)], b"").status, 200);
    let blocked = client.request("GET", "/admin/users", &[JSON], b"");
    assert_eq!((blocked.status, &blocked.json()["code"]), (403, &"blocked".into()));
}

/// A form is carried along, or the page says before anything is solved that it is lost.
fn is_honest_about_forms(stand: &Stand) {
    let form = b"email=ada%40example.org&password=wrong+one";
    let mut client = stand.client(6);
    let page = client.request("POST", "/login", &[HTML, FORM], form);
    let challenge = challenge_of(&page);
    assert_eq!((&challenge["method"], &challenge["stash"]), (&"POST".into(), &Value::Null));
    let cookie = solved(&mut client, &challenge);
    let said = "cannot be kept";
    if stand.server.shows_bodies {
        let fields: Vec<(String, String)> = serde_json::from_value(challenge["form"].clone()).unwrap();
        let expected = [("email", "ada@example.org"), ("password", "wrong one")];
        assert_eq!(fields, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    } else {
        assert_eq!(challenge["form"], Value::Null);
        assert!(page.text().contains(said), "{}", page.text());
    }
    let sent = client.request("POST", "/login", &[HTML, FORM, ("Cookie", &cookie)], form);
    assert_eq!(sent.status, 200, "{sent:?}");
    assert!(sent.text().ends_with(std::str::from_utf8(form).unwrap()), "{}", sent.text());
    let shown = client.request("POST", "/shop", &[HTML, FORM], b"thirteen=byte");
    assert_eq!(shown.status, if stand.server.shows_bodies { 403 } else { 200 }, "{shown:?}");
}

fn refuses(stand: &Stand) {
    let mut client = stand.client(7);
    let page = client.get("/admin/users");
    assert_eq!((page.status, page.header("content-type")), (403, Some("text/html; charset=utf-8")));
    assert!(page.text().contains("This request was refused"), "{}", page.text());
    let otherwise = ["/%61dmin/users", "/shop/../admin/users", "//admin/users", "/./admin/users"];
    // These stand for what is ours, and nobody but we answers them.
    let ours = ["/%2espigot/x", "//.spigot/x"];
    for target in [&otherwise[..], &ours].concat() {
        // Some close behind what they refuse themselves.
        let answer = stand.client(7).request("GET", target, &[JSON], b"");
        assert_ne!(answer.status, 200, "{target}: {answer:?}");
    }
    // To a server in Java these are the same, too. Traefik takes out of the second what it could be misread by, before it
    // asks: then the application gets what was judged.
    for target in ["/;/admin/users", "/shop/.;/../admin/users"] {
        let answer = stand.client(7).request("GET", target, &[JSON], b"");
        let cleaned = answer.text().starts_with("GET /shop/admin/users HTTP");
        assert!(answer.status != 200 || cleaned, "{target}: {}", answer.text());
    }
    // An application that resolves nothing would be asked for another path than the one that was judged.
    for target in ["/admin/../shop", "/admin/%2e%2E/shop", "/./shop"] {
        let answer = stand.client(7).request("GET", target, &[JSON], b"");
        let cleaned = answer.text().starts_with("GET /shop HTTP");
        assert!(answer.status == 400 || cleaned, "{target}: {answer:?}");
    }
    let unclear = stand.client(7).request("GET", "/a%2fb", &[JSON], b"");
    assert_eq!(unclear.status, 400, "{unclear:?}");
    assert_eq!(stand.client(7).request("DELETE", "/shop", &[JSON], b"").status, 403);
}

fn slows(stand: &Stand) {
    let mut client = stand.client(8);
    assert_eq!(client.get("/slow").status, 200);
    let slowed = client.request("GET", "/slow", &[JSON], b"");
    assert_eq!((slowed.status, slowed.header("content-type")), (429, Some("application/problem+json")));
    let seconds: u32 = slowed.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=3600).contains(&seconds), "{seconds}");
}

/// A success that looks like one, behind servers that take a success for a yes, too.
fn pretends(stand: &Stand) {
    let mut client = stand.client(9);
    let mut answer = client.get("/inert");
    assert_eq!(answer.status == 303, stand.server.redirects, "{answer:?}");
    if answer.status == 303 {
        answer = client.get(answer.header("location").unwrap());
    }
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.text().contains("Thank you") && !answer.text().contains("HTTP/1.1"), "{}", answer.text());
}

/// A client's key is for Spigot, and does not reach the application where the server in front can take it out.
fn keeps_keys_where_it_can(stand: &Stand) {
    let added = stand.spigot().command(&["key", "add", "acme", "--client", "partners", "--format", "json"]);
    let added: Value = serde_json::from_slice(&added.stdout).unwrap();
    let key = added["key"].as_str().unwrap();
    let authorization = format!("Bearer {key}");
    let begun = std::time::Instant::now();
    loop {
        let answer =
            stand.client(11).request("GET", "/shop", &[HTML, ("Authorization", &authorization)], b"");
        let echo = answer.text();
        // The server learns of a key a moment after it was made.
        if echo.to_lowercase().contains("x-spigot-trusted: ") {
            assert_ne!(echo.contains(key), stand.server.removes_keys, "{echo}");
            return;
        }
        assert!(begun.elapsed() < SOON, "the key is never known: {answer:?}");
        leave_the_core();
    }
}

fn switches_protocols(stand: &Stand) {
    let check = |target: &str, status: u16| {
        let mut client = stand.client(10);
        client.send(
            format!(
                "GET {target} HTTP/1.1\r\nHost: shop.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                 Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            )
            .as_bytes(),
        );
        let answer = client.head();
        assert_eq!(answer.status, status, "{target}: {answer:?}");
        if status == 101 {
            client.send(b"hello\n");
            assert_eq!(client.line(), "you said hello");
        }
    };
    check("/socket", 101);
    check("/admin/socket", 403);
}

fn records_the_client(stand: &Stand) {
    stand.spigot().until_events("the client's own address and path", &["--limit", "500"], |events| {
        events.contains("\"127.0.0.7\"")
            && events.contains("/admin/users")
            && !events.contains("\"127.0.0.1\"")
    });
}

/// What happens while Spigot is there, hangs, and is gone.
pub(crate) fn with_and_without_answers(stand: &mut Stand) {
    // A client cannot make its question one that is not answered.
    let many: Vec<(String, String)> = (0..150).map(|n| (format!("x-{n}"), "1".to_owned())).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    for (target, fields) in
        [("/admin/x", &many[..]), ("/admin/\u{fc}", &[]), ("/admin/<x>", &[]), ("/admin/x#y", &[])]
    {
        let answer = stand.client(20).request("GET", target, fields, b"");
        assert!((400..=599).contains(&answer.status), "{target}: {answer:?}");
        assert!(!answer.text().contains("HTTP/1.1"), "{target}: {answer:?}");
    }
    let spigot = stand.spigot.take().expect("Spigot runs");
    spigot.pause();
    absent(stand, "hanging");
    spigot.resume();
    drop(spigot);
    absent(stand, "gone");
}

fn absent(stand: &Stand, how: &str) {
    let mut fields = FORGED.to_vec();
    fields.push(HTML);
    let answer = stand.client(21).request("GET", "/shop", &fields, b"");
    let case = format!("{} {:?} {how}: {answer:?}", stand.server.name, stand.way);
    match stand.way {
        Way::Closed => assert!(stand.server.closed.contains(&answer.status), "{case}"),
        Way::Open => {
            assert_eq!(answer.status, 200, "{case}");
            let echo = answer.text().to_lowercase();
            assert!(echo.starts_with("get /shop"), "{case}");
            assert!(!echo.contains("x-spigot-action") && !echo.contains("forged"), "{case}");
        }
    }
}

/// The challenge of a page that was asked for.
fn challenge_of(page: &Answer) -> Value {
    assert_eq!(
        (page.status, page.header("content-type")),
        (403, Some("text/html; charset=utf-8")),
        "{page:?}"
    );
    assert!(page.header("content-security-policy").is_some(), "{page:?}");
    // Whatever the server in front adds of its own, what Spigot said stands there once.
    for name in ["content-type", "cache-control", "content-security-policy", "x-captcha-reason"] {
        let times = page.headers.iter().filter(|(found, _)| found == name).count();
        assert!(times <= 1, "{name} {times} times: {page:?}");
    }
    of_page(page)
}

fn solved(client: &mut Connection, challenge: &Value) -> String {
    let answer = submit(client, &solve(challenge));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.cookie()
}
