//! Latency that a proxy adds at half its load, for 1 KiB GETs over keep-alive HTTP/1.1.
//!
//! ```sh
//! cargo run --release -p spigot-benches --bin latency -- 127.0.0.1:3000 127.0.0.1:8080 /page
//! ```
//!
//! The first address is the server itself, the second the proxy in front of it. The most that the proxy answers is
//! measured first; then both are asked at half that rate in turns of one second. Requests have their times in advance
//! and each latency counts from that time, so a stall is felt by all requests that fell into it. What is compared is
//! the same percentile of both in one run.

#![expect(clippy::disallowed_methods, reason = "a load generator keeps its requests' times on the wall")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const CONNECTIONS: u32 = 16;
const ROUNDS: usize = 10;
const TURN: Duration = Duration::from_secs(1);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [server, proxy, path] = &arguments[..] else {
        eprintln!("usage: latency SERVER PROXY PATH, for example: latency 127.0.0.1:3000 127.0.0.1:8080 /");
        std::process::exit(2);
    };
    let address = |text: &str| -> SocketAddr { text.parse().expect("an address with its port") };
    let (server, proxy) = (address(server), address(proxy));
    let most = most_per_second(proxy, path);
    let rate = most / 2;
    println!("the proxy answers {most} requests/s at most; both are asked at {rate}/s in turns");
    let mut found = [Vec::new(), Vec::new()];
    for round in 0..=ROUNDS {
        for (address, found) in [server, proxy].into_iter().zip(&mut found) {
            let latencies = turn(address, path, rate);
            if round > 0 {
                found.extend(latencies);
            }
        }
    }
    for latencies in &mut found {
        latencies.sort_unstable();
    }
    for (name, share) in [("median", 0.5), ("p90", 0.9), ("p99", 0.99)] {
        let [server, proxy] = [0, 1].map(|n| percentile(&found[n], share));
        println!(
            "{name:>6}: server {:.3} ms, behind the proxy {:.3} ms, added {:.3} ms",
            millis(server),
            millis(proxy),
            millis(proxy) - millis(server)
        );
    }
}

/// Answers per second when every connection asks again as soon as it has its answer.
fn most_per_second(address: SocketAddr, path: &str) -> u32 {
    let stop = AtomicBool::new(false);
    let answered: u32 = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..CONNECTIONS)
            .map(|_| {
                scope.spawn(|| {
                    let mut connection = Connection::open(address, path);
                    let mut answered = 0;
                    while !stop.load(Ordering::Relaxed) {
                        connection.ask();
                        answered += 1;
                    }
                    answered
                })
            })
            .collect();
        std::thread::sleep(TURN * 2);
        stop.store(true, Ordering::Relaxed);
        asking.into_iter().map(|thread| thread.join().expect("a connection asks")).sum()
    });
    answered / 2
}

/// Asks at a rate for one turn and returns each request's latency.
fn turn(address: SocketAddr, path: &str, rate: u32) -> Vec<Duration> {
    let apart = TURN * CONNECTIONS / rate.max(CONNECTIONS);
    std::thread::scope(|scope| {
        let start = Instant::now() + Duration::from_millis(20);
        let asking: Vec<_> = (0..CONNECTIONS)
            .map(|number| {
                scope.spawn(move || {
                    let mut connection = Connection::open(address, path);
                    let mut due = start + apart * number / CONNECTIONS;
                    let mut latencies = Vec::new();
                    while due < start + TURN {
                        std::thread::sleep(due.saturating_duration_since(Instant::now()));
                        connection.ask();
                        latencies.push(due.elapsed());
                        due += apart;
                    }
                    latencies
                })
            })
            .collect();
        asking.into_iter().flat_map(|thread| thread.join().expect("a connection asks")).collect()
    })
}

struct Connection {
    stream: TcpStream,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Connection {
    fn open(address: SocketAddr, path: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap_or_else(|error| panic!("{address}: {error}"));
        stream.set_nodelay(true).expect("a socket");
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0\r\n\r\n"
        );
        Self { stream, request: request.into_bytes(), answer: vec![0; 64 << 10] }
    }

    /// Sends the request and reads its whole answer, which has to be a 200 with a length.
    fn ask(&mut self) {
        self.stream.write_all(&self.request).expect("the request is taken");
        let mut read = 0;
        let whole = loop {
            let more = self.stream.read(&mut self.answer[read..]).expect("an answer");
            assert!(more > 0, "the connection was closed");
            read += more;
            let Some(end) = self.answer[..read].windows(4).position(|four| four == b"\r\n\r\n") else {
                continue;
            };
            let head = String::from_utf8_lossy(&self.answer[..end]).to_ascii_lowercase();
            assert!(head.starts_with("http/1.1 200"), "not a 200: {head}");
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            break end + 4 + length.and_then(|n| n.parse::<usize>().ok()).expect("an answer with a length");
        };
        while read < whole {
            let more = self.stream.read(&mut self.answer[read..]).expect("the rest");
            assert!(more > 0, "the connection was closed");
            read += more;
        }
    }
}

fn percentile(sorted: &[Duration], share: f64) -> Duration {
    sorted[((sorted.len() - 1) as f64 * share) as usize]
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
