//! An application, Spigot beside, and another server in front.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::super::application::{Application, Exchange};
use super::super::client::Connection;
use super::super::demo::free_port;
use super::super::served::Served;

/// What a server is given, and what is particular about it.
pub(crate) struct Server {
    /// Its name in messages, and its folder's.
    pub(crate) name: &'static str,
    /// The door's kind.
    pub(crate) kind: &'static str,
    /// What its program is called.
    pub(crate) program: &'static str,
    /// Writes its configuration into a folder, made of the shipped one, and says with which arguments it is started.
    pub(crate) arrange: fn(&Places, &Path) -> Vec<String>,
    /// What a client may get while Spigot is away and nothing passes.
    pub(crate) closed: &'static [u16],
    /// It can let everything pass while Spigot is away.
    pub(crate) opens: bool,
    /// It shows bodies, so that a form can be carried along.
    pub(crate) shows_bodies: bool,
    /// It takes a client's key out of what it passes on.
    pub(crate) removes_keys: bool,
    /// It takes a success for a yes, so that one that is an answer comes after a redirection.
    pub(crate) redirects: bool,
}

/// What happens to requests while Spigot gives no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// None passes.
    Closed,
    /// All pass.
    Open,
}

/// Where everything is.
pub(crate) struct Places {
    pub(crate) front: SocketAddr,
    pub(crate) door: SocketAddr,
    pub(crate) application: SocketAddr,
    pub(crate) way: Way,
}

impl Places {
    /// A shipped configuration with this test's addresses; each of the shipped ones has to be there.
    pub(crate) fn fill(&self, shipped: &str, listen: &str, listen_here: &str) -> String {
        let mut text = shipped.to_owned();
        for (from, to) in [
            (listen, listen_here.to_owned()),
            ("127.0.0.1:8084", self.door.to_string()),
            ("127.0.0.1:3000", self.application.to_string()),
        ] {
            assert!(text.contains(from), "{from} is not in the shipped configuration: {shipped}");
            text = text.replace(from, &to);
        }
        text
    }
}

/// A shipped configuration with the lines that let everything pass while Spigot is away.
pub(crate) fn opened(text: &str) -> String {
    assert!(text.contains("# open: "), "{text}");
    text.replace("# open: ", "")
}

/// All of it, running.
pub(crate) struct Stand {
    pub(crate) server: &'static Server,
    pub(crate) way: Way,
    pub(crate) front: SocketAddr,
    pub(crate) spigot: Option<Served>,
    _process: Running,
    _application: Application,
    _folder: tempfile::TempDir,
}

/// A server's process, ended with what it started.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Those with workers end them when they are asked to, and not when they are killed.
        let _ = Command::new("kill").args(["-s", "TERM", &self.0.id().to_string()]).status();
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(10) {
            if matches!(self.0.try_wait(), Ok(Some(_))) {
                return;
            }
            leave_the_core();
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What every door decides by.
const POLICY: &str = include_str!("policy.toml");
/// A server that is asked to start again and again on a busy machine may need several attempts, and fresh ports.
const STARTS: usize = 5;
/// For whatever has to happen soon.
pub(crate) const SOON: Duration = Duration::from_secs(60);

impl Stand {
    /// `None` where the server is not installed.
    pub(crate) fn start(server: &'static Server, way: Way) -> Option<Self> {
        let Some(program) = installed(server.program) else {
            eprintln!("SKIPPED: {} is not installed; integrations/install does it", server.name);
            assert!(std::env::var_os("SPIGOT_CI").is_none(), "{} has to be here", server.name);
            return None;
        };
        let application = Application::start(echo);
        let door = free_port();
        let more = format!("[[door]]\nkind = \"{}\"\nlisten = \"{door}\"\n{POLICY}", server.kind);
        let spigot = Served::start(&more);
        for _ in 0..STARTS {
            let folder = tempfile::tempdir().unwrap();
            let front = port_of_a_moment();
            let places = Places { front, door, application: application.address, way };
            let arguments = (server.arrange)(&places, folder.path());
            let mut command = Command::new(&program);
            command.args(arguments).current_dir(folder.path());
            let log = std::fs::File::create(folder.path().join("log")).unwrap();
            command.stdout(log.try_clone().unwrap()).stderr(log).stdin(Stdio::null());
            let mut process = Running(command.spawn().unwrap());
            if listens(front, &mut process.0) {
                let spigot = Some(spigot);
                let (_application, _folder, _process) = (application, folder, process);
                let stand = Self { server, way, front, spigot, _process, _application, _folder };
                stand.wait_until_it_asks();
                return Some(stand);
            }
            let said = std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
            eprintln!("{} did not start: {said}", server.name);
        }
        panic!("{} did not start {STARTS} times", server.name);
    }

    /// A client with an address of its own.
    pub(crate) fn client(&self, last_byte: u8) -> Connection {
        let connection = Connection::open_from(self.front, last_byte);
        connection.socket().set_read_timeout(Some(SOON)).unwrap();
        connection
    }

    /// Some listen before they know where to pass on to.
    fn wait_until_it_asks(&self) {
        let begun = Instant::now();
        loop {
            let answer = self.client(200).get("/ready");
            if answer.status == 200 && answer.text().to_lowercase().contains("x-spigot-action: allow") {
                return;
            }
            assert!(begun.elapsed() < SOON, "{} never asked: {answer:?}", self.server.name);
            leave_the_core();
        }
    }

    pub(crate) fn spigot(&self) -> &Served {
        self.spigot.as_ref().expect("Spigot runs")
    }
}

/// Says what it was sent, so that tests see what reached it; and speaks like a WebSocket as far as a proxy looks.
fn echo(exchange: &mut Exchange) -> bool {
    if exchange.field("upgrade").is_some_and(|protocol| protocol.eq_ignore_ascii_case("websocket")) {
        exchange.write("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
        let line = exchange.line();
        exchange.write(format!("you said {line}\n"));
        return false;
    }
    let (body, _) = exchange.body();
    let said = format!("{}\n\n{}", exchange.head.join("\n"), String::from_utf8_lossy(&body));
    exchange.answer(&said);
    true
}

/// Where a program is: on the path, or where `integrations/install` puts what no distribution has.
fn installed(program: &str) -> Option<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/doors/bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(own).chain(std::env::split_paths(&path));
    folders.chain(["/usr/sbin".into()]).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// A port that was free just now: these servers do not all share one with whoever holds it for them.
fn port_of_a_moment() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Whether a server takes connections before it ends, or the time is over.
fn listens(address: SocketAddr, process: &mut Child) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < SOON / 2 {
        if !matches!(process.try_wait(), Ok(None)) {
            return false;
        }
        if TcpStream::connect(address).is_ok() {
            return true;
        }
        leave_the_core();
    }
    false
}

/// Between two looks: what is waited for needs the core that asking again and again would take.
pub(crate) fn leave_the_core() {
    std::thread::park_timeout(Duration::from_millis(20));
}
