//! Whether the time of an answer tells that an account exists.
//!
//! ```sh
//! cargo run --release -p spigot-benches --bin enumeration -- 127.0.0.1:3000 127.0.0.1:8080
//! cargo run --release -p spigot-benches --bin enumeration -- 127.0.0.1:3000 127.0.0.1:8080 97
//! ```
//!
//! With a third word, bodies come so many milliseconds after their heads, as somebody sends them who wants the time of
//! an answer to be nearly over before the application begins.
//!
//! It serves an application at the first address that takes 5 ms longer for an account that exists, as a password's hash
//! does, and probes it there and through the Spigot at the second, half the probes with an account that exists. What a
//! prober gets out of the times is measured as a prober would: the threshold that tells the two apart best on one half
//! of the probes is tried on the other half, and the other way round. 0 % is guessing, 100 % is knowing. Beside it stands
//! what two equal kinds come to by chance. The policy for Spigot:
//!
//! ```toml
//! upstream = "http://127.0.0.1:3000"
//! [[route]]
//! name = "login"
//! match = "POST /login"
//! account_fields = "email"
//! same_answer = { status = 401, body = "Wrong e-mail or password.", time = "100ms" }
//! triggers = { high_frequency = false, payload_repetition = false, traffic_anomaly = false }
//! thresholds = { log = 101, challenge = 101, block = 101 }
//! [restrict]
//! slow_from = 10000
//! restrict_from = 10000
//! [accounts]
//! challenge_after = 1000
//! lock_from = 10000
//! ```
//!
//! (With failures unnamed, `failure_status = []`, no counter of failures is met either.)

#![expect(clippy::disallowed_methods, reason = "what is measured is time as a prober sees it")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

const PROBES: usize = 10_000;
const CONNECTIONS: usize = 40;
/// How much longer the application takes for an account that exists.
const HASHING: Duration = Duration::from_millis(5);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (addresses, late) = arguments.split_at(arguments.len().min(2));
    let [application, spigot] = addresses else { usage() };
    let late = match late {
        [] => Duration::ZERO,
        [millis] => Duration::from_millis(millis.parse().unwrap_or_else(|_| usage())),
        _ => usage(),
    };
    let address = |text: &String| -> SocketAddr { text.parse().unwrap_or_else(|_| usage()) };
    let listener = TcpListener::bind(address(application)).unwrap_or_else(|error| stop(&error));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || serve(stream));
        }
    });
    for (name, to) in [("the application itself", address(application)), ("through Spigot", address(spigot))]
    {
        let probes = probe(to, late);
        report(name, &probes);
    }
}

fn usage() -> ! {
    eprintln!(
        "usage: enumeration APPLICATION SPIGOT [LATE], for example: enumeration 127.0.0.1:3000 127.0.0.1:8080 97"
    );
    std::process::exit(2);
}

fn stop(error: &std::io::Error) -> ! {
    eprintln!("enumeration: {error}");
    std::process::exit(1);
}

/// Reads requests; what names `exists` is answered later, and otherwise.
fn serve(stream: TcpStream) {
    let mut stream = BufReader::new(stream);
    while let Some((_, body)) = message(&mut stream) {
        let exists = body.windows(6).any(|window| window == b"exists");
        if exists {
            std::thread::sleep(HASHING);
        }
        let text = if exists { "The password is wrong." } else { "There is no such account, sorry." };
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}", text.len());
        if stream.get_mut().write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// First line and body of a message whose length is told.
fn message(stream: &mut BufReader<TcpStream>) -> Option<(String, Vec<u8>)> {
    let (mut first, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if first.is_empty() {
            line.clone_into(&mut first);
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some((first, body))
}

/// Milliseconds of each probe from the end of its request, and whether its account exists.
fn probe(to: SocketAddr, late: Duration) -> Vec<(f64, bool)> {
    let threads: Vec<_> = (0..CONNECTIONS)
        .map(|number| {
            std::thread::spawn(move || {
                let stream = TcpStream::connect(to).unwrap_or_else(|error| stop(&error));
                stream.set_nodelay(true).unwrap_or_else(|error| stop(&error));
                let mut stream = BufReader::new(stream);
                let mut found = Vec::new();
                for n in 0..PROBES / CONNECTIONS {
                    // In turns, shifted from one connection to the next.
                    let exists = (n + number) % 2 == 0;
                    let name = if exists { "exists" } else { "is-not" };
                    let body = format!("email={name}&n={number:03}{n:05}");
                    let mut request = format!(
                        "POST /login HTTP/1.1\r\nHost: shop.test\r\nUser-Agent: probe\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
                        body.len()
                    );
                    let sent = if late.is_zero() {
                        request.push_str(&body);
                        Ok(())
                    } else {
                        let sent = stream.get_mut().write_all(request.as_bytes());
                        std::thread::sleep(late);
                        request = body;
                        sent
                    };
                    let begun = Instant::now();
                    let sent = sent.and_then(|()| stream.get_mut().write_all(request.as_bytes()));
                    let Some((status, body)) = sent.ok().and_then(|()| message(&mut stream)) else {
                        stop(&std::io::Error::other("a connection broke"));
                    };
                    found.push((begun.elapsed().as_secs_f64() * 1000.0, exists));
                    if n == 0 && number < 2 {
                        println!("  {name}: {status}, {} bytes", body.len());
                    }
                }
                found
            })
        })
        .collect();
    threads.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
}

fn report(name: &str, probes: &[(f64, bool)]) {
    let mean = |exists: bool| {
        let times: Vec<f64> = probes.iter().filter(|probe| probe.1 == exists).map(|probe| probe.0).collect();
        times.iter().sum::<f64>() / times.len().max(1) as f64
    };
    // Neighbours in time fall into different halves.
    let half = |odd: usize| probes.iter().skip(odd).step_by(2).copied().collect::<Vec<_>>();
    let (a, b) = (half(0), half(1));
    let right = correct(&b, threshold(&a)) + correct(&a, threshold(&b));
    let separable = (2.0 * right as f64 / probes.len() as f64 - 1.0) * 100.0;
    let chance = 100.0 / (probes.len() as f64).sqrt();
    println!(
        "{name}: {} probes, exists {:.3} ms, does not {:.3} ms on average; separable {separable:.2} % (chance ±{chance:.2} %)",
        probes.len(),
        mean(true),
        mean(false)
    );
}

/// The time after which a probe is said to have found an account (`true`), or until which it is, that tells best.
fn threshold(probes: &[(f64, bool)]) -> (f64, bool) {
    let mut sorted = probes.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut lead, mut best, mut found) = (0i64, 0, (0.0, true));
    for (time, exists) in sorted {
        // How many more exist than not among the faster ones: far from none, either way, is where a threshold tells.
        lead += if exists { 1 } else { -1 };
        if lead.abs() > best {
            (best, found) = (lead.abs(), (time, lead < 0));
        }
    }
    found
}

fn correct(probes: &[(f64, bool)], (time, later): (f64, bool)) -> usize {
    probes.iter().filter(|(at, exists)| (*at > time) == (*exists == later)).count()
}
