//! Browsers that cannot do the puzzle: without JavaScript, without a compiler, on a phone.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use spigot_cachewalk::{Params, Solver, key};
use spigot_challenge::kind::pbkdf2::Leaves;
use spigot_challenge::{from_text, to_text};

use super::challenge::{of_page, solve, submit};
use super::client::{Answer, Connection};
use super::demo::Demo;

const CONFIG: &str = "[[route]]\nname = \"login\"\nmatch = \"POST /login\"\nask = \"always\"\nlevel = \"medium\"\n\
     wait = \"medium\"\n\n[[route]]\nname = \"account\"\nmatch = \"/account/**\"\nask = \"always\"\nlevel = \"high\"\n\n\
     [challenge]\nwait = \"100ms\"\nfallback = \"medium\"\nfallback_log2_work = [4, 5, 6]\n";

fn start() -> Demo {
    Demo::start_with(tempfile::tempdir().unwrap(), Some(CONFIG))
}

/// The address that the page's form leads to, with its hidden fields.
fn way_on(page: &Answer) -> String {
    let text = page.text();
    let form = text.split("action=\"/.spigot/wait\">").nth(1).unwrap_or_else(|| panic!("no form: {text}"));
    let fields = form.split("</form>").next().unwrap().split("<input type=\"hidden\" name=\"").skip(1);
    let pairs: Vec<String> = fields
        .map(|field| {
            let (name, rest) = field.split_once("\" value=\"").unwrap();
            format!("{name}={}", rest.split_once('"').unwrap().0.replace('/', "%2F"))
        })
        .collect();
    format!("/.spigot/wait?{}", pairs.join("&"))
}

/// Goes on until the page no longer says that it is too soon.
fn wait(connection: &mut Connection, target: &str, headers: &[(&str, &str)]) -> Answer {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let answer = connection.request("GET", target, headers, b"");
        // Who is too early is led to the same address again.
        if !answer.text().contains("href=\"/.spigot/wait?") {
            return answer;
        }
        assert_eq!((answer.status, answer.header("set-cookie")), (200, None));
        assert!(Instant::now() < deadline, "never: {}", answer.text());
    }
}

#[test]
fn without_javascript_a_form_arrives_after_two_waits() {
    let demo = start();
    let mut connection = demo.connect();
    let form = b"email=ada%40example.org&password=wrong+one";
    let headers = [
        ("Accept", "text/html"),
        ("Accept-Language", "ar,en;q=0.5"),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ];
    let page = connection.request("POST", "/login", &headers, form);
    assert_eq!(page.status, 403);
    assert!(page.text().contains("<html lang=\"ar\" dir=\"rtl\">"), "{}", page.text());
    let first = way_on(&page);
    let second_page = wait(&mut connection, &first, &headers);
    assert_eq!((second_page.status, second_page.header("set-cookie")), (200, None), "one step is not enough");
    assert!(second_page.text().contains("dir=\"rtl\""));
    let again = connection.request("GET", &first, &headers, b"");
    assert_eq!((again.status, again.header("set-cookie")), (400, None), "a step is used once");
    assert!(again.text().contains("spent") && !way_on(&again).is_empty(), "{}", again.text());
    let last = way_on(&second_page);
    let done = wait(&mut connection, &last, &headers);
    let twice = connection.request("GET", &last, &headers, b"");
    assert_eq!((twice.status, twice.header("set-cookie")), (200, None), "pressed twice");
    assert!(twice.text().contains("name=\"spigot-stash\""), "the form can be sent: {}", twice.text());
    let cookie = done.cookie();
    assert!(done.header("set-cookie").unwrap().contains("Max-Age=3600;"), "{done:?}");
    let text = done.text();
    assert!(text.contains("method=\"post\" action=\"/login\""), "{text}");
    let stash = text.split("name=\"spigot-stash\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let with_cookie = [headers[0], headers[2], ("Cookie", cookie.as_str())];
    let answer =
        connection.request("POST", "/login", &with_cookie, format!("spigot-stash={stash}").as_bytes());
    assert_eq!(answer.status, 401, "the shop says that the password is wrong: {}", answer.text());
    let received = connection.request("GET", "/received", &[("Accept", "application/json")], b"").json();
    let posts = received.as_array().unwrap().iter();
    assert_eq!(posts.filter(|post| post["body_bytes"] == form.len()).count(), 1, "{received}");
}

#[test]
fn a_route_refuses_a_wait_above_its_level() {
    let demo = start();
    let page = demo.connect().get("/account/");
    assert_eq!(page.status, 403);
    assert!(!page.text().contains("/.spigot/wait"), "{}", page.text());
}

#[test]
fn a_wait_from_another_network_begins_again_and_keeps_the_form() {
    let demo = start();
    let headers = [("Accept", "text/html"), ("Content-Type", "application/x-www-form-urlencoded")];
    let page = demo.connect().request("POST", "/login", &headers, b"email=ada%40example.org&password=x");
    let stash = of_page(&page)["stash"].as_str().unwrap().to_owned();
    let mut away = Connection::open_in(demo.address, [127, 1, 0, 1]);
    let refused = away.request("GET", &way_on(&page), &headers, b"");
    assert_eq!((refused.status, refused.header("set-cookie")), (400, None));
    assert!(refused.text().contains("other_network"), "{}", refused.text());
    let second = wait(&mut away, &way_on(&refused), &headers);
    let done = wait(&mut away, &way_on(&second), &headers);
    done.cookie();
    assert!(done.text().contains(&format!("name=\"spigot-stash\" value=\"{stash}\"")), "{}", done.text());
}

#[test]
fn a_level_that_is_too_weak_steps_up_and_an_adequate_one_is_not_asked_again() {
    let demo = Demo::start_with(
        tempfile::tempdir().unwrap(),
        Some(&CONFIG.replace("[challenge]", "[challenge]\nlog2_work = [4, 5, 6]")),
    );
    let mut connection = demo.connect();
    let headers = [("Accept", "text/html"), ("Content-Type", "text/plain")];
    let page = connection.request("POST", "/login", &headers, b"x");
    let medium = submit(&mut connection, &solve(&of_page(&page))).cookie();
    let get = |connection: &mut Connection, path: &str, cookie: &str| {
        connection.request("GET", path, &[headers[0], ("Cookie", cookie)], b"")
    };
    let weak = get(&mut connection, "/account/", &medium);
    assert_eq!(weak.status, 403, "medium is not high");
    let challenge = of_page(&weak);
    assert_eq!((&challenge["log2_n"], &challenge["return_to"]), (&json!(6), &json!("/account/")));
    let high = submit(&mut connection, &solve(&challenge)).cookie();
    for _ in 0..3 {
        assert_ne!(get(&mut connection, "/account/", &high).status, 403);
        let login = [headers[0], headers[1], ("Cookie", high.as_str())];
        assert_ne!(connection.request("POST", "/login", &login, b"x").status, 403, "more is enough, too");
    }
}

#[test]
fn whose_form_cannot_be_kept_is_told_before_anything_is_lost() {
    let config = format!("{CONFIG}\n[bounds]\nkept_form = \"2KiB\"\nkept_forms = \"4KiB\"\n");
    let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(&config));
    let headers = [("Accept", "text/html"), ("Content-Type", "text/plain")];
    let check = |bytes: usize, kept: bool, too_large: bool, said: Option<&str>| {
        let page = demo.connect().request("POST", "/login", &headers, &vec![b'x'; bytes]);
        let challenge = of_page(&page);
        assert_eq!(
            (challenge["stash"].is_string(), &challenge["too_large"]),
            (kept, &json!(too_large)),
            "{bytes} bytes"
        );
        let text = page.text();
        for sentence in ["is too big to be kept", "What you sent cannot be kept"] {
            assert_eq!(text.contains(sentence), said == Some(sentence), "{bytes} bytes: {text}");
        }
    };
    check(2000, true, false, None);
    check(3000, false, true, Some("is too big to be kept"));
    check(1000, true, false, None);
    check(2000, false, false, Some("What you sent cannot be kept"));
}

fn ask(connection: &mut Connection, challenge: &Value) -> Answer {
    let body = json!({ "challenge": challenge["challenge"] }).to_string();
    let headers = [("Content-Type", "application/json")];
    connection.request(
        "POST",
        challenge["fallback_url"].as_str().unwrap_or("/.spigot/fallback"),
        &headers,
        body.as_bytes(),
    )
}

#[test]
fn without_a_compiler_there_is_another_puzzle_whose_cost_the_server_sets() {
    let demo = start();
    let mut connection = demo.connect();
    let challenged = connection.request(
        "POST",
        "/login",
        &[("Accept", "text/html"), ("Content-Type", "text/plain")],
        b"x",
    );
    let challenge = of_page(&challenged);
    assert_eq!((&challenge["kind"], &challenge["log2_n"]), (&json!("cachewalk"), &json!(13)));
    let other = ask(&mut connection, &challenge).json()["challenge"].clone();
    assert_eq!((&other["kind"], &other["log2_n"], &other["grind"]), (&json!("pbkdf2"), &json!(5), &json!(4)));
    let bytes = from_text(other["challenge"].as_str().unwrap()).unwrap();
    let solve = |bytes: &[u8], params| Solver::over(Leaves, key(bytes), params).solve().encode();
    // An easier one of its own making is forged.
    let mut easier = bytes.clone();
    easier[39] = 4;
    let proof = solve(&easier, Params::new(4, 4, 3).unwrap());
    let forged = json!({ "challenge": to_text(&easier), "proof": to_text(&proof) }).to_string();
    assert_eq!(submit(&mut connection, &forged).json()["code"], "forged");
    let proof = solve(&bytes, Params::new(5, 4, 3).unwrap());
    let solved = json!({ "challenge": to_text(&bytes), "proof": to_text(&proof) }).to_string();
    let answer = submit(&mut connection, &solved);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.header("set-cookie").unwrap().contains("Max-Age=3600;"), "it buys less");
    // There is none of another, and none above the level that the operator names.
    assert_eq!(ask(&mut connection, &other).json()["code"], "no_fallback");
    let high = of_page(&demo.connect().get("/account/"));
    assert_eq!(high["fallback_url"], Value::Null);
    assert_eq!(ask(&mut connection, &high).json()["code"], "no_fallback");
}

#[test]
fn a_phone_has_fewer_leaves() {
    let demo = start();
    let agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Mobile/15E148 Safari/604.1";
    let headers = [("Accept", "text/html"), ("User-Agent", agent), ("Content-Type", "text/plain")];
    let page = demo.connect().request("POST", "/login", &headers, b"x");
    assert_eq!(of_page(&page)["log2_n"], 12);
}
