//! A data folder that stops taking anything while Spigot runs: on a disk that is full, where every write fails, and one
//! that somebody moved away.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use spigot_admin::PolicyStore;

use super::application::Application;
use super::client::Connection;
use super::demo::free_port;

/// Starts the program given as its arguments on a small disk of its own, mounted at the first argument where only it
/// and its children see it.
const ON_A_SMALL_DISK: &str = "mount -t tmpfs -o size=4m,mode=700 spigot \"$1\" && shift && exec \"$@\"";
/// Starts it so that a file beyond its bound is an error and no signal.
const WITHOUT_SIGNAL: &str = "shift && trap '' XFSZ && exec \"$@\"";

struct Running {
    process: Child,
    address: SocketAddr,
    admin: SocketAddr,
    /// The data folder as this process sees it.
    data: PathBuf,
    log: Arc<Mutex<Vec<String>>>,
}

impl Running {
    fn start(folder: &Path, script: &str, upstream: SocketAddr, unshare: bool) -> Self {
        let (address, admin) = (free_port(), free_port());
        let (file, data) = (folder.join("spigot.toml"), folder.join("data"));
        std::fs::create_dir(&data).unwrap();
        let text = format!(
            "listen = \"{address}\"\nadmin = \"{admin}\"\ndata = \"{}\"\nthreads = 1\nupstream = \"{upstream}\"\n[[route]]\nname = \"all\"\nmatch = \"/**\"\ntriggers = {{ high_frequency = false }}\n",
            data.display()
        );
        std::fs::write(&file, text).unwrap();
        let mut command = Command::new(if unshare { "unshare" } else { "sh" });
        if unshare {
            command.args(["--map-root-user", "--mount", "sh"]);
        }
        let mut process = command
            .args(["-c", script, "sh"])
            .arg(&data)
            .arg(env!("CARGO_BIN_EXE_spigot"))
            .arg("run")
            .arg("--config")
            .arg(&file)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines().map_while(Result::ok);
        let before: Vec<_> = lines.by_ref().take_while(|line| !line.contains("\"started\"")).collect();
        let log = Arc::<Mutex<Vec<String>>>::default();
        let written = log.clone();
        std::thread::spawn(move || lines.for_each(|line| written.lock().unwrap().push(line)));
        assert!(process.try_wait().unwrap().is_none(), "it did not start: {before:?}");
        // Every script ends in the program itself, so the process is Spigot.
        let data = if unshare {
            PathBuf::from(format!("/proc/{}/root{}", process.id(), data.display()))
        } else {
            data
        };
        Self { process, address, admin, data, log }
    }

    fn ask(&self, times: u32) {
        let mut connection = Connection::open(self.address);
        for n in 0..times {
            assert_eq!(connection.get("/").status, 200, "request {n}");
        }
    }

    fn metric(&self, name: &str) -> u64 {
        let metrics =
            Connection::open(self.admin).request("GET", "/metrics", &[("Connection", "close")], b"").text();
        let line = metrics.lines().find_map(|line| line.strip_prefix(&format!("spigot_{name} ")));
        line.unwrap_or_else(|| panic!("no {name} in {metrics}")).parse().unwrap()
    }

    /// The lines about an event, so far.
    fn said(&self, event: &str) -> Vec<String> {
        let event = format!("\"event\":\"{event}\"");
        self.log.lock().unwrap().iter().filter(|line| line.contains(&event)).cloned().collect()
    }

    /// Asks until it is so; each question is a request, so that there is something to write.
    fn until(&self, what: &str, so: impl Fn(&Self) -> bool) -> u32 {
        let begun = Instant::now();
        let mut asked = 0;
        while begun.elapsed().as_secs() < 30 {
            if so(self) {
                return asked;
            }
            self.ask(1);
            asked += 1;
        }
        panic!("never: {what}; it said {:?}", self.log.lock().unwrap());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Serves throughout, says it once, counts it, and has lost nothing when the folder takes writes again.
fn check(running: &Running, stop: impl Fn(&Running), go_on: impl Fn(&Running), complaint: &str) {
    running.ask(20);
    let mut asked = 20 + running.until("written", |running| running.metric("events_written_total") >= 20);
    assert_eq!((running.metric("keeping_failed_total"), running.metric("events_failed_total")), (0, 0));
    stop(running);
    asked += running.until("both failed repeatedly", |running| {
        running.metric("keeping_failed_total") >= 2 && running.metric("events_failed_total") >= 2
    });
    asked += running.until("said", |running| !running.said("recording_failed").is_empty());
    running.ask(20);
    asked += 20;
    for event in ["keeping_failed", "recording_failed"] {
        let said = running.said(event);
        assert_eq!(said.len(), 1, "once, not each second: {said:?}");
        assert!(said[0].contains(complaint), "{said:?}");
    }
    let health = Connection::open(running.admin).request("GET", "/health", &[("Connection", "close")], b"");
    assert_eq!(health.json()["status"], "serving");
    assert!(health.json()["keeping"]["last_error"].is_string(), "{}", health.text());

    go_on(running);
    asked += running.until("works again", |running| {
        running.said("keeping_works_again").len() == 1 && running.said("recording_works_again").len() == 1
    });
    assert_eq!(running.metric("events_dropped_total"), 0);
    let begun = Instant::now();
    while running.metric("events_written_total") < asked.into() || kept(&running.data) < asked {
        assert!(
            begun.elapsed().as_secs() < 30,
            "{asked} requests, {} kept: {:?}",
            kept(&running.data),
            running.log
        );
    }
    assert_eq!(
        (running.metric("events_written_total"), kept(&running.data)),
        (asked.into(), asked),
        "every one"
    );
}

/// The requests that are kept in the hours. A copy is read, because SQLite would leave the other process's view of the
/// files by resolving the path.
fn kept(data: &Path) -> u32 {
    let folder = tempfile::tempdir().unwrap();
    for name in ["settings.sqlite", "settings.sqlite-wal"] {
        std::fs::copy(data.join(name), folder.path().join(name)).unwrap();
    }
    let (hours, _) = PolicyStore::open(folder.path()).unwrap().kept().unwrap();
    hours.iter().filter(|hour| hour.route == "all").map(|hour| hour.count).sum()
}

fn application() -> Application {
    Application::start(|exchange| {
        exchange.answer("hello");
        true
    })
}

#[test]
fn a_full_disk_stops_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let try_it = Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", ON_A_SMALL_DISK, "sh"])
        .arg(folder.path())
        .arg("true")
        .output();
    if !try_it.as_ref().is_ok_and(|output| output.status.success()) {
        println!(
            "SKIPPED: this machine lets nobody mount a disk of its own, so nothing was tried: {try_it:?}"
        );
        return;
    }
    let application = application();
    let running = Running::start(folder.path(), ON_A_SMALL_DISK, application.address, true);
    let filler = running.data.join("filler");
    let fill = |_: &Running| {
        let mut file = std::fs::File::create(&filler).unwrap();
        while file.write_all(&[7; 4096]).is_ok() {}
    };
    check(&running, fill, |_| std::fs::remove_file(&filler).unwrap(), "full");
}

#[test]
fn a_folder_that_takes_nothing_stops_nobody() {
    let limit = |running: &Running, bytes: &str| {
        let process = running.process.id().to_string();
        Command::new("prlimit").args(["--pid", &process, &format!("--fsize={bytes}:unlimited")]).status()
    };
    if Command::new("prlimit").arg("--version").output().is_err() {
        println!("SKIPPED: there is no prlimit, so nothing was tried");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let application = application();
    let running = Running::start(folder.path(), WITHOUT_SIGNAL, application.address, false);
    let stop = |running: &Running| assert!(limit(running, "0").unwrap().success());
    let go_on = |running: &Running| assert!(limit(running, "unlimited").unwrap().success());
    check(&running, stop, go_on, "disk I/O error");
}

#[test]
fn a_folder_that_was_moved_away_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let application = application();
    let running = Running::start(folder.path(), WITHOUT_SIGNAL, application.address, false);
    let away = folder.path().join("away");
    std::fs::rename(&running.data, &away).unwrap();
    let mut asked = running.until("noticed", |running| running.metric("keeping_failed_total") >= 2);
    asked += running.until("said", |running| !running.said("keeping_failed").is_empty());
    let said = running.said("keeping_failed");
    assert!(said.len() == 1 && said[0].contains("removed or replaced"), "{said:?}");

    // Settings still change: keys that can neither be read nor made anew stay as they are.
    let file = folder.path().join("spigot.toml");
    let mut text = std::fs::read_to_string(&file).unwrap();
    text.push_str("[[rule]]\nname = \"gone\"\nwhen = 'request.path == \"/gone\"'\naction = \"block\"\n");
    std::fs::write(&file, text).unwrap();
    asked += running.until("the new rule holds", |running| running.said("configuration_loaded").len() == 1);
    assert_eq!(Connection::open(running.address).get("/gone").status, 403);
    asked += 1;
    assert_eq!(running.said("secrets_unchanged").len(), 1);

    std::fs::rename(&away, &running.data).unwrap();
    asked += running.until("works again", |running| running.said("keeping_works_again").len() == 1);
    let begun = Instant::now();
    while kept(&running.data) != asked {
        assert!(begun.elapsed().as_secs() < 30, "{asked} requests, {} kept", kept(&running.data));
    }
}
