//! Long bodies through little memory.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use super::application::Application;
use super::demo::free_port;
use super::served::Served;
use super::tls::certificate;

const GIB: u64 = 1 << 30;
/// More than what is resident before may never be.
const MORE_KIB: u64 = 32 << 10;

/// Runs something and gives the most that was resident meanwhile, beyond before, in KiB.
fn growth(served: &Served, run: impl FnOnce() + Send) -> u64 {
    let before = served.resident_kib();
    let done = AtomicBool::new(false);
    let most = std::thread::scope(|scope| {
        let watching = scope.spawn(|| {
            let mut most = 0;
            while !done.load(Ordering::SeqCst) {
                most = most.max(served.resident_kib());
                std::thread::park_timeout(std::time::Duration::from_millis(5));
            }
            most
        });
        run();
        done.store(true, Ordering::SeqCst);
        watching.join().unwrap()
    });
    most.saturating_sub(before)
}

fn application() -> Application {
    Application::start(|exchange| {
        let mut left: u64 = exchange.field("content-length").map_or(0, |length| length.parse().unwrap());
        let asked: u64 = exchange.field("x-bytes").map_or(0, |bytes| bytes.parse().unwrap());
        let mut buffer = vec![0; 256 << 10];
        while left > 0 {
            let most = buffer.len().min(usize::try_from(left).unwrap());
            match exchange.stream.read(&mut buffer[..most]) {
                Ok(0) | Err(_) => return false,
                Ok(count) => left -= count as u64,
            }
        }
        exchange.write(format!("HTTP/1.1 200 OK\r\nContent-Length: {asked}\r\n\r\n"));
        let mut left = asked;
        while left > 0 {
            let count = buffer.len().min(usize::try_from(left).unwrap());
            if exchange.stream.get_mut().write_all(&buffer[..count]).is_err() {
                return false;
            }
            left -= count as u64;
        }
        true
    })
}

#[test]
fn a_gibibyte_up_and_one_down() {
    let application = application();
    let served = Served::start(&format!("upstream = \"{}\"", application.address));
    assert_eq!(served.connect().get("/").status, 200);
    let up = growth(&served, || {
        let mut stream = TcpStream::connect(served.address).unwrap();
        write!(stream, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: {GIB}\r\n\r\n").unwrap();
        let buffer = vec![7; 256 << 10];
        for _ in 0..GIB / (256 << 10) {
            stream.write_all(&buffer).unwrap();
        }
        let mut head = [0; 12];
        stream.read_exact(&mut head).unwrap();
        assert_eq!(&head, b"HTTP/1.1 200");
    });
    let down = growth(&served, || {
        let mut stream = TcpStream::connect(served.address).unwrap();
        write!(stream, "GET / HTTP/1.1\r\nHost: a\r\nX-Bytes: {GIB}\r\nConnection: close\r\n\r\n").unwrap();
        let mut buffer = vec![0; 256 << 10];
        let mut read = 0;
        loop {
            match stream.read(&mut buffer).unwrap() {
                0 => break,
                count => read += count as u64,
            }
        }
        assert!((GIB..GIB + 4096).contains(&read), "{read}");
    });
    println!("1 GiB up: {up} KiB more; 1 GiB down: {down} KiB more");
    assert!(up < MORE_KIB && down < MORE_KIB, "up {up} KiB, down {down} KiB");
}

/// Over HTTP/2 inside TLS, by somebody else's client. The file that goes up has no blocks on the disk.
#[test]
fn a_gibibyte_up_and_one_down_over_http2_in_tls() {
    let application = application();
    let folder = tempfile::tempdir().unwrap();
    certificate(folder.path());
    let address = free_port();
    let file = |name: &str| folder.path().join(name).display().to_string();
    std::fs::File::create(file("zeros")).unwrap().set_len(GIB).unwrap();
    let served = Served::start(&format!(
        "upstream = \"{}\"\n[tls]\nlisten = \"{address}\"\ncertificate = \"{}\"\nkey = \"{}\"\n",
        application.address,
        file("certificate.pem"),
        file("key.pem")
    ));
    let curl = |arguments: &[&str]| {
        let output = Command::new("curl")
            .args(["-sk", "--http2", "--max-time", "300", "-o", "/dev/null"])
            .args(["-w", "%{http_version} %{http_code} %{size_upload} %{size_download}"])
            .args(arguments)
            .arg(format!("https://{address}/"))
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert_eq!(curl(&[]), "2 200 0 0");
    let up = growth(&served, || assert_eq!(curl(&["-T", &file("zeros")]), format!("2 200 {GIB} 0")));
    let bytes = format!("X-Bytes: {GIB}");
    let down = growth(&served, || assert_eq!(curl(&["-H", &bytes]), format!("2 200 0 {GIB}")));
    println!("1 GiB up: {up} KiB more; 1 GiB down: {down} KiB more");
    assert!(up < MORE_KIB && down < MORE_KIB, "up {up} KiB, down {down} KiB");
}

/// The application can write only as far as buffers of bounded size reach.
#[test]
fn a_reader_that_stops_stops_the_application() {
    let application = application();
    let served = Served::start(&format!("upstream = \"{}\"", application.address));
    assert_eq!(served.connect().get("/").status, 200);
    let mut readers = Vec::new();
    let more = growth(&served, || {
        for _ in 0..20 {
            let mut stream = TcpStream::connect(served.address).unwrap();
            write!(stream, "GET / HTTP/1.1\r\nHost: a\r\nX-Bytes: {GIB}\r\n\r\n").unwrap();
            // Its beginning has come, so the transfer is under way; more is not read.
            stream.read_exact(&mut [0; 4096]).unwrap();
            readers.push(stream);
        }
        // Meanwhile others are served.
        for _ in 0..50 {
            assert_eq!(served.connect().get("/").status, 200);
        }
    });
    println!("20 stopped readers: {more} KiB more");
    assert!(more < MORE_KIB, "{more} KiB");
}
