//! Restrictions that Spigot sets by itself, and operators who lift them while it runs.

use super::client::Answer;
use super::demo::Demo;

const POLICY: &str = "[restrict]\nslow_from = 100\nrestrict_from = 3\nsteps = \"1h\"\n[[route]]\nname = \"all\"\nmatch = \"/**\"\n";

/// Tries a wrong password, another one each time: the same body again and again would be asked for that.
fn fail(demo: &Demo, last_byte: u8, attempt: u32) -> Answer {
    let form = [("Accept", "text/html"), ("Content-Type", "application/x-www-form-urlencoded")];
    let body = format!("email=ada%40example.org&password={last_byte}-{attempt}");
    demo.connect_from(last_byte).request("POST", "/login", &form, body.as_bytes())
}

/// Waits until `restrict list` names `subject`: it is kept each second.
fn until_listed(demo: &Demo, subject: &str) {
    let begun = std::time::Instant::now();
    while begun.elapsed().as_secs() < 20 {
        let listed = demo.command(&["restrict", "list"]);
        if String::from_utf8_lossy(&listed.stdout).contains(&format!("automatic: {subject}, step 1")) {
            return;
        }
    }
    panic!("never listed: {subject}");
}

#[test]
fn an_automatic_restriction_is_listed_lifted_and_the_lift_survives_a_crash() {
    let demo = Demo::start_with(tempfile::tempdir().unwrap(), Some(POLICY));
    for last_byte in [7, 8] {
        for n in 0..3 {
            assert_eq!(fail(&demo, last_byte, n).status, 401, "failure {n}");
        }
        let refused = demo.connect_from(last_byte).get("/");
        assert_eq!(refused.status, 403);
        assert!(refused.header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().unwrap() > 3500));
        until_listed(&demo, &format!("127.0.0.{last_byte}"));
    }
    let nobody = demo.command(&["restrict", "lift", "127.0.0.9"]);
    assert!(!nobody.status.success() && String::from_utf8_lossy(&nobody.stderr).contains("restrict show"));
    demo.change(&["restrict", "lift", "127.0.0.7", "--reason", "called support", "--author", "ada"]);
    assert_eq!(demo.connect_from(7).get("/").status, 200, "lifted");
    assert_eq!(demo.connect_from(8).get("/").status, 403, "the other one is not");
    // Its past is forgotten too: it takes three failures again.
    assert_eq!((fail(&demo, 7, 3).status, fail(&demo, 7, 4).status), (401, 401));
    assert_eq!(demo.connect_from(7).get("/").status, 200);
    let demo = Demo::start_with(demo.kill(), Some(POLICY));
    assert_eq!(demo.connect_from(7).get("/").status, 200, "still lifted");
    assert_eq!(demo.connect_from(8).get("/").status, 403, "still restricted");
    demo.change(&["restrict", "lift", "127.0.0.0/8"]);
    assert_eq!(demo.connect_from(8).get("/").status, 200, "everybody within the prefix");
}
