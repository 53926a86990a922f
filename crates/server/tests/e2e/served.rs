//! `spigot run` in front of an application of the test's own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::Receiver;

use super::client::Connection;
use super::demo::{SOON, command, free_port};

pub(crate) struct Served {
    process: Child,
    pub(crate) address: SocketAddr,
    folder: tempfile::TempDir,
    said: Mutex<Receiver<String>>,
}

impl Served {
    /// Every request passes; `more` is the rest of the configuration, its upstream above all.
    pub(crate) fn start(more: &str) -> Self {
        Self::start_by(Command::new(env!("CARGO_BIN_EXE_spigot")), more)
    }

    /// What is decided is done.
    pub(crate) fn enforcing(more: &str) -> Self {
        Self::start_in("enforce", Command::new(env!("CARGO_BIN_EXE_spigot")), more)
    }

    /// By a command that the arguments are given to.
    pub(crate) fn start_by(command: Command, more: &str) -> Self {
        Self::start_in("monitor", command, more)
    }

    fn start_in(mode: &str, mut command: Command, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = free_port();
        let file = folder.path().join("spigot.toml");
        let data = folder.path().join("data");
        let text = format!(
            "listen = \"{address}\"\ndata = \"{}\"\nthreads = 1\nmode = \"{mode}\"\n{more}\n",
            data.display()
        );
        std::fs::write(&file, text).unwrap();
        let mut process =
            command.arg("run").arg("--config").arg(&file).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines().map_while(Result::ok);
        let before: Vec<String> = lines.by_ref().take_while(|line| !line.contains("\"started\"")).collect();
        let (say, said) = std::sync::mpsc::channel();
        // Read to the end, whether somebody listens or not.
        std::thread::spawn(move || lines.for_each(|line| drop(say.send(line))));
        let mut served = Self { process, address, folder, said: Mutex::new(said) };
        assert!(served.process.try_wait().unwrap().is_none(), "it did not start: {before:?}");
        served
    }

    /// The configuration's file.
    pub(crate) fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("spigot.toml")
    }

    /// Waits for a line with these words, and gives it.
    pub(crate) fn until_said(&self, what: &str) -> String {
        let said = self.said.lock().unwrap();
        loop {
            let line = said.recv_timeout(SOON).unwrap_or_else(|_| panic!("nothing was said of {what}"));
            if line.contains(what) {
                return line;
            }
        }
    }

    pub(crate) fn connect(&self) -> Connection {
        Connection::open(self.address)
    }

    /// Makes it hang: it is there and does nothing. Returns when it does.
    pub(crate) fn pause(&self) {
        self.signal("STOP");
        let begun = std::time::Instant::now();
        let tasks = format!("/proc/{}/task", self.process.id());
        let stands = |task: std::io::Result<std::fs::DirEntry>| {
            let status = std::fs::read_to_string(task.unwrap().path().join("status")).unwrap_or_default();
            status.contains("State:\tT")
        };
        while !std::fs::read_dir(&tasks).unwrap().all(stands) {
            assert!(begun.elapsed().as_secs() < 60, "it does not stop");
        }
    }

    /// Lets it go on.
    pub(crate) fn resume(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.process.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    /// Waits until the events show it.
    pub(crate) fn until_events(&self, what: &str, arguments: &[&str], wanted: impl Fn(&str) -> bool) {
        let begun = std::time::Instant::now();
        let mut seen = String::new();
        while begun.elapsed().as_secs() < 20 {
            let mut all = vec!["events", "--format", "json"];
            all.extend(arguments);
            let output = command(&self.folder.path().join("data"), &all);
            seen = String::from_utf8_lossy(&output.stdout).into_owned();
            if wanted(&seen) {
                return;
            }
        }
        panic!("never: {what}; the events are {seen}");
    }

    /// What the command line says, of this one's data.
    pub(crate) fn command(&self, arguments: &[&str]) -> std::process::Output {
        command(&self.folder.path().join("data"), arguments)
    }

    /// What is in memory, in KiB.
    pub(crate) fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").trim().parse().unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
