//! Several people behind one address.

use super::challenge::{of_page, solve, submit};
use super::client::{Answer, Connection};
use super::demo::Demo;

/// Few requests are many here, so that few clients do.
const POLICY: &str = "[restrict]\nslow_from = 100\nrestrict_from = 3\nsteps = \"1h\"\n[[route]]\nname = \"all\"\nmatch = \"/**\"\n[route.triggers]\nhigh_frequency = { more_than = 20, window = \"20m\" }\ntraffic_anomaly = false\n";

/// One of the people: a browser that keeps its cookie and solves what it is asked.
struct Person {
    connection: Connection,
    cookie: String,
    asked: u32,
}

impl Person {
    fn at(demo: &Demo) -> Self {
        Self { connection: demo.connect(), cookie: String::new(), asked: 0 }
    }

    fn request(&mut self, method: &str, target: &str, body: &str) -> Answer {
        let mut headers =
            vec![("Accept", "text/html"), ("Content-Type", "application/x-www-form-urlencoded")];
        if !self.cookie.is_empty() {
            headers.push(("Cookie", &self.cookie));
        }
        self.connection.request(method, target, &headers, body.as_bytes())
    }

    /// Looks at a page, and solves the challenge when there is one.
    fn look(&mut self) {
        let mut answer = self.request("GET", "/", "");
        if answer.status == 403 {
            self.asked += 1;
            assert_eq!(answer.header("x-captcha-reason"), Some("high_frequency"));
            self.cookie = submit(&mut self.connection, &solve(&of_page(&answer))).cookie();
            answer = self.request("GET", "/", "");
        }
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

#[test]
fn each_is_asked_once_and_one_who_overdoes_it_is_stopped_alone() {
    let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(POLICY));
    let mut people: Vec<_> = (0..4).map(|_| Person::at(&demo)).collect();
    // Together four times what one client may.
    for _ in 0..15 {
        people.iter_mut().for_each(Person::look);
    }
    let asked: Vec<_> = people.iter().map(|person| person.asked).collect();
    assert_eq!(asked, [1; 4], "each once, and never again");

    // The first goes on alone until its own count is full. What it solves then is worth a fresh count, no more.
    let abuser = &mut people[0];
    let more = (0..20).take_while(|_| abuser.request("GET", "/", "").status == 200).count();
    assert!(more < 20, "stopped by its own count, after {more} more");
    let stopped = abuser.request("GET", "/", "");
    assert_eq!((stopped.status, stopped.header("x-captcha-reason")), (403, Some("high_frequency")));
    for person in &mut people[1..] {
        (0..3).for_each(|_| person.look());
    }

    // The second guesses passwords until it is restricted.
    let failed: Vec<_> = (0..4)
        .map(|n| people[1].request("POST", "/login", &format!("email=ada%40example.org&password={n}")).status)
        .collect();
    assert_eq!(failed, [401, 401, 401, 403]);
    let refused = people[1].request("GET", "/", "");
    assert!(refused.status == 403 && refused.header("retry-after").is_some(), "{refused:?}");

    for person in &mut people[2..] {
        person.look();
        assert_eq!(person.asked, 1, "the others go on, unasked");
    }
    let mut newcomer = Person::at(&demo);
    (0..15).for_each(|_| newcomer.look());
    assert_eq!(newcomer.asked, 1, "who comes later is asked once too");
}
