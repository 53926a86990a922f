//! A CrowdSec that is followed: when it is asked for what, and what holds while it is away.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use spigot_gateway::{Remote, Trust};

use super::*;

const HOUR: i64 = 3_600_000;

/// A local API: what it says to each kind of question, `None` when it is away, and what it was asked.
#[derive(Clone, Default)]
struct Crowdsec {
    says: Arc<Mutex<Option<[String; 2]>>>,
    asked: Arc<Mutex<Vec<&'static str>>>,
}

impl Crowdsec {
    fn start() -> (Self, Feed) {
        let crowdsec = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let own = crowdsec.clone();
        std::thread::spawn(move || {
            while let Ok((mut stream, _)) = listener.accept() {
                let lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
                let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
                let changes = usize::from(head[0].contains("startup=false"));
                own.asked.lock().unwrap().push(["whole", "changes"][changes]);
                let (status, body) = match &*own.says.lock().unwrap() {
                    Some(says) => (200, says[changes].clone()),
                    None => (500, String::new()),
                };
                let length = body.len();
                let _ = write!(
                    stream,
                    "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
                );
            }
        });
        let remote = |query: &str| {
            let url = format!("http://{address}/v1/decisions/stream?{query}");
            Remote::parse(&url, Trust::system).map_err(|problem| problem.what).unwrap()
        };
        let feed = Feed {
            name: "bans".to_owned(),
            from: From::Url("http://crowdsec.example".to_owned(), remote("startup=true")),
            format: Format::CrowdSec(Vec::new()),
            every: Duration::from_secs(60),
            time: Duration::from_secs(60),
            size_max: 1 << 20,
            entries_max: 1000,
            key: None,
            changes: Some(Changes(remote("startup=false"))),
        };
        (crowdsec, feed)
    }

    /// What is in force, and what has changed.
    fn say(&self, whole: &str, changes: &str) {
        let answer = |new: &str| format!(r#"{{"new":[{new}],"deleted":null}}"#);
        *self.says.lock().unwrap() = Some([answer(whole), answer(changes)]);
    }

    fn is_away(&self) {
        *self.says.lock().unwrap() = None;
    }

    fn asked(&self) -> Vec<&'static str> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

fn ban(address: &str, duration: &str) -> String {
    format!(r#"{{"scope":"Ip","value":"{address}","type":"ban","duration":"{duration}"}}"#)
}

/// One list that is looked after, at times of the test's own.
struct OneList {
    feed: Feed,
    kept: Kept,
    followed: Option<Followed>,
    runtime: tokio::runtime::Runtime,
}

impl OneList {
    fn refresh(&mut self, at: i64) -> Refreshed {
        let refreshing = refresh(&self.feed, &self.kept, Judged::Carefully, Millis(at), &mut self.followed);
        tokio::task::LocalSet::new().block_on(&self.runtime, refreshing)
    }

    fn in_force(&self, at: i64) -> Vec<String> {
        let text = self.kept.entries("bans", Millis(at)).unwrap_or_default().text();
        text.lines().map(str::to_owned).collect()
    }
}

fn start(folder: &std::path::Path) -> (Crowdsec, OneList) {
    let (crowdsec, feed) = Crowdsec::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    (crowdsec, OneList { feed, kept: Kept::new(folder), followed: None, runtime })
}

#[test]
fn all_of_it_is_asked_for_again_each_hour() {
    let folder = tempfile::tempdir().unwrap();
    let (crowdsec, mut list) = start(folder.path());
    crowdsec.say(&ban("192.0.2.1", "4h"), &ban("192.0.2.2", "4h"));
    let check = |list: &mut OneList, at: i64, asked: &str, in_force: &[&str]| {
        let refreshed = list.refresh(at);
        assert!(!matches!(refreshed, Refreshed::Refused(..)), "{refreshed:?}");
        assert_eq!(crowdsec.asked(), [asked], "at {at}");
        assert_eq!(list.in_force(at), in_force, "at {at}");
    };
    check(&mut list, 0, "whole", &["192.0.2.1"]);
    check(&mut list, 60_000, "changes", &["192.0.2.1", "192.0.2.2"]);
    check(&mut list, HOUR - 1, "changes", &["192.0.2.1", "192.0.2.2"]);
    // What somebody else with the same key was told has been missed till now.
    crowdsec.say(&ban("192.0.2.3", "4h"), "");
    check(&mut list, HOUR, "whole", &["192.0.2.3"]);
    check(&mut list, 2 * HOUR - 1, "changes", &["192.0.2.3"]);
    check(&mut list, 2 * HOUR, "whole", &["192.0.2.3"]);
}

#[test]
fn what_ends_ends_also_while_nobody_answers() {
    let folder = tempfile::tempdir().unwrap();
    let (crowdsec, mut list) = start(folder.path());
    let all = [ban("192.0.2.1", "4h"), ban("192.0.2.2", "30m"), ban("192.0.2.3", "")].join(",");
    crowdsec.say(&all, &ban("192.0.2.2", "2h"));
    assert!(matches!(list.refresh(0), Refreshed::New(about) if about.entries == 3));
    // The same entries, of which one lasts longer now.
    assert!(matches!(list.refresh(60_000), Refreshed::Same(_)));
    crowdsec.is_away();
    let check = |list: &mut OneList, at: i64, in_force: &[&str], next: Option<i64>| {
        assert!(matches!(list.refresh(at), Refreshed::Refused(..)));
        assert_eq!(list.in_force(at), in_force, "at {at}");
        assert_eq!(list.kept.next_end("bans", Millis(at)), next.map(Millis), "at {at}");
    };
    let second = 2 * HOUR + 60_000;
    check(&mut list, HOUR, &["192.0.2.1", "192.0.2.2", "192.0.2.3"], Some(second));
    check(&mut list, second, &["192.0.2.1", "192.0.2.3"], Some(4 * HOUR));
    check(&mut list, 4 * HOUR, &["192.0.2.3"], None);
    // It is back, and says the same as before: what had ended is news.
    crowdsec.say(&all, "");
    assert!(matches!(list.refresh(5 * HOUR), Refreshed::New(about) if about.entries == 3));
    assert_eq!(list.in_force(5 * HOUR), ["192.0.2.1", "192.0.2.2", "192.0.2.3"]);
}
