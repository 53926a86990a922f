//! Starts the demo on free ports with a folder of its own, and ends it.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::client::Connection;

pub(crate) struct Demo {
    process: Child,
    pub(crate) address: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) service: SocketAddr,
    pub(crate) folder: tempfile::TempDir,
    /// What it says on standard error.
    log: Arc<Mutex<String>>,
}

/// For whatever has to happen soon; a slow machine gets all of it.
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// A policy that lets everything pass, so that only what comes before it is tested.
pub(crate) const OPEN: &str = "[[route]]\nname = \"all\"\nmatch = \"/**\"\n";

/// A port that stays this process's until it ends: bound, but not listened on, so that no other test is given it. Those
/// who listen with SO_REUSEPORT, as Spigot does, would otherwise share it unnoticed.
pub(crate) fn free_port() -> SocketAddr {
    static HELD: Mutex<Vec<socket2::Socket>> = Mutex::new(Vec::new());
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.set_reuse_address(true).unwrap();
    socket.set_reuse_port(true).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    HELD.lock().unwrap().push(socket);
    address
}

impl Demo {
    pub(crate) fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap())
    }

    pub(crate) fn start_in(folder: tempfile::TempDir) -> Self {
        Self::start_with(folder, None)
    }

    /// With a configuration of the test's own, written to `policy.toml` in the folder.
    pub(crate) fn start_with(folder: tempfile::TempDir, config: Option<&str>) -> Self {
        Self::start_at(free_port(), folder, config)
    }

    pub(crate) fn start_at(address: SocketAddr, folder: tempfile::TempDir, config: Option<&str>) -> Self {
        Self::start_saying(address, free_port(), folder, config, &[])
    }

    /// With the panel where its configuration says that it is.
    pub(crate) fn start_on(
        address: SocketAddr,
        admin: SocketAddr,
        folder: tempfile::TempDir,
        config: Option<&str>,
    ) -> Self {
        Self::start_saying(address, admin, folder, config, &[])
    }

    /// With more arguments.
    pub(crate) fn start_saying(
        address: SocketAddr,
        admin: SocketAddr,
        folder: tempfile::TempDir,
        config: Option<&str>,
        more: &[&str],
    ) -> Self {
        let service = free_port();
        let mut process = Command::new(env!("CARGO_BIN_EXE_spigot"))
            .args(["demo", "--listen", &address.to_string(), "--admin", &admin.to_string()])
            .args(more)
            .args(["--service", &service.to_string(), "--data"])
            .arg(folder.path())
            .args(config.iter().flat_map(|text| {
                let file = folder.path().join("policy.toml");
                std::fs::write(&file, text).unwrap();
                ["--config".into(), file.into_os_string()]
            }))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It says what to try when it is ready.
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        assert!(
            lines.next().is_some_and(|line| line.unwrap().contains("Spigot stands in front")),
            "the demo did not start"
        );
        std::thread::spawn(move || lines.count());
        let (log, mut errors) = (Arc::<Mutex<String>>::default(), process.stderr.take().unwrap());
        let said = log.clone();
        std::thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(count @ 1..) = errors.read(&mut piece) {
                let text = String::from_utf8_lossy(&piece[..count]).into_owned();
                eprint!("{text}");
                said.lock().unwrap().push_str(&text);
            }
        });
        Self { process, address, admin, service, folder, log }
    }

    pub(crate) fn connect(&self) -> Connection {
        Connection::open(self.address)
    }

    pub(crate) fn connect_from(&self, last_byte: u8) -> Connection {
        Connection::open_from(self.address, last_byte)
    }

    /// Runs another spigot command on the demo's folder.
    pub(crate) fn command(&self, arguments: &[&str]) -> Output {
        command(self.folder.path(), arguments)
    }

    /// What it has said on standard error so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Waits until it has said something, while asking it other things.
    pub(crate) fn until_said(&self, what: &str) {
        let start = Instant::now();
        self.until(what, |_| self.log().contains(what) || start.elapsed() > SOON);
        assert!(self.log().contains(what), "never said: {what}; but: {}", self.log());
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.process.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    /// Whether it has ended by itself, and how.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.process.try_wait().unwrap()
    }

    /// Waits for its end: its standard output, which a thread reads, ends with it.
    pub(crate) fn wait(mut self) -> ExitStatus {
        let (sender, ended) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            let process = &mut self.process;
            scope.spawn(move || sender.send(process.wait().unwrap()));
            ended.recv_timeout(2 * SOON).expect("it ends")
        })
    }

    /// Bytes of memory that it holds.
    pub(crate) fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }

    pub(crate) fn kill(mut self) -> tempfile::TempDir {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap())
    }

    /// Waits until the running demo shows `wanted` under a path of its health, by asking; there is nothing to sleep
    /// for, because each question is answered.
    pub(crate) fn until(&self, what: &str, wanted: impl Fn(&serde_json::Value) -> bool) {
        let start = Instant::now();
        while start.elapsed() < 4 * SOON {
            let health = Connection::open(self.admin)
                .request("GET", "/health", &[("Connection", "close")], b"")
                .json();
            if wanted(&health) {
                return;
            }
        }
        panic!("never: {what}");
    }

    pub(crate) fn revision(&self) -> String {
        Connection::open(self.admin).request("GET", "/health", &[("Connection", "close")], b"").json()["revision"].as_str().unwrap().to_owned()
    }

    /// Writes the configuration anew.
    pub(crate) fn write(&self, text: &str) {
        std::fs::write(self.folder.path().join("policy.toml"), text).unwrap();
    }

    /// Runs a command that changes settings and waits until they are in force.
    pub(crate) fn change(&self, arguments: &[&str]) {
        let before = self.revision();
        let output = self.command(arguments);
        assert!(output.status.success(), "{output:?}");
        self.until("a new revision", |health| health["revision"] != before);
    }
}

pub(crate) fn command(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_spigot")).args(arguments).arg("--data").arg(folder).output().unwrap()
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
