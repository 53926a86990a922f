//! What widens no match and opens no door: a fragment in a path, and the name of a health checker.

use super::demo::Demo;

#[test]
fn a_fragment_in_a_path_is_no_way_around_a_route() {
    let config = "extends = \"default\"\n[[route]]\nname = \"open\"\nmatch = \"/static/**\"\n";
    let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(config));
    let status = |target: &str| {
        let mut connection = demo.connect();
        connection.send(
            format!("GET {target} HTTP/1.1\r\nHost: a\r\nUser-Agent: curl/8\r\nConnection: close\r\n\r\n")
                .as_bytes(),
        );
        connection.answer(false).status
    };
    assert_eq!(status("/login"), 403);
    for target in [
        "/login#/static/x",
        "/login#",
        "/login?a#/static/x",
        "/static/../login#/static/x",
        "/static/x#/../../login",
        "/login%23/static/x",
        "/static/%23/../../login",
    ] {
        let status = status(target);
        // Refused, asked, or nothing that the shop has: never the page behind the challenge.
        assert!(matches!(status, 400 | 403 | 404), "{target}: {status}");
    }
    let received = demo.connect().request("GET", "/whoami#/login", &[], b"");
    assert!(received.status == 400 || received.json()["target"] == "/whoami", "{}", received.text());
}

#[test]
fn the_name_of_a_health_checker_grants_nothing() {
    let demo = Demo::start();
    for name in [
        "kube-probe/1.31",
        "ELB-HealthChecker/2.0",
        "GoogleHC/1.0",
        "Amazon-Route53-Health-Check-Service",
        "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
        "Pingdom.com_bot_version_1.4",
        "Consul Health Check",
        "HAProxy",
        "",
    ] {
        for target in ["/login", "/signup"] {
            let answer = demo.connect().request("GET", target, &[("User-Agent", name)], b"");
            assert_eq!(answer.status, 403, "{name} at {target}: {}", answer.text());
        }
    }
}
