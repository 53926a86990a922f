//! Attacks on accounts of the demo shop, by clients of the loopback, and the people who must not be in their way.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use super::application::Application;
use super::challenge::{of_page, solve, submit};
use super::client::{Answer, Connection};
use super::demo::Demo;
use super::service::add_site;

const RIGHT: &str = "brass+kettle+morning+rain";

/// Routes of its own, so that nothing but what protects accounts is met. Sign-ups and log-ins ask nobody in advance.
const POLICY: &str = r#"
[[route]]
name = "login"
match = "POST /login"
account_fields = "email"
attempt = { password_fields = "password" }
triggers = { payload_repetition = false }
[[route]]
name = "signup"
match = "POST /signup"
account_fields = "email"
attempt = { kind = "signup", password_fields = "password" }
[[route]]
name = "whoami"
match = "POST /whoami"
account_fields = "email"
attempt = { kind = "signup", password_fields = "password" }
triggers = { payload_repetition = false }
"#;

fn demo(more: &str) -> Demo {
    // What stands at the top of a file comes before its tables.
    let (top, tables) = more.split_once("---").unwrap_or(("", more));
    Demo::start_with(tempfile::tempdir().unwrap(), Some(&format!("{top}\n{POLICY}\n{tables}")))
}

/// Somebody at an address, with the cookie that solving gave.
struct Client {
    connection: Connection,
    cookie: String,
}

impl Client {
    fn at(demo: &Demo, from: [u8; 4]) -> Self {
        Self { connection: Connection::open_in(demo.address, from), cookie: String::new() }
    }

    fn post(&mut self, path: &str, email: &str, password: &str) -> Answer {
        let mut headers =
            vec![("Accept", "text/html"), ("Content-Type", "application/x-www-form-urlencoded")];
        if !self.cookie.is_empty() {
            headers.push(("Cookie", &self.cookie));
        }
        let body = format!("email={email}&password={password}");
        self.connection.request("POST", path, &headers, body.as_bytes())
    }

    fn log_in(&mut self, email: &str, password: &str) -> Answer {
        self.post("/login", email, password)
    }

    /// Logs in to the shop's account, and says why not when it cannot.
    fn gets_in(&mut self, demo: &Demo) {
        let answer = self.log_in("demo@example.org", RIGHT);
        if answer.status != 303 {
            let last = demo.command(&["events", "--limit", "1"]);
            panic!("{} {:?}\n{}", answer.status, answer.headers, String::from_utf8_lossy(&last.stdout));
        }
    }

    /// Solves what an answer asks.
    fn solve(&mut self, asked: &Answer) {
        assert_eq!(asked.header("x-captcha-reason").is_some(), asked.status == 403, "{}", asked.text());
        self.cookie = submit(&mut self.connection, &solve(&of_page(asked))).cookie();
    }
}

/// Events are written a moment after what they tell of.
fn until_recorded(demo: &Demo, reason: &str) {
    demo.until(reason, |_| {
        let events = demo.command(&["events", "--reason", reason, "--limit", "1"]);
        String::from_utf8_lossy(&events.stdout).contains(reason)
    });
}

fn shop(demo: &Demo, what: &str) -> u64 {
    demo.connect().get("/health").json()[what].as_u64().unwrap()
}

#[test]
fn a_stuffing_fleet_is_stopped_and_people_are_not() {
    let demo = demo("");
    let mut home = Client::at(&demo, [127, 77, 0, 1]);
    home.gets_in(&demo);
    let statuses: Vec<u16> = (0..150u8)
        .map(|n| {
            Client::at(&demo, [127, 10, n, 1]).log_in(&format!("victim{n}@example.org"), "hunter2").status
        })
        .collect();
    let through = statuses.iter().filter(|status| **status == 401).count();
    assert!((20..=30).contains(&through), "{through} of 150 reached the shop: {statuses:?}");
    assert!(statuses[40..].iter().all(|status| *status == 403), "{statuses:?}");
    // Who was there before is not asked, from another address of the same line either.
    home.gets_in(&demo);
    assert_eq!(Client::at(&demo, [127, 77, 0, 200]).log_in("demo@example.org", RIGHT).status, 303);
    // Who was not solves one puzzle, without noticing.
    let mut traveller = Client::at(&demo, [127, 88, 0, 1]);
    let asked = traveller.log_in("demo@example.org", RIGHT);
    traveller.solve(&asked);
    assert_eq!(traveller.log_in("demo@example.org", RIGHT).status, 303);
    until_recorded(&demo, "credential_stuffing");
}

#[test]
fn an_account_that_is_guessed_at_is_locked_to_strangers_alone() {
    let demo = demo("[accounts]\nchallenge_after = 1000\nstuffing_from = 1000\nlock_from = 5\n");
    let mut home = Client::at(&demo, [127, 77, 0, 1]);
    home.gets_in(&demo);
    for n in 0..5u8 {
        assert_eq!(Client::at(&demo, [127, 10, n, 1]).log_in("demo@example.org", "guess").status, 401, "{n}");
    }
    // Even with the right password: a lock that told right from wrong would go on guessing.
    let locked = Client::at(&demo, [127, 10, 99, 1]).log_in("demo@example.org", RIGHT);
    assert_eq!(locked.status, 403, "{}", locked.text());
    let wait: u32 = locked.header("retry-after").unwrap().parse().unwrap();
    assert!((50..=60).contains(&wait), "{wait}");
    home.gets_in(&demo);
    assert_eq!(Client::at(&demo, [127, 10, 99, 1]).log_in("other@example.org", "guess").status, 401);
    // Support finds it by its hash, and ends it.
    demo.until("the lock is kept", |_| shown_lock(&demo).is_some());
    let lock = shown_lock(&demo).unwrap();
    let lifted = demo.command(&["restrict", "lift", &lock, "--reason", "called support"]);
    assert!(lifted.status.success(), "{lifted:?}");
    demo.until("it is lifted", |_| {
        Client::at(&demo, [127, 10, 98, 1]).log_in("demo@example.org", RIGHT).status == 303
    });
}

fn shown_lock(demo: &Demo) -> Option<String> {
    let shown = demo.command(&["restrict", "show"]);
    let text = String::from_utf8_lossy(&shown.stdout).into_owned();
    let word = text.split_whitespace().find(|word| word.starts_with("account-"))?;
    Some(word.trim_end_matches(',').to_owned())
}

#[test]
fn whoever_forgot_the_password_solves_and_gets_in() {
    let demo = demo("");
    let mut person = Client::at(&demo, [127, 5, 0, 1]);
    let mut asked = 0;
    for n in 0..7 {
        let mut answer = person.log_in("demo@example.org", &format!("guess{n}"));
        if answer.status == 403 {
            asked += 1;
            person.solve(&answer);
            answer = person.log_in("demo@example.org", &format!("guess{n}"));
        }
        assert_eq!(answer.status, 401, "guess {n}");
    }
    assert_eq!(asked, 1, "the fifth attempt, and none since");
    assert_eq!(person.log_in("demo@example.org", RIGHT).status, 303);
}

#[test]
fn an_office_and_a_family_log_in_unasked() {
    let demo = demo("");
    // 200 people behind one address; every tenth mistypes once, and each knows an account.
    let mut office = Client::at(&demo, [127, 6, 0, 1]);
    let mut wrong = 0;
    for n in 0..200 {
        // The shop has one account; the others are new to it, so that only every tenth may fail.
        if n % 100 == 50 {
            wrong += 1;
            assert_eq!(office.log_in(&format!("person{n}@example.org"), "typo").status, 401);
        }
        assert_eq!(office.log_in("demo@example.org", RIGHT).status, 303, "person {n}, after {wrong} typos");
    }
}

#[test]
fn whoever_looks_for_accounts_is_stopped_by_the_ratio() {
    // What counts a client's own failures is out of the way, so that only the ratio speaks.
    let demo = demo(
        "weights = { failures_behind = 0 }\n---[restrict]\nslow_from = 1000\nrestrict_from = 1000\n[accounts]\nchallenge_after = 1000\n",
    );
    let mut prober = Client::at(&demo, [127, 90, 0, 1]);
    let statuses: Vec<u16> =
        (0..60).map(|n| prober.log_in(&format!("name{n}@example.org"), "whatever").status).collect();
    let through = statuses.iter().filter(|status| **status == 401).count();
    assert!((9..=13).contains(&through), "{through}: {statuses:?}");
    until_recorded(&demo, "account_probing");
    assert_eq!(
        Client::at(&demo, [127, 90, 0, 2]).log_in("demo@example.org", RIGHT).status,
        303,
        "a neighbour"
    );
}

#[test]
fn farms_are_shadowed_and_their_accounts_lie_inert() {
    let marked = demo(
        "shadow = { mark = true }\n---[[rule]]\nname = \"farm\"\nwhen = 'signal.alike_addresses'\naction = \"shadow\"\n",
    );
    for n in 0..40u8 {
        let answer = Client::at(&marked, [127, 20, n, 1]).post(
            "/signup",
            &format!("farm{n}@example.org"),
            "long+enough+words",
        );
        assert_eq!((answer.status, answer.header("location")), (303, Some("/signup/done")), "{n}");
    }
    assert_eq!((shop(&marked, "accounts"), shop(&marked, "accounts_inactive")), (40, 37));

    let answered = demo(
        "shadow = { body = '{\"ok\":\"{account}\"}', content_type = \"application/json\", headers = \"X-Done: {decision}\" }\nshadow_status = 201\n---[[rule]]\nname = \"farm\"\nwhen = 'signal.alike_addresses'\naction = \"shadow\"\n",
    );
    let sign_up = |n: u8| {
        let email = format!("a%22b{n}@example.org");
        Client::at(&answered, [127, 20, n, 1]).post("/signup", &email, "long+enough+words")
    };
    assert!((0..3).all(|n| sign_up(n).status == 303));
    (3..9).for_each(|n| assert_eq!(sign_up(n).status, 201));
    let last = sign_up(9);
    assert_eq!((last.status, last.json()), (201, json!({ "ok": "a\"b9@example.org" })));
    assert_eq!(last.header("x-done").map(str::len), Some(16));
    assert_eq!(shop(&answered, "accounts"), 3);
}

#[test]
fn farms_are_asked_by_the_shipped_weights_and_families_are_not() {
    let demo = demo("");
    let mut through = 0;
    for n in 0..40u8 {
        let answer = Client::at(&demo, [127, 20, n, 1]).post(
            "/signup",
            &format!("farm{n}@example.org"),
            "long+enough+words",
        );
        through += u32::from(answer.status == 303);
    }
    assert_eq!(through, 3);
    let mut home = Client::at(&demo, [127, 21, 0, 1]);
    for name in ["ada", "bob", "carla", "dora", "emil"] {
        assert_eq!(
            home.post("/signup", &format!("{name}@example.org"), "long+enough+words").status,
            303,
            "{name}"
        );
    }
}

#[test]
fn one_answer_for_every_failure_and_not_before_its_time() {
    let demo = demo(
        "same_answer = { body = \"No such e-mail and password.\", status = 401, time = \"200ms\", answers = \"failed\" }\n---",
    );
    let mut answers = Vec::new();
    for (n, email) in ["demo@example.org", "nobody@example.org"].into_iter().enumerate() {
        let begun = Instant::now();
        let answer = Client::at(&demo, [127, 30, n as u8, 1]).log_in(email, "wrong");
        assert!(begun.elapsed() >= Duration::from_millis(200), "{:?}", begun.elapsed());
        let headers: Vec<_> = answer.headers.iter().filter(|(name, _)| name != "date").cloned().collect();
        answers.push((answer.status, headers, answer.text()));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!((answers[0].0, answers[0].2.as_str()), (401, "No such e-mail and password."));
    let right = Client::at(&demo, [127, 30, 9, 1]).log_in("demo@example.org", RIGHT);
    assert_eq!((right.status, right.header("location")), (303, Some("/")));
}

#[test]
fn failures_are_told_by_the_page_that_says_so() {
    // The shop says 401, which does not count here: nothing is known then, and nobody is asked.
    let silent = demo("failure_status = []\n---");
    for n in 0..6 {
        let email = format!("ada{n}@example.org");
        assert_eq!(Client::at(&silent, [127, 40, 0, 1]).log_in(&email, "wrong").status, 401);
    }
    let page = POLICY.replace(
        "attempt = { password_fields = \"password\" }",
        "attempt = { failed_body = \"passphrase do not match\" }\nfailure_status = []",
    );
    let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(&page));
    let statuses: Vec<u16> = (0..6)
        .map(|n| Client::at(&demo, [127, 40, 0, 1]).log_in("ada@example.org", &format!("wrong{n}")).status)
        .collect();
    assert_eq!(statuses, [401, 401, 401, 401, 403, 403]);
}

#[test]
fn breached_passwords_ask_at_log_in_and_are_told_at_sign_up() {
    let folder = tempfile::tempdir().unwrap();
    let (words, file) = (folder.path().join("words"), folder.path().join("breached.spigot"));
    std::fs::write(&words, "hunter2\nbrass kettle morning rain\n").unwrap();
    let built = std::process::Command::new(env!("CARGO_BIN_EXE_spigot"))
        .args(["breach", "build", "--words", "--out"])
        .args([&file, &words])
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&built.stdout).contains("2 passwords"), "{built:?}");
    let demo = demo(&format!("[breach]\nfile = '{}'\n", file.display()));
    check_breached(&demo);
    // A damaged file is refused when it changes, and what stood stays.
    std::fs::write(&file, "SPGTBRCH").unwrap();
    demo.until_said("accounts_refused");
    check_breached(&demo);
}

fn check_breached(demo: &Demo) {
    let mut known = Client::at(demo, [127, 50, 0, 1]);
    let asked = known.log_in("demo@example.org", RIGHT);
    assert_eq!((asked.status, asked.header("x-captcha-reason")), (403, Some("risk")));
    known.solve(&asked);
    assert_eq!(known.log_in("demo@example.org", RIGHT).status, 303);
    assert_eq!(Client::at(demo, [127, 50, 1, 1]).log_in("demo@example.org", "not+in+it").status, 401);
    let told = |password: &str| {
        let answer = Client::at(demo, [127, 50, 2, 1]).post("/whoami", "demo@example.org", password);
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.text().contains("x-spigot-password")
    };
    assert_eq!([told("hunter2"), told("not+in+it")], [true, false]);
}

#[test]
fn ranges_are_asked_with_five_digits_and_nobody_waits_for_a_silent_service() {
    let asked = Arc::new(AtomicU32::new(0));
    let (asked_here, silent) = (asked.clone(), Arc::new(AtomicU32::new(0)));
    let silent_here = silent.clone();
    // SHA-1 of the demo's passphrase, as `sha1sum` gives it.
    let service = Application::start(move |exchange| {
        asked_here.fetch_add(1, Ordering::SeqCst);
        let target = exchange.head[0].split(' ').nth(1).unwrap().to_owned();
        assert_eq!(target.len(), "/range/".len() + 5, "{target}");
        assert_eq!(exchange.field("add-padding"), Some("true"));
        if silent_here.load(Ordering::SeqCst) == 1 {
            return true;
        }
        let suffix = if target.ends_with(PREFIX) { SUFFIX } else { "0018A45C4D1DEF81644B54AB7F969B88D65" };
        exchange.answer(&format!("{suffix}:3\r\n1018A45C4D1DEF81644B54AB7F969B88D65:0\r\n"));
        true
    });
    let demo = demo(&format!("[breach]\naddress = \"http://{}\"\ndeadline = \"300ms\"\n", service.address));
    check_breached_online(&demo);
    assert!(asked.load(Ordering::SeqCst) >= 2);
    silent.store(1, Ordering::SeqCst);
    let begun = Instant::now();
    assert_eq!(Client::at(&demo, [127, 60, 9, 1]).log_in("demo@example.org", RIGHT).status, 303);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

const PREFIX: &str = "7B349";
const SUFFIX: &str = "48D208F9F0FCD4D2FD535D2CF679714DB52";

fn check_breached_online(demo: &Demo) {
    let asked = Client::at(demo, [127, 60, 0, 1]).log_in("demo@example.org", RIGHT);
    assert_eq!((asked.status, asked.header("x-captcha-reason")), (403, Some("risk")), "{}", asked.text());
    assert_eq!(Client::at(demo, [127, 60, 1, 1]).log_in("demo@example.org", "not+in+it").status, 401);
}

#[test]
fn what_the_application_reports_counts_once() {
    let policy = POLICY.replace(
        "attempt = { kind = \"signup\", password_fields = \"password\" }\ntriggers",
        "attempt = { reported = true }\ntriggers",
    );
    let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(&policy));
    let (_, secret) = add_site(&demo, "shop", &["--host", "shop.test"]);
    let (_, foreign) = add_site(&demo, "other", &["--host", "other.test"]);
    let mut service = Connection::open(demo.service);
    let mut report = |secret: &str, decision: &str, outcome: &str| {
        let authorization = format!("Bearer {secret}");
        let headers = [("Content-Type", "application/json"), ("Authorization", authorization.as_str())];
        let body = json!({ "decision": decision, "outcome": outcome }).to_string();
        let answer = service.request("POST", "/v1/outcome", &headers, body.as_bytes());
        (answer.status, answer.json()["counted"].as_bool(), answer.json()["code"].as_str().map(str::to_owned))
    };
    let attempt = || {
        let answer = Client::at(&demo, [127, 70, 0, 1]).post("/whoami", "ada@example.org", "wrong");
        let text = answer.text();
        let told = text.find("x-spigot-decision").map(|at| {
            let rest = &text[at + "x-spigot-decision".len()..];
            rest.chars().filter(char::is_ascii_alphanumeric).take(16).collect::<String>()
        });
        (answer.status, told.unwrap_or_default())
    };
    for n in 0..4 {
        let (status, decision) = attempt();
        assert_eq!(status, 200, "attempt {n}");
        assert_eq!(report(&foreign, &decision, "failure").0, 404, "another site's secret");
        assert_eq!(report(&secret, &decision, "failure"), (200, Some(true), None));
        assert_eq!(report(&secret, &decision, "failure"), (200, Some(false), None), "once");
        let other = report(&secret, &decision, "success");
        assert_eq!((other.0, other.2.as_deref()), (409, Some("reported_otherwise")));
    }
    assert_eq!(attempt().0, 403, "four reported failures");
    let wrong = |answer: (u16, Option<bool>, Option<String>)| (answer.0, answer.2.unwrap_or_default());
    assert_eq!(wrong(report("nobody", "04hmasw9nf6yy0hj", "failure")), (401, "secret_unknown".to_owned()));
    assert_eq!(wrong(report(&secret, "?", "failure")), (400, "decision_malformed".to_owned()));
    assert_eq!(wrong(report(&secret, "04hmasw9nf6yy0hj", "maybe")), (400, "outcome_unknown".to_owned()));
}

#[test]
fn domains_of_both_lists_are_told_and_a_changed_file_counts() {
    let folder = tempfile::tempdir().unwrap();
    let [disposable, ill_reputed] =
        ["disposable", "toxic"].map(|name| folder.path().join(name).display().to_string());
    std::fs::write(&disposable, "# given away\ntrash.example\n").unwrap();
    std::fs::write(&ill_reputed, "toxic.example\ntrash.example\n").unwrap();
    let demo =
        demo(&format!("disposable_domains = '{disposable}'\nill_reputed_domains = '{ill_reputed}'\n---\n"));
    let sign_up = |from: u8, email: &str| {
        let answer = Client::at(&demo, [127, 60, from, 1]).post("/whoami", email, "a");
        answer.header("x-captcha-reason").is_some()
    };
    assert!(sign_up(1, "ada%40mail.trash.example"), "both together ask for a challenge");
    assert!(!sign_up(2, "bea%40toxic.example"), "one alone is told");
    assert!(!sign_up(3, "cat%40example.org"));
    until_recorded(&demo, "disposable_domain");
    until_recorded(&demo, "ill_reputed_domain");
    let told = |reason: &str| {
        let events = demo.command(&["events", "--reason", reason]);
        String::from_utf8_lossy(&events.stdout).lines().count()
    };
    demo.until("two are told", |_| told("ill_reputed_domain") == 2);
    assert_eq!(told("disposable_domain"), 1);
    std::fs::write(&disposable, "toxic.example\n").unwrap();
    demo.until_said("accounts_loaded");
    assert!(sign_up(4, "dan%40toxic.example"), "the changed file counts");
}

/// A password that nobody would write by chance, in all three kinds of bodies, right and wrong, asked and let through.
#[test]
fn no_password_stays_anywhere() {
    const PASSWORD: &str = "quartz-ferry-8841-lantern";
    let demo = demo("");
    let multipart = format!(
        "--b\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\nada\r\n--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n{PASSWORD}\r\n--b--\r\n"
    );
    let bodies = [
        ("application/x-www-form-urlencoded", format!("email=demo%40example.org&password={PASSWORD}")),
        ("multipart/form-data; boundary=b", multipart),
        ("application/json", json!({ "email": "ada@example.org", "password": PASSWORD }).to_string()),
    ];
    let mut asked = 0;
    for (from, path) in [(1, "/login"), (2, "/signup"), (3, "/login"), (4, "/signup")] {
        if from == 3 {
            demo.change(&["force", "POST /*"]);
        }
        let mut client = Client::at(&demo, [127, 61, from, 1]);
        for (kind, body) in bodies.iter().chain(&bodies) {
            let headers = [("Accept", "text/html"), ("Content-Type", *kind)];
            let answer = client.connection.request("POST", path, &headers, body.as_bytes());
            asked += u32::from(answer.status == 403);
        }
    }
    assert!(asked >= 12, "some were asked for a challenge, and their forms kept: {asked}");
    demo.until("all are recorded", |_| {
        let events = demo.command(&["events", "--limit", "100"]);
        String::from_utf8_lossy(&events.stdout).lines().count() >= 24
    });
    demo.signal("TERM");
    let log = demo.log();
    let folder = demo.kill();
    let mut files = vec![folder.path().to_owned()];
    let mut looked = 0;
    while let Some(at) = files.pop() {
        if at.is_dir() {
            files.extend(std::fs::read_dir(&at).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let bytes = String::from_utf8_lossy(&std::fs::read(&at).unwrap()).into_owned();
        looked += 1;
        for part in [PASSWORD, "quartz", "8841-lantern"] {
            assert!(!bytes.contains(part), "{part} is in {}", at.display());
        }
    }
    assert!(looked > 3, "the data folder has files: {looked}");
    assert!(!log.contains("quartz"), "{log}");
}
