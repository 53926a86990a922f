//! Latency that proxies add at half load, for 1 KiB GETs over keep-alive HTTP/1.1.
//!
//! ```sh
//! cargo run --release -p spigot-benches --bin latency -- /page 127.0.0.1:3000 127.0.0.1:8080 [OTHER PROXY…]
//! ```
//!
//! The first address is the server itself, the others are proxies in front of it. The most that the first proxy answers
//! is measured; then all are asked at half that rate, in turns of one second. Requests have their times in advance and
//! each latency counts from that time, so a stall is felt by all requests that fell into it. What is compared is the
//! same percentile in one run: what the machine itself does to a hop shows at every proxy. One turn in which the machine
//! stood still decides a tail over all turns, so beside it stands the middle turn's 99th percentile.
//! `benches/proxy/latency.py` starts Spigot, HAProxy and nginx for it.

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
    let [path, server, proxies @ ..] = &arguments[..] else { usage() };
    let address = |text: &String| -> SocketAddr { text.parse().unwrap_or_else(|_| usage()) };
    let Some(first) = proxies.first() else { usage() };
    let most = most_per_second(address(first), path);
    let rate = most / 2;
    println!("{first} answers {most} requests/s at most; all are asked at {rate}/s in turns");
    let asked: Vec<&String> = std::iter::once(server).chain(proxies).collect();
    let mut found = vec![Vec::new(); asked.len()];
    let mut tails = vec![Vec::new(); asked.len()];
    for round in 0..=ROUNDS {
        for ((text, found), tails) in asked.iter().zip(&mut found).zip(&mut tails) {
            let mut latencies = turn(address(text), path, rate);
            if round > 0 {
                latencies.sort_unstable();
                tails.push(percentile(&latencies, 0.99));
                found.extend(latencies);
            }
        }
    }
    for tails in &mut tails {
        tails.sort_unstable();
    }
    let middle = |tails: &Vec<Duration>| millis(percentile(tails, 0.5));
    for latencies in &mut found {
        latencies.sort_unstable();
    }
    let percentiles = [("median", 0.5), ("p90", 0.9), ("p99", 0.99)];
    for ((text, latencies), turn_tails) in asked.iter().zip(&found).zip(&tails) {
        print!("{text:>21}:");
        for (name, share) in percentiles {
            let (own, server) = (millis(percentile(latencies, share)), millis(percentile(&found[0], share)));
            print!("  {name} {own:7.3} ms ({:+.3})", own - server);
        }
        let (own, server) = (middle(turn_tails), middle(&tails[0]));
        println!("  middle turn's p99 {own:7.3} ms ({:+.3})", own - server);
    }
}

fn usage() -> ! {
    eprintln!("usage: latency PATH SERVER PROXY…, for example: latency / 127.0.0.1:3000 127.0.0.1:8080");
    std::process::exit(2);
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
