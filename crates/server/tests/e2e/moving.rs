//! Upstreams that move, stall and come back while it runs.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::application::Application;
use super::demo::SOON;
use super::served::Served;

/// The name is moved in a hosts file that only this process sees, in a mount namespace of its own.
#[test]
fn a_name_that_moves_to_another_address() {
    let folder = tempfile::tempdir().unwrap();
    let hosts = folder.path().join("hosts");
    let lead_to = |address: &str| std::fs::write(&hosts, format!("{address} app.test\n")).unwrap();
    lead_to("127.0.0.21");
    let within = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-c", script]);
        command.arg(env!("CARGO_BIN_EXE_spigot")).env("HOSTS", &hosts);
        command
    };
    match within("mount --bind \"$HOSTS\" /etc/hosts && getent hosts app.test").output() {
        Ok(output) if output.stdout.starts_with(b"127.0.0.21") => {}
        other => return println!("skipped: no mount namespace can be had here ({other:?})"),
    }
    let mut here = Application::start_at(([127, 0, 0, 21], 0).into(), |exchange| {
        exchange.answer("here");
        true
    });
    let port = here.address.port();
    let _there = Application::start_at(([127, 0, 0, 22], port).into(), |exchange| {
        exchange.answer("there");
        true
    });
    let run = within("mount --bind \"$HOSTS\" /etc/hosts && exec \"$0\" \"$@\"");
    let served = Served::start_by(run, &format!("upstream = \"http://app.test:{port}\""));
    let mut connection = served.connect();
    assert_eq!(connection.get("/").text(), "here");
    lead_to("127.0.0.22");
    assert_eq!(connection.get("/").text(), "here", "as long as it serves, it is kept for half a minute");
    here.kill();
    let start = Instant::now();
    loop {
        let answer = connection.get("/");
        if answer.status == 200 {
            assert_eq!(answer.text(), "there");
            break;
        }
        assert_eq!(answer.status, 502);
        assert!(start.elapsed() < SOON, "the name is not asked for again");
    }
}

#[test]
fn three_times_no_answer_in_time_and_it_is_passed_over() {
    let answers = Arc::new(AtomicBool::new(false));
    let awake = answers.clone();
    let moody = Application::start(move |exchange| {
        if awake.load(Ordering::SeqCst) {
            exchange.answer("moody");
            return true;
        }
        // Until the gateway gives up.
        exchange.line();
        false
    });
    let steady = Application::start(|exchange| {
        exchange.answer("steady");
        true
    });
    let served = Served::start(&format!(
        "upstream = [\"{}\", \"{}\"]\n[bounds]\nanswer_time = \"200ms\"\npass_over = \"5s\"\npass_over_most = \"5s\"",
        moody.address, steady.address
    ));
    let mut connection = served.connect();
    // The two take turns.
    let statuses: Vec<u16> = (0..6).map(|_| connection.get("/").status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 504).count(), 3, "{statuses:?}");
    let start = Instant::now();
    let mut passed_over = 0;
    while start.elapsed().as_secs() < 3 && passed_over < 50 {
        let answer = connection.get("/");
        assert_eq!((answer.status, answer.text().as_str()), (200, "steady"), "after {:?}", start.elapsed());
        passed_over += 1;
    }
    assert!(passed_over > 2, "{passed_over}");
    answers.store(true, Ordering::SeqCst);
    while connection.get("/").text() != "moody" {
        assert!(start.elapsed() < SOON, "it is never tried again");
    }
    assert!(start.elapsed().as_secs() >= 3, "not before its time is over: {:?}", start.elapsed());
}
