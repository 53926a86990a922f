//! Nothing is written but below the data folder.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use super::client::Connection;
use super::demo::{SOON, free_port};

fn entries(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// Files that a process has open for writing, but devices, sockets and the like.
fn written(pid: u32) -> Vec<PathBuf> {
    let folder = PathBuf::from(format!("/proc/{pid}/fd"));
    let open = entries(&folder).into_iter().filter_map(|link| {
        let info = folder.with_file_name("fdinfo").join(link.file_name()?);
        let flags = std::fs::read_to_string(info).ok()?;
        let flags = flags.lines().find_map(|line| line.strip_prefix("flags:"))?.trim().to_owned();
        let writes = u32::from_str_radix(&flags, 8).ok()? & 3 != 0;
        let file = std::fs::read_link(&link).ok()?;
        (writes && file.is_absolute() && !file.starts_with("/dev") && !file.starts_with("/proc"))
            .then_some(file)
    });
    open.collect()
}

#[test]
fn a_demo_writes_below_its_data_folder_and_nowhere_else() {
    let (data, home, here, temporary) = (
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
    );
    for folder in [&home, &here] {
        let mut permissions = std::fs::metadata(folder.path()).unwrap().permissions();
        permissions.set_readonly(true);
        std::fs::set_permissions(folder.path(), permissions).unwrap();
    }
    let addresses = [free_port(), free_port(), free_port()];
    let mut process = Command::new(env!("CARGO_BIN_EXE_spigot"))
        .args(["demo", "--listen", &addresses[0].to_string(), "--admin", &addresses[1].to_string()])
        .args(["--service", &addresses[2].to_string(), "--data"])
        .arg(data.path())
        .current_dir(here.path())
        .env_clear()
        .env("HOME", home.path())
        .env("TMPDIR", temporary.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while addresses.iter().any(|address| std::net::TcpStream::connect(address).is_err()) {
        assert!(begun.elapsed() < SOON && process.try_wait().unwrap().is_none(), "it does not start");
    }
    let mut visitor = Connection::open(addresses[0]);
    for target in ["/", "/login", "/contact", "/products/1"] {
        visitor.get(target);
    }
    let form = [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "text/html")];
    visitor.request("POST", "/newsletter", &form, b"email=ada%40example.org");
    let mut admin = Connection::open(addresses[1]);
    while admin.get("/health").json()["events"]["written"].as_u64() < Some(5) {
        assert!(begun.elapsed() < 2 * SOON, "events are never written");
    }
    let outside: Vec<PathBuf> =
        written(process.id()).into_iter().filter(|file| !file.starts_with(data.path())).collect();
    assert!(outside.is_empty(), "{outside:?}");
    assert!(!written(process.id()).is_empty(), "this test sees what is open");
    process.kill().unwrap();
    process.wait().unwrap();
    for folder in [&home, &here, &temporary] {
        let found = entries(folder.path());
        assert!(found.is_empty(), "{found:?}");
    }
    assert!(!entries(data.path()).is_empty());
}
