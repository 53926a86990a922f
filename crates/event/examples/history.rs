//! Fills a data folder with days of a small shop's events, for looking at the panel: people by day and fewer by night, a
//! scraper now and then, an attack on the log-in two days ago. Seeded: each run makes the same.
//! `cargo run -p spigot-event --example history -- FOLDER NOW_MILLIS [DAYS]`

use std::net::Ipv4Addr;
use std::sync::Arc;

use spigot_decision::policy::Trigger;
use spigot_decision::{Action, Decision, Evidence, Millis, Policy, Reason, ReasonKind, Source, policy};
use spigot_event::{Asked, ChallengeStep, DecisionId, Event, Fingerprints, Retention, Sink, SqliteSink};

const HOUR: i64 = 3_600_000;
const COUNTRIES: [[u8; 2]; 12] =
    [*b"DE", *b"AT", *b"FR", *b"US", *b"ES", *b"NL", *b"CN", *b"PL", *b"GB", *b"IT", *b"BR", *b"JP"];
const POLICY: &str = r#"
extends = "nothing"
[[route]]
name = "login"
match = ["/login"]
[[route]]
name = "search"
match = ["/search"]
[[route]]
name = "default"
match = ["/**"]
"#;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(now)) =
        (arguments.next(), arguments.next().and_then(|now| now.parse::<i64>().ok()))
    else {
        eprintln!("name a data folder, the present in milliseconds, and how many days");
        return;
    };
    let days: i64 = arguments.next().and_then(|days| days.parse().ok()).unwrap_or(16);
    let policy = Arc::new(policy::load("history", POLICY).expect("it is a policy"));
    let retention = Retention::default();
    let mut sink = SqliteSink::open(std::path::Path::new(&folder), retention).expect("the folder is ours");
    let mut maker = Maker { policy, random: 42, number: 0 };
    let begin = now - days * 24 * HOUR;
    for hour in 0..days * 24 {
        let start = begin + hour * HOUR;
        let mut batch = maker.hour(start, now - start);
        batch.sort_by_key(|event| event.time);
        sink.write(&batch).expect("there is room");
    }
}

struct Maker {
    policy: Arc<Policy>,
    random: u64,
    number: u64,
}

impl Maker {
    fn below(&mut self, end: u64) -> u64 {
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % end.max(1)
    }

    /// The events of one hour; `ago` is how long before the present it begins.
    fn hour(&mut self, start: i64, ago: i64) -> Vec<Event> {
        let of_day = start.div_euclid(HOUR).rem_euclid(24);
        let people = if (7..23).contains(&of_day) { 260 } else { 60 } + self.below(60);
        let mut events: Vec<Event> = (0..people).flat_map(|_| self.person(start)).collect();
        let scraped = if of_day % 6 == 2 { 60 } else { 6 };
        events.extend((0..scraped).map(|_| self.bot(start, 3)));
        if (47 * HOUR..=50 * HOUR).contains(&ago) {
            events.extend((0..900).map(|_| self.bot(start, 0)));
        }
        events
    }

    /// A page, now and then a challenge that is nearly always solved.
    fn person(&mut self, start: i64) -> Vec<Event> {
        let client = self.below(900) as u32;
        let mut event = self.event(start, Ipv4Addr::from_bits(0xc633_6400 + client).into());
        event.decision.route = 1 + self.below(2) as u16;
        event.country = Some(COUNTRIES[(client as usize * client as usize / 900) % COUNTRIES.len()]);
        event.device = Some(["desktop", "phone", "phone", "tablet"][client as usize % 4]);
        if self.below(40) > 0 {
            return vec![event];
        }
        event.decision.route = 0;
        event.path = "/login".into();
        event.upstream_status = None;
        asked(&mut event, Source::SensitiveRoute, "issued", None);
        if self.below(12) == 0 {
            return vec![event];
        }
        let mut solved = self.event(start, event.client);
        solved.time = event.time.plus(1_500);
        solved.id =
            DecisionId::new(solved.time, self.number.to_be_bytes()[3..].try_into().expect("five of eight"));
        (solved.country, solved.device, solved.path) = (event.country, event.device, "/login".into());
        let step = ChallengeStep {
            result: "solved",
            solve_millis: Some(1_400),
            ..event.challenge.as_deref().copied().expect("asked")
        };
        solved.challenge = Some(Box::new(step));
        let reasons = event.decision.reasons.iter().map(|reason| reason.source).collect();
        let (policy, route) = (event.policy.clone(), event.decision.route);
        solved.asked = Some(Arc::new(Asked { policy, route, reasons }));
        vec![event, solved]
    }

    /// Of route 0 log-ins are tried, of others pages are taken.
    fn bot(&mut self, start: i64, route: u16) -> Event {
        let client = self.below(if route == 0 { 60 } else { 4 }) as u32;
        let mut event = self.event(start, Ipv4Addr::from_bits(0xcb00_7100 + client).into());
        event.country = Some(*b"CN");
        event.device = Some("bot");
        event.network = Some(64_511);
        event.user_agent = "python-requests/2.32".into();
        event.upstream_status = None;
        event.decision.route = if route == 0 { 0 } else { 2 };
        event.path =
            if route == 0 { "/login".into() } else { format!("/products/{}", self.below(500)).into() };
        if self.below(3) == 0 {
            event.decision.action = Action::Block;
            event.decision.effective = Action::Block;
            event.decision.risk = 90;
            event.decision.reasons.push(reason(Source::Trigger(Trigger::DenylistedOrigin), Action::Block));
        } else {
            asked(&mut event, Source::Trigger(Trigger::HighFrequency), "issued", Some(55));
        }
        event
    }

    fn event(&mut self, start: i64, client: std::net::IpAddr) -> Event {
        self.number += 1;
        let time = Millis(start + self.below(HOUR.unsigned_abs()) as i64);
        let random = self.number.to_be_bytes()[3..].try_into().expect("five of eight");
        Event {
            time,
            id: DecisionId::new(time, random),
            policy: self.policy.clone(),
            decision: Decision {
                action: Action::Allow,
                effective: Action::Allow,
                route: 2,
                risk: 0,
                reasons: Vec::new(),
                demand: None,
                trickle: None,
                retry_after_seconds: None,
            },
            client,
            host: "shop.example".into(),
            method: "GET".into(),
            path: "/search".into(),
            user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".into(),
            sender: "navigation",
            network: Some(64_500),
            country: Some(*b"DE"),
            device: Some("desktop"),
            fingerprints: Fingerprints::default(),
            account: None,
            clearance: None,
            challenge: None,
            asked: None,
            site: None,
            trickled: false,
            upstream_status: Some(200),
            added_micros: 30 + self.below(60) as u32 + if self.below(60) == 0 { 900 } else { 0 },
        }
    }
}

fn reason(source: Source, action: Action) -> Reason {
    Reason { source, kind: ReasonKind::Asks(action), evidence: Evidence::None }
}

fn asked(event: &mut Event, source: Source, result: &'static str, risk: Option<u8>) {
    event.decision.action = Action::Challenge;
    event.decision.effective = Action::Challenge;
    event.decision.risk = risk.unwrap_or(0);
    event.decision.reasons.push(reason(source, Action::Challenge));
    event.challenge = Some(Box::new(ChallengeStep {
        kind: "cachewalk",
        log2_work: 12,
        result,
        solve_millis: None,
        claimed_millis: None,
        provider: None,
    }));
}
