//! What commands print, whoever reads it, and what they refuse.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::client::Connection;
use super::demo::{Demo, command, free_port};

fn spigot(arguments: &[&str], data: Option<&Path>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spigot"));
    command.args(arguments);
    if let Some(data) = data {
        command.arg("--data").arg(data);
    }
    command
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_reader_that_goes_away_ends_a_command_quietly_and_a_full_disk_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("spigot.toml");
    std::fs::write(&file, "upstream = \"http://127.0.0.1:3000\"\n").unwrap();
    let bad = folder.path().join("bad.toml");
    std::fs::write(&bad, "lisen = 1\n").unwrap();
    let demo = Demo::start();
    assert_eq!(demo.connect().get("/").status, 200);
    demo.until("an event is written", |health| health["events"]["written"].as_u64() > Some(0));
    let data = demo.folder.path();
    let check = |arguments: &[&str], data: Option<&Path>, fails_anyway: bool| {
        let start = |to: Stdio| spigot(arguments, data).stdout(to).stderr(Stdio::piped()).spawn().unwrap();
        let mut gone = start(Stdio::piped());
        drop(gone.stdout.take());
        let gone = gone.wait_with_output().unwrap();
        assert!(!said(&gone).contains("panicked"), "{arguments:?}: {gone:?}");
        assert!(gone.status.code() == Some(0) || fails_anyway, "{arguments:?}: {gone:?}");
        let full = start(File::options().write(true).open("/dev/full").unwrap().into());
        let full = full.wait_with_output().unwrap();
        assert_eq!(full.status.code(), Some(1), "{arguments:?}: {full:?}");
        let expected = "the result cannot be written: No space left on device";
        assert!(said(&full).contains(expected), "{arguments:?}: {full:?}");
    };
    let (file, bad) = (file.to_str().unwrap(), bad.to_str().unwrap());
    check(&["schema"], None, false);
    check(&["check", file], None, false);
    check(&["check", bad], None, true);
    for format in ["text", "json"] {
        check(&["events", "--format", format], Some(data), false);
    }
    check(&["list", "export", "deny"], Some(data), false);
    let log = demo.folder.path().join("access.log");
    std::fs::write(&log, "192.0.2.1 - - [01/Nov/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"-\"\n")
        .unwrap();
    check(&["replay", log.to_str().unwrap()], None, false);
    let nothing = tempfile::tempdir().unwrap();
    for show in [["restrict", "show"], ["list", "show"], ["exception", "show"], ["force", "--list"]] {
        check(&show, Some(nothing.path()), false);
    }
}

/// Nobody has to look at what it says for the shop to be served.
#[test]
fn a_demo_without_a_reader_serves() {
    let (address, admin, service) = (free_port(), free_port(), free_port());
    let folder = tempfile::tempdir().unwrap();
    let addresses = [address, admin, service].map(|address| address.to_string());
    let mut process =
        spigot(&["demo", "--listen", &addresses[0], "--admin", &addresses[1]], Some(folder.path()))
            .args(["--service", &addresses[2]])
            .stdout(File::options().write(true).open("/dev/full").unwrap())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
    let begun = std::time::Instant::now();
    while [address, admin].iter().any(|address| std::net::TcpStream::connect(address).is_err()) {
        assert!(begun.elapsed().as_secs() < 60 && process.try_wait().unwrap().is_none(), "it does not start");
    }
    // Enough for it to have said all of it; it would be gone if that had ended it.
    for n in 0..200 {
        let health = Connection::open(admin).request("GET", "/health", &[("Connection", "close")], b"");
        assert_eq!(health.status, 200, "question {n}");
    }
    assert_eq!(Connection::open(address).get("/").status, 200);
    assert!(process.try_wait().unwrap().is_none(), "it has ended");
    process.kill().unwrap();
    process.wait().unwrap();
    let mut errors = String::new();
    process.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert!(!errors.contains("panicked"), "{errors}");
}

#[test]
fn what_would_be_forced_on_nobody_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let check = |arguments: &[&str], success: bool, expected: &str| {
        let output = command(folder.path(), arguments);
        assert_eq!(output.status.success(), success, "{arguments:?}: {output:?}");
        assert!(said(&output).contains(expected), "{arguments:?}: {}", said(&output));
    };
    check(&["force", "POSTT /signup"], false, "did you mean \"POST\"?");
    check(&["force", "get|postt /signup"], false, "did you mean \"POST\"?");
    check(&["force", "POST /signup"], true, "It has no end");
    check(&["force", "get|post /login", "--for", "1h"], true, "force * GET|POST /login");
    check(&["force", "/search", "--until", "2100-01-01T00:00:00Z"], true, "force * /search");
    check(&["force", "/search", "--until", "2020-01-01T00:00:00Z"], false, "is over already");
    check(
        &["force", "/search", "--until", "2100-01-01T00:00:00Z", "--for", "1h"],
        false,
        "cannot be used with",
    );
    check(&["force", "--list"], true, "until 2100-01-01T00:00:00");
    check(&["force", "post /signup", "--stop"], true, "Removed: force * POST /signup");
}

#[test]
fn an_exception_for_everything_is_said_in_words_and_its_routes_are_known() {
    let demo = Demo::start();
    let check = |arguments: &[&str], success: bool, expected: &[&str]| {
        let output = demo.command(&[&["exception"], arguments].concat());
        assert_eq!(output.status.success(), success, "{arguments:?}: {output:?}");
        for expected in expected {
            assert!(said(&output).contains(expected), "{arguments:?}: {}", said(&output));
        }
    };
    let add = |name: &'static str, more: &[&'static str]| {
        [&["add", name, "--for", "1h", "--reason", "r", "--author", "ada"], more].concat()
    };
    check(&add("all", &[]), false, &["--everything", "--address"]);
    check(&add("all", &["--everything", "--route", "login"]), false, &["cannot be used with"]);
    check(&add("typo", &["--route", "serach"]), false, &["no route \"serach\"", "did you mean \"search\"?"]);
    check(&add("all", &["--everything"]), true, &["exception all"]);
    let narrow = ["--route", "search", "--route", "login", "--address", "192.0.2.0/24", "--times", "2.5"];
    check(&add("sale", &[&narrow[..], &["--start", "2100-01-01T00:00:00Z"]].concat()), true, &[]);
    let shown = [
        "exception all: everybody on every route, passes altogether, from 2",
        "exception sale: 192.0.2.0/24 on search, login, 2.5 times what is usual, from 2100-01-01T00:00:00",
        "by ada: r",
    ];
    check(&["show"], true, &shown);
}

#[test]
fn what_a_server_says_is_for_programs_or_for_people() {
    for (format, expected) in [("json", "\"event\":\"started\""), ("text", " started; listening: ")] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("spigot.toml");
        let (address, data) = (free_port(), folder.path().join("data"));
        let text = format!(
            "listen = \"{address}\"\ndata = \"{}\"\nthreads = 1\nupstream = \"http://127.0.0.1:9\"\n",
            data.display()
        );
        std::fs::write(&file, text).unwrap();
        let mut process = spigot(&["run", "--format", format, "--config", file.to_str().unwrap()], None)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut errors = std::io::BufReader::new(process.stderr.take().unwrap());
        let mut line = String::new();
        std::io::BufRead::read_line(&mut errors, &mut line).unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
        assert!(line.contains(expected) && line.contains(&address.to_string()), "{format}: {line}");
    }
}
