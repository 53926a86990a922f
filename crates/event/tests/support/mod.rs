//! Events and folders to test with.
#![allow(dead_code, reason = "each user of this file takes what it needs")]

use std::sync::Arc;

use spigot_decision::{
    Action, Decision, Evidence, Level, Millis, Policy, Reason, ReasonKind, Source, policy,
};
use spigot_event::{DecisionId, Event, Fingerprints};

/// 2026-11-21T08:00:00Z.
pub(crate) const START: Millis = Millis(1_795_248_000_000);

/// A policy with two routes, `search` and `default`, that changes with nothing but this file.
pub(crate) fn policy() -> Arc<Policy> {
    const TEXT: &str = r#"
extends = "nothing"
[[route]]
name = "search"
match = ["/search"]
level = "medium"
[[route]]
name = "default"
match = ["/**"]
"#;
    Arc::new(policy::load("test", TEXT).unwrap_or_else(|problems| panic!("{problems}")))
}

/// The event number `number`, a millisecond after the one before, that passed.
pub(crate) fn event(policy: &Arc<Policy>, number: u64) -> Event {
    let time = START.plus(number.cast_signed());
    // Random in life: multiplied by an odd number, each differs and neighbours lie apart.
    let [random @ .., _, _, _] = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
    Event {
        time,
        id: DecisionId::new(time, random),
        policy: policy.clone(),
        decision: Decision {
            action: Action::Allow,
            effective: Action::Allow,
            route: 0,
            risk: 0,
            reasons: Vec::new(),
            demand: None,
            trickle: None,
            retry_after_seconds: None,
        },
        client: std::net::Ipv4Addr::from_bits(0xc000_0200 | number as u32 & 0xff).into(),
        host: "shop.example".into(),
        method: "GET".into(),
        path: "/search".into(),
        user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".into(),
        sender: "page",
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
        added_micros: 40,
    }
}

/// Of every layer, as a browser's would be.
pub(crate) fn fingerprints() -> Fingerprints {
    Fingerprints {
        tls: Some("t13d1715h2_5b57614c22b0_3d5424432f57".into()),
        http2: Some("1:65536;4:131072|12517377|0|m,p,a,s".into()),
        header: Some(0x0123_4567_89ab_cdef),
    }
}

/// The same with an action, a risk and reasons.
pub(crate) fn decided(
    policy: &Arc<Policy>,
    number: u64,
    action: Action,
    risk: u8,
    reasons: &[Reason],
) -> Event {
    let mut event = event(policy, number);
    event.decision.action = action;
    event.decision.effective = action;
    event.decision.risk = risk;
    event.decision.reasons = reasons.to_vec();
    event
}

/// A reason.
pub(crate) fn reason(source: Source, kind: ReasonKind, evidence: Evidence) -> Reason {
    Reason { source, kind, evidence }
}

/// The reason of a clearance that answered.
pub(crate) fn cleared(level: Level) -> Reason {
    reason(Source::Clearance, ReasonKind::Softens, Evidence::Level(level))
}

/// A folder of one's own, removed in the end.
pub(crate) struct Folder(pub(crate) std::path::PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("spigot-event-{}-{number}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("the folder for temporary files can be written");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
