use super::*;
use crate::staff::{IDLE_MILLIS, LINK_MILLIS, SESSION_MILLIS};

const MINUTE: i64 = 60_000;

/// Whether a session still counts when it asks for something that each role may see.
fn holds(panel: &Panel, who: &As, at: Millis, fields: &[(&str, &str)]) -> bool {
    let (status, said) = panel.call_at(who, &Method::GET, "/api/forced", (&Value::Null, fields), at);
    assert!(status == 200 || said["code"] == "signed_out" || said["code"] == "token", "{status} {said}");
    status == 200
}

#[test]
fn a_session_ends_when_nobody_is_there_and_in_any_case() {
    let panel = Panel::new();
    let idle = panel.session(Role::Analyst);
    assert!(holds(&panel, &idle, NOW.plus(IDLE_MILLIS - 1), &[]));
    let idle = panel.session(Role::Analyst);
    assert!(!holds(&panel, &idle, NOW.plus(IDLE_MILLIS), &[]));
    // Somebody who is there all the time has to sign in again at last.
    let busy = panel.session(Role::Analyst);
    let mut at = NOW;
    while at.0 < NOW.0 + SESSION_MILLIS - 20 * MINUTE {
        at = at.plus(20 * MINUTE);
        assert!(holds(&panel, &busy, at, &[]), "{} minutes", at.since(NOW) / MINUTE);
    }
    assert!(holds(&panel, &busy, NOW.plus(SESSION_MILLIS - 1), &[]));
    assert!(!holds(&panel, &busy, NOW.plus(SESSION_MILLIS), &[]));
}

#[test]
fn what_a_page_asks_by_itself_keeps_no_session_alive() {
    let panel = Panel::new();
    let left = panel.session(Role::Analyst);
    let unattended = [("x-spigot-unattended", "1")];
    for minute in 1..30 {
        assert!(holds(&panel, &left, NOW.plus(minute * MINUTE), &unattended), "after {minute} minutes");
    }
    assert!(!holds(&panel, &left, NOW.plus(30 * MINUTE), &unattended));
    assert!(!holds(&panel, &left, NOW.plus(30 * MINUTE), &[]));
}

#[test]
fn sessions_end_with_what_they_were_for() {
    let check = |ends: &dyn Fn(&mut StaffStore), what: &str| {
        let panel = Panel::new();
        panel.session(Role::Admin);
        let of_them = panel.session(Role::Operator);
        assert!(holds(&panel, &of_them, NOW, &[]));
        ends(&mut panel.staff());
        assert!(!holds(&panel, &of_them, NOW, &[]), "{what}");
    };
    check(&|staff| staff.remove_user("operator").unwrap(), "the user is removed");
    check(&|staff| staff.set_role("operator", Role::Support).unwrap(), "another role");
    check(&|staff| staff.set_disabled("operator", true).unwrap(), "kept out");
    check(&|staff| staff.set_password("operator", PASSWORD, None).unwrap(), "another password");
    check(&|staff| staff.set_identity("operator", Some("https://i.example 7")).unwrap(), "another way in");
    check(&|staff| assert_eq!(staff.end_sessions("operator", None, None).unwrap(), 1), "ended");
}

#[test]
fn a_session_is_one_browsers_page() {
    let panel = Panel::new();
    let As::Session(secret) = panel.session(Role::Operator) else { panic!("a session") };
    let forged = As::Session(format!("{}0", &secret[1..]));
    assert!(!holds(&panel, &forged, NOW, &[]));
    let change = |fields: &[(&str, &str)]| {
        let (method, path) = (Method::DELETE, "/api/forced/0");
        let mut request = Request::builder().method(method).uri(path).header("host", "127.0.0.1:8081");
        request = request.header("cookie", format!("spigot_session={secret}"));
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let answer =
            panel.api.answer(&request.body(Bytes::new()).unwrap(), IpAddr::from([192, 0, 2, 1]), NOW);
        answer.status.as_u16()
    };
    let own = csrf(&secret);
    assert_eq!(change(&[("x-spigot-csrf", &own)]), 428, "it gets as far as the version");
    assert_eq!(change(&[]), 403);
    assert_eq!(change(&[("x-spigot-csrf", "00")]), 403);
    assert_eq!(change(&[("x-spigot-csrf", &own), ("origin", "http://evil.example")]), 403);
    assert_eq!(change(&[("x-spigot-csrf", &own), ("sec-fetch-site", "cross-site")]), 403);
}

#[test]
fn a_one_time_link_is_for_once_and_a_day() {
    let panel = Panel::new();
    let mut staff = panel.staff();
    staff.add_user("ada", Role::Admin, NOW).unwrap();
    let link = || panel.staff().add_link("ada", NOW).unwrap();
    let use_it = |link: &str, at: Millis| {
        let body = serde_json::json!({ "link": link, "password": PASSWORD });
        panel.call_at(&As::Nobody, &Method::POST, "/api/session/link", (&body, &[]), at).0
    };
    let (first, second) = (link(), link());
    assert_eq!(use_it(&first, NOW), 404, "a later one ends the earlier");
    assert_eq!(use_it(&second, NOW.plus(LINK_MILLIS)), 404, "a day is over");
    assert_eq!(use_it(&"0".repeat(64), NOW), 404, "invented");
    assert_eq!(use_it("", NOW), 404);
    let weak = serde_json::json!({ "link": second, "password": "short" });
    assert_eq!(panel.call(&As::Nobody, &Method::POST, "/api/session/link", &weak).0, 400);
    assert_eq!(
        use_it(&second, NOW.plus(LINK_MILLIS - 1)),
        200,
        "a password that will not do left it as it was"
    );
    assert_eq!(use_it(&second, NOW.plus(LINK_MILLIS - 1)), 404, "once");
    let third = link();
    staff.set_disabled("ada", false).unwrap();
    assert_eq!(use_it(&third, NOW), 404, "what somebody was let in with ends when that changes");
}

#[test]
fn tokens_end_in_time_and_with_their_makers() {
    let panel = Panel::new();
    let mut staff = panel.staff();
    for name in ["admin", "root"] {
        staff.add_user(name, Role::Admin, NOW).unwrap();
    }
    let token = |name: &str| panel.token(name, Role::Operator, &[]);
    let first = token("first");
    assert!(holds(&panel, &first, NOW.plus(999), &[]));
    assert!(!holds(&panel, &first, NOW.plus(1000), &[]), "its time is over");
    assert!(!holds(&panel, &As::Token("spigot_admin_0".to_owned()), NOW, &[]), "invented");
    assert!(staff.remove_token("first").unwrap() && !holds(&panel, &first, NOW, &[]), "revoked");
    let second = token("second");
    staff.set_disabled("admin", true).unwrap();
    assert!(!holds(&panel, &second, NOW, &[]), "its maker is kept out");
    staff.set_disabled("admin", false).unwrap();
    let third = token("third");
    staff.set_role("admin", Role::Analyst).unwrap();
    assert!(!holds(&panel, &third, NOW, &[]), "its maker may less");
    let fourth = token("fourth");
    staff.remove_user("admin").unwrap();
    assert!(!holds(&panel, &fourth, NOW, &[]), "its maker is gone");
}
