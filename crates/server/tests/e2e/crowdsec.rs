//! A CrowdSec whose stream of decisions a list follows, and lists of what is wider than addresses.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use super::demo::Demo;
use super::published::publish;

/// Each list has one of its own, because changes are told once to each.
const KEYS: [&str; 2] = ["0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"];

/// The local API: what is in force, what it tells next to whoever asks for changes, and what it was asked.
#[derive(Clone, Default)]
struct Crowdsec {
    whole: Arc<Mutex<String>>,
    /// Told to each key once.
    changes: Arc<Mutex<[String; 2]>>,
    asked: Arc<Mutex<Vec<String>>>,
    /// For the list of bans alone.
    away: Arc<Mutex<bool>>,
}

impl Crowdsec {
    fn start(new: &str) -> (Self, SocketAddr) {
        let crowdsec = Self::default();
        *crowdsec.whole.lock().unwrap() = stream(new, "");
        let own = crowdsec.clone();
        let address = publish(move |head| own.answer(head));
        (crowdsec, address)
    }

    fn answer(&self, head: &[String]) -> (u16, Option<String>, String) {
        let Some(list) = KEYS.iter().position(|key| head.contains(&format!("x-api-key: {key}"))) else {
            return (403, None, r#"{"message":"access forbidden"}"#.to_owned());
        };
        let target = head[0].split(' ').nth(1).unwrap_or_default().to_owned();
        self.asked.lock().unwrap().push(target.clone());
        if list == 0 && *self.away.lock().unwrap() {
            return (500, None, String::new());
        }
        let all = target.contains("startup=true");
        let changes = std::mem::take(&mut self.changes.lock().unwrap()[list]);
        let body = match (all, changes.is_empty()) {
            (true, _) => self.whole.lock().unwrap().clone(),
            (false, true) => r#"{"new":null,"deleted":null}"#.to_owned(),
            (false, false) => changes,
        };
        (200, None, body)
    }

    fn tell(&self, new: &str, deleted: &str) {
        *self.changes.lock().unwrap() = [stream(new, deleted), stream(new, deleted)];
    }

    fn asked(&self, for_what: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|target| target.contains(for_what)).count()
    }
}

fn stream(new: &str, deleted: &str) -> String {
    format!(r#"{{"new":[{new}],"deleted":[{deleted}]}}"#)
}

fn decision(kind: &str, scope: &str, value: &str) -> String {
    lasting("4h", kind, scope, value)
}

fn lasting(duration: &str, kind: &str, scope: &str, value: &str) -> String {
    format!(
        r#"{{"scope":"{scope}","value":"{value}","type":"{kind}","duration":"{duration}","origin":"crowdsec"}}"#
    )
}

/// Two lists of one CrowdSec: bans block, whatever else is asked for a challenge.
fn policy(folder: &std::path::Path, address: SocketAddr) -> String {
    let networks = folder.join("networks.csv");
    std::fs::write(&networks, "127.0.0.9,127.0.0.9,64500\n127.0.0.10,127.0.0.10,64501\n").unwrap();
    let list = |name: &str, key: &str, lines: &str| {
        let file = folder.join(name);
        std::fs::write(&file, key).unwrap();
        format!(
            "[[list]]\nname = \"{name}\"\nkind = \"deny\"\n{lines}\nurl = \"http://{address}\"\nformat = \"crowdsec\"\nevery = \"1s\"\napi_key = {{ file = '{}' }}\n",
            file.display()
        )
    };
    format!(
        "networks = ['{}']\n{}{}[[list]]\nname = \"own\"\nkind = \"deny\"\naction = \"block\"\nentries = [\"AS64501\"]\n[[route]]\nname = \"all\"\nmatch = \"/**\"\ntriggers = {{ high_frequency = false }}\n",
        networks.display(),
        list("bans", KEYS[0], "action = \"block\""),
        list("others", KEYS[1], "action = \"challenge\"\ntypes = [\"captcha\", \"throttle\"]"),
    )
}

#[test]
fn a_crowdsec_is_followed_by_what_changes() {
    let ban = decision("ban", "Ip", "127.0.0.7");
    let captcha = decision("captcha", "Ip", "127.0.0.8");
    let network = decision("ban", "AS", "64500");
    let (crowdsec, address) = Crowdsec::start(&[ban.clone(), captcha, network].join(","));
    let folder = tempfile::tempdir().unwrap();
    let policy = policy(folder.path(), address);
    let demo = Demo::start_with(folder, Some(&policy));
    let ask = |from: u8| {
        let answer = demo.connect_from(from).request("GET", "/", &[("Accept", "text/html")], b"");
        (answer.status, answer.header("x-captcha-reason").is_some())
    };
    demo.until("a ban blocks", |_| ask(7) == (403, false));
    demo.until("a captcha is asked for, and does not block", |_| ask(8) == (403, true));
    demo.until("a network is banned as such", |_| ask(9) == (403, false));
    assert_eq!(ask(10), (403, false), "and so is one that stands in the policy");
    assert_eq!(ask(11), (200, false));

    // Changes alone are asked for now.
    demo.until("changes are asked for", |_| crowdsec.asked("startup=false") > 2);
    let whole = crowdsec.asked("startup=true");
    let both = [decision("ban", "Ip", "127.0.0.11"), decision("captcha", "Ip", "127.0.0.12")].join(",");
    crowdsec.tell(&both, &ban);
    demo.until("what came is on its list", |_| ask(11) == (403, false) && ask(12) == (403, true));
    demo.until("what went is not", |_| ask(7) == (200, false));
    assert_eq!(ask(9), (403, false), "and what stayed is not told again");
    assert_eq!(crowdsec.asked("startup=true"), whole, "nothing but changes was asked for");

    // After a failure all of it is asked for again, whatever changes were missed.
    *crowdsec.whole.lock().unwrap() = stream(&decision("ban", "Ip", "127.0.0.13"), "");
    *crowdsec.away.lock().unwrap() = true;
    demo.until_said("status 500");
    *crowdsec.away.lock().unwrap() = false;
    demo.until("all of it is in force", |_| ask(13) == (403, false));
    demo.until("and what was missed is gone", |_| [9, 11].iter().all(|from| ask(*from) == (200, false)));
    assert!(crowdsec.asked("startup=true") > whole);
    assert!(crowdsec.asked("scopes=ip,range,country,as") > 0);
}

#[test]
fn a_ban_ends_also_while_nobody_can_be_asked() {
    let (short, long) = (decision("ban", "Ip", "127.0.0.7"), decision("ban", "Ip", "127.0.0.8"));
    let (crowdsec, address) = Crowdsec::start(&[short.clone(), long].join(","));
    let folder = tempfile::tempdir().unwrap();
    let policy = policy(folder.path(), address);
    let demo = Demo::start_with(folder, Some(&policy));
    demo.until("both are blocked", |_| {
        [7, 8].iter().all(|from| demo.connect_from(*from).get("/").status == 403)
    });
    // Made anew with two seconds to go, and nothing is told from then on.
    crowdsec.tell(&lasting("2s", "ban", "Ip", "127.0.0.7"), &short);
    demo.until("it is told", |_| crowdsec.changes.lock().unwrap()[0].is_empty());
    *crowdsec.away.lock().unwrap() = true;
    demo.until("the one ends", |_| demo.connect_from(7).get("/").status == 200);
    demo.until_said("status 500");
    assert_eq!(demo.connect_from(8).get("/").status, 403, "the other one holds");
    let demo = Demo::start_with(demo.kill(), Some(&policy));
    assert_eq!(demo.connect_from(8).get("/").status, 403, "also after a restart");
    assert_eq!(demo.connect_from(7).get("/").status, 200);
}
