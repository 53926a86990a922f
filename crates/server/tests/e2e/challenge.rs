//! Challenges: when they come, how they are solved, and what must never work.

use std::time::Instant;

use serde_json::{Value, json};
use spigot_cachewalk::{Params, Solver, key};
use spigot_challenge::{from_text, to_text};

use super::client::{Answer, BROWSER, Connection};
use super::demo::{Demo, SOON};

const API: [(&str, &str); 1] = [("Accept", "application/json")];

/// Solves the challenge of a problem or of the interstitial's JSON and returns what is posted.
pub(crate) fn solve(challenge: &Value) -> String {
    let bytes = from_text(challenge["challenge"].as_str().unwrap()).unwrap();
    let number = |name: &str| challenge[name].as_u64().unwrap();
    let params = Params::new(number("log2_n") as u8, number("grind") as u32, number("open") as u8).unwrap();
    let proof = Solver::new(key(&bytes), params).solve().encode();
    json!({ "challenge": challenge["challenge"], "proof": to_text(&proof), "millis": 300 }).to_string()
}

pub(crate) fn submit(connection: &mut Connection, body: &str) -> Answer {
    connection.request("POST", "/.spigot/solve", &[("Content-Type", "application/json")], body.as_bytes())
}

/// The JSON in the interstitial.
pub(crate) fn of_page(page: &Answer) -> Value {
    let text = page.text();
    let start = text.find("id=\"spigot-challenge\">").expect("the page holds a challenge")
        + "id=\"spigot-challenge\">".len();
    let end = start + text[start..].find("</script>").unwrap();
    serde_json::from_str(text[start..end].trim()).unwrap()
}

#[test]
fn the_501st_request_meets_a_challenge_and_a_clearance_opens_the_way() {
    let demo = Demo::start();
    let mut connection = demo.connect();
    for n in 1..=500 {
        let answer = connection.get("/");
        assert_eq!(answer.status, 200, "request {n}: {}", answer.text());
    }
    let challenged = connection.get("/");
    assert_eq!(challenged.status, 403);
    assert_eq!(challenged.header("x-captcha-reason"), Some("high_frequency"));
    assert_eq!(challenged.header("cache-control"), Some("no-store"));
    assert_eq!(demo.connect_from(9).get("/").status, 200, "another address is another client");
    let solved = submit(&mut connection, &solve(&of_page(&challenged)));
    assert_eq!(solved.status, 200, "{}", solved.text());
    let cookie = solved.cookie();
    for _ in 0..20 {
        assert_eq!(
            connection.request("GET", "/", &[("Cookie", &cookie), ("Accept", "text/html")], b"").status,
            200
        );
    }
    assert_eq!(connection.get("/").status, 403, "without it the address is still over its count");
    // The application's own cookies may be no text.
    let mixed = format!("name=Jos\u{e9}; {cookie}");
    assert_eq!(
        connection.request("GET", "/", &[("Cookie", &mixed), ("Accept", "text/html")], b"").status,
        200
    );
    // Someone else's clearance is none.
    let stolen =
        connection.request("GET", "/", &[("Cookie", &cookie), ("User-Agent", "Mozilla/5.0 other")], b"");
    assert_eq!(stolen.status, 403);
}

#[test]
fn a_posted_form_is_not_lost() {
    let demo = Demo::start();
    let mut connection = demo.connect();
    let form = b"email=ada%40example.org&password=wrong+one";
    let headers = [("Accept", "text/html"), ("Content-Type", "application/x-www-form-urlencoded")];
    let challenged = connection.request("POST", "/login", &headers, form);
    assert_eq!(challenged.status, 403, "{}", challenged.text());
    let challenge = of_page(&challenged);
    let cookie = submit(&mut connection, &solve(&challenge)).cookie();
    let kept = format!("spigot-stash={}", challenge["stash"].as_str().unwrap());
    let with_cookie = [headers[0], headers[1], ("Cookie", cookie.as_str())];
    let answer = connection.request("POST", "/login", &with_cookie, kept.as_bytes());
    assert_eq!(answer.status, 401, "the shop says that the password is wrong: {}", answer.text());
    let again = connection.request("POST", "/login", &with_cookie, kept.as_bytes());
    assert!(again.status == 410 && again.text().contains("not kept here any more"), "{}", again.text());
    let received = connection.request("GET", "/received", &API, b"").json();
    let logins: Vec<_> =
        received.as_array().unwrap().iter().filter(|post| post["path"] == "/login").collect();
    let bytes: Vec<_> = logins.iter().map(|post| post["body_bytes"].as_u64()).collect();
    assert_eq!(bytes, [Some(form.len() as u64)], "once, byte for byte: {received}");
}

#[test]
fn programs_get_a_problem_that_they_can_solve() {
    let demo = Demo::start();
    let mut connection = demo.connect();
    let refused =
        connection.request("POST", "/login", &[API[0], ("Content-Type", "application/json")], b"{}");
    assert_eq!((refused.status, refused.header("content-type")), (403, Some("application/problem+json")));
    let problem = refused.json();
    assert_eq!(problem["reason"], "sensitive_route");
    let body = solve(&problem["challenge"]);
    let cookie = submit(&mut connection, &body).cookie();
    assert_eq!(connection.request("GET", "/login", &[API[0], ("Cookie", &cookie)], b"").status, 200);
}

#[test]
fn one_solution_submitted_64_times_at_once_gives_one_clearance() {
    let demo = Demo::start();
    let refused = demo.connect().request("GET", "/login", &API, b"").json();
    let body = solve(&refused["challenge"]);
    let statuses: Vec<_> = (0..64)
        .map(|_| {
            let (body, mut connection) = (body.clone(), demo.connect());
            std::thread::spawn(move || {
                let answer = submit(&mut connection, &body);
                (answer.status, answer.header("set-cookie").is_some())
            })
        })
        .collect::<Vec<_>>()
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .collect();
    assert_eq!(
        statuses.iter().filter(|(status, cookie)| *status == 200 && *cookie).count(),
        1,
        "{statuses:?}"
    );
    assert!(statuses.iter().all(|(status, cookie)| (*status == 200) == *cookie), "{statuses:?}");
}

#[test]
fn nothing_wrong_mints_a_clearance() {
    let demo = Demo::start();
    let mut connection = demo.connect();
    let fresh = |connection: &mut Connection| {
        connection.request("GET", "/login", &API, b"").json()["challenge"].clone()
    };
    let challenge = fresh(&mut connection);
    let right = solve(&challenge);
    let mut wrong: Value = serde_json::from_str(&right).unwrap();
    let proof = wrong["proof"].as_str().unwrap();
    wrong["proof"] = format!("{}{}", if proof.starts_with('A') { 'B' } else { 'A' }, &proof[1..]).into();
    let mut easier: Value = serde_json::from_str(&right).unwrap();
    let mut bytes = from_text(challenge["challenge"].as_str().unwrap()).unwrap();
    bytes[39] = 4; // log2 N
    easier["challenge"] = to_text(&bytes).into();
    for (body, code) in [
        (wrong.to_string(), "wrong"),
        (easier.to_string(), "forged"),
        ("{}".to_owned(), "malformed"),
        ("not json".to_owned(), "malformed"),
        (json!({ "challenge": "", "proof": "" }).to_string(), "malformed"),
    ] {
        let answer = submit(&mut connection, &body);
        assert_eq!((answer.status, answer.header("set-cookie")), (400, None), "{body}");
        assert_eq!(answer.json()["code"], code, "{body}");
    }
    let other = connection.request(
        "POST",
        "/.spigot/solve",
        &[("Content-Type", "application/json"), ("User-Agent", "another browser")],
        right.as_bytes(),
    );
    assert_eq!(other.json()["code"], "other_context");
    assert_ne!("another browser", BROWSER);
    assert_eq!(submit(&mut connection, &right).status, 200);
    assert_eq!(submit(&mut connection, &right).json()["code"], "spent");
}

#[test]
fn a_puzzle_farm_in_another_network_cannot_redeem_and_a_phone_that_moved_goes_on() {
    let demo = Demo::start();
    let mut home = demo.connect();
    let form = b"email=ada%40example.org&password=wrong+one";
    let headers = [("Accept", "text/html"), ("Content-Type", "application/x-www-form-urlencoded")];
    let challenge = of_page(&home.request("POST", "/login", &headers, form));
    let body = solve(&challenge);
    let mut away = Connection::open_in(demo.address, [127, 1, 0, 1]);
    let refused = submit(&mut away, &body);
    assert_eq!((refused.status, refused.header("set-cookie")), (400, None));
    let problem = refused.json();
    assert_eq!(problem["code"], "other_network");
    // Whoever really moved solves the fresh one where they are now, and the kept form is sent from there.
    let cookie = submit(&mut away, &solve(&problem["challenge"])).cookie();
    let kept = format!("spigot-stash={}", challenge["stash"].as_str().unwrap());
    let with_cookie = [headers[0], headers[1], ("Cookie", cookie.as_str())];
    let answer = away.request("POST", "/login", &with_cookie, kept.as_bytes());
    assert_eq!(answer.status, 401, "the shop says that the password is wrong: {}", answer.text());
    let received = home.request("GET", "/received", &API, b"").json();
    let posts = received.as_array().unwrap().iter();
    assert_eq!(posts.filter(|post| post["body_bytes"] == form.len()).count(), 1, "{received}");
    // The first one is as good as before where it was issued.
    assert_eq!(submit(&mut home, &body).status, 200);
}

#[test]
fn a_clearance_that_roamed_too_far_is_explained() {
    let config = "[challenge]\nroaming = 0\n";
    let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(config));
    let mut home = demo.connect();
    let refused = home.request("GET", "/login", &API, b"").json();
    let cookie = submit(&mut home, &solve(&refused["challenge"])).cookie();
    let with_cookie = [API[0], ("Cookie", cookie.as_str())];
    assert_eq!(home.request("GET", "/login", &with_cookie, b"").status, 200);
    let mut away = Connection::open_in(demo.address, [127, 1, 0, 1]);
    let asked = away.request("GET", "/login", &with_cookie, b"");
    assert_eq!(asked.status, 403);
    let id = asked.json()["decision"].as_str().unwrap().to_owned();
    let deadline = Instant::now() + SOON;
    let story = loop {
        let output = demo.command(&["explain", &id]);
        if output.status.success() || Instant::now() > deadline {
            break format!(
                "{}{}",
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
        }
    };
    assert!(story.contains("clearance_elsewhere (flow) is told for the record: 1 of 0"), "{story}");
    assert!(story.contains("does not hold where it came from"), "{story}");
}

#[test]
fn without_javascript_there_is_a_wait() {
    let demo = Demo::start();
    demo.change(&["force", "GET /products/*"]);
    let mut connection = demo.connect();
    let page = connection.get("/products/1");
    assert_eq!((page.status, page.header("x-captcha-reason")), (403, Some("manual")));
    let text = page.text();
    let token = text.split("name=\"c\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let early = connection.get(&format!("/.spigot/wait?c={token}&to=%2Fproducts%2F1"));
    assert_eq!((early.status, early.header("set-cookie")), (200, None), "too early: {}", early.text());
    assert!(early.text().contains("too soon"));
    let evil = connection.get("/.spigot/wait?c=x&to=%2F%2Fevil.example");
    assert!(evil.status == 400 && !evil.text().contains("evil.example"));
}
