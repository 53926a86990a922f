//! Whether stories hold, told by real programs: a browser that is what it says, and tools that say they are one.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::demo::{Demo, OPEN};
use super::tls::Secure;

const MISMATCHES: [&str; 4] = ["tls_mismatch", "http2_mismatch", "header_mismatch", "hints_mismatch"];

/// A user agent of Chrome's; the last number tells which client it was given to.
fn chrome(build: usize) -> String {
    format!(
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.{build} Safari/537.36"
    )
}

/// Whether everything that a test can use has to be here, as in CI.
fn is_ci() -> bool {
    std::env::var_os("SPIGOT_CI").is_some()
}

/// Runs a program, with a text on its standard input; `None` when it is not here, or lacks what it needs, and why.
fn run(program: &str, arguments: &[&str], input: &str) -> Option<()> {
    let spawned = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut process) = spawned else {
        println!("there is no {program} here");
        return None;
    };
    let _ = process.stdin.take().unwrap().write_all(input.as_bytes());
    let output = process.wait_with_output().unwrap();
    if !output.status.success() {
        println!("{program} {arguments:?} did not do it: {}", String::from_utf8_lossy(&output.stderr));
    }
    output.status.success().then_some(())
}

/// What is recorded of requests whose user agent holds a text: their reasons, as JSON.
fn recorded(demo: &Demo, agent: &str) -> Vec<String> {
    let listed = demo.command(&["events", "--format", "json", "--limit", "1000"]);
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    listed.lines().filter(|line| line.contains(agent)).map(str::to_owned).collect()
}

/// Waits until as many requests are written.
fn until_written(demo: &Demo, count: u64) {
    demo.until("requests are written", |health| {
        health["events"]["written"].as_u64().is_some_and(|written| written >= count)
    });
}

const URLLIB: &str = "import sys, ssl, urllib.request, urllib.error
request = urllib.request.Request(sys.argv[1], headers={'User-Agent': sys.argv[2]})
try: urllib.request.urlopen(request, context=ssl._create_unverified_context()).read()
except urllib.error.HTTPError: pass
";
const REQUESTS: &str = "import sys, requests
requests.get(sys.argv[1], headers={'User-Agent': sys.argv[2]}, verify=False)
";
const HTTPX: &str = "import sys, httpx
with httpx.Client(verify=False) as client: client.get(sys.argv[1], headers={'User-Agent': sys.argv[2]})
";
const FETCH: &str = "process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
const [url, agent] = process.argv.slice(2)
await (await fetch(url, { headers: { 'user-agent': agent } })).text()
";
const GO: &str = r#"package main

import (
	"crypto/tls"
	"net/http"
	"os"
)

func main() {
	request, _ := http.NewRequest("GET", os.Args[1], nil)
	request.Header.Set("User-Agent", os.Args[2])
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true}
	if _, err := (&http.Client{Transport: transport}).Do(request); err != nil {
		panic(err)
	}
}
"#;

/// Has a tool ask for a page under a user agent.
fn ask(tool: &str, folder: &Path, url: &str, agent: &str) -> Option<()> {
    // The machine's own has what its packages bring.
    let pythons = ["python3", "/usr/bin/python3"];
    let python = |program| pythons.iter().find_map(|python| run(python, &["-", url, agent], program));
    match tool {
        "curl" => run("curl", &["-sk", "-A", agent, url], ""),
        "curl over HTTP/1.1" => run("curl", &["-sk", "--http1.1", "-A", agent, url], ""),
        "urllib" => python(URLLIB),
        "requests" => python(REQUESTS),
        "httpx" => python(HTTPX),
        "node" => run("node", &["--input-type=module", "-", url, agent], FETCH),
        _ => {
            let file = folder.join("main.go");
            std::fs::write(&file, GO).unwrap();
            run("go", &["run", file.to_str().unwrap(), url, agent], "")
        }
    }
}

#[test]
fn tools_that_say_they_are_chrome_are_found() {
    let (secure, _) = Secure::start("");
    let folder = secure.demo.folder.path();
    let tools = ["curl", "curl over HTTP/1.1", "urllib", "requests", "httpx", "node", "go"];
    let mut asked = Vec::new();
    for (index, tool) in tools.iter().enumerate() {
        let over_tls = format!("https://localhost:{}/whoami", secure.address.port());
        let clear = format!("http://{}/whoami", secure.demo.address);
        for (place, url) in [over_tls, clear].iter().enumerate() {
            let agent = chrome(10 * (index + 1) + place);
            match ask(tool, folder, url, &agent) {
                Some(()) => asked.push((tool, url.clone(), agent)),
                None => {
                    println!("skipped: {tool} is not here with what it needs");
                    assert!(!is_ci(), "{tool} has to be here with what it needs");
                }
            }
        }
    }
    assert!(!asked.is_empty(), "not even curl is here");
    until_written(&secure.demo, asked.len() as u64);
    for (tool, url, agent) in asked {
        let events = recorded(&secure.demo, &agent);
        assert_eq!(events.len(), 1, "{tool} {url}: {events:?}");
        let found: Vec<_> = MISMATCHES.iter().filter(|name| events[0].contains(**name)).collect();
        println!("{tool} {url}: {found:?}");
        assert!(!found.is_empty(), "{tool} {url}: {}", events[0]);
        let over_tls = url.starts_with("https");
        assert_eq!(events[0].contains("tls_mismatch"), over_tls, "{tool} {url}: {}", events[0]);
        if over_tls && tool.starts_with("curl") {
            let id = serde_json::from_str::<serde_json::Value>(&events[0]).unwrap();
            let story = secure.demo.command(&["explain", id["id"].as_str().unwrap()]);
            let story = String::from_utf8_lossy(&story.stdout).into_owned();
            assert!(
                story.contains("tls_mismatch") && story.contains("says Chrome 131, but its TLS is"),
                "{story}"
            );
        }
    }
}

/// Shows a page to a real Chromium with a new profile, and ends it when it hangs, as it may where it cannot draw.
fn visit(demo: &Demo, url: &str, agent: &str) {
    let profile = tempfile::tempdir().unwrap();
    let mut process = Command::new("chromium")
        .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--ignore-certificate-errors", "--host-resolver-rules=MAP shop.example 127.0.0.1"])
        .args(["--virtual-time-budget=3000", "--dump-dom"])
        .arg(format!("--user-agent={agent}"))
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(url)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while process.try_wait().unwrap().is_none() {
        if begun.elapsed() > Duration::from_secs(60) {
            let _ = process.kill();
        }
        demo.until("it is alive", |_| true);
    }
}

/// Whether an event with such a mark is written within the time that writing may take.
fn arrived(demo: &Demo, agent: &str, mark: &str) -> bool {
    let begun = Instant::now();
    loop {
        if recorded(demo, agent).iter().any(|event| event.contains(mark)) {
            return true;
        }
        if begun.elapsed() > Duration::from_secs(10) {
            return false;
        }
    }
}

#[test]
fn a_real_chromium_is_what_it_says() {
    let Ok(version) = Command::new("chromium").arg("--version").output() else {
        return println!("skipped: no chromium here");
    };
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let major = version.split(' ').find_map(|word| word.split_once('.')?.0.parse::<u16>().ok());
    let Some(major) = major else { return println!("skipped: a chromium without version: {version}") };
    let (secure, _) = Secure::start("");
    // The one that it has with a window; without, it says Headless, which is a declared program's.
    let agent = format!(
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{major}.0.0.0 Safari/537.36"
    );
    let (over_tls, clear) =
        (format!("https://localhost:{}/", secure.address.port()), format!("http://{}/", secure.demo.address));
    // No own machine's: there it tells less.
    let elsewhere = format!("http://shop.example:{}/", secure.demo.address.port());
    for (url, mark) in [
        (&over_tls, "\"http2\":"),
        (&clear, "\"host\":\"127.0.0.1\""),
        (&elsewhere, "\"host\":\"shop.example\""),
    ] {
        // A browser that is started on a busy machine sometimes ends, or hangs, before it has asked for anything.
        let visited = (0..4).any(|_| {
            visit(&secure.demo, url, &agent);
            arrived(&secure.demo, &agent, mark)
        });
        assert!(visited, "none with {mark}: {:#?}", recorded(&secure.demo, &agent));
    }
    let events = recorded(&secure.demo, &agent);
    println!("Chromium {major}: {} requests", events.len());
    let wrong: Vec<_> = events.iter().filter(|event| event.contains("_mismatch")).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_trusted_proxy_tells_of_its_clients() {
    let headers = "[fingerprint_headers]\ntls = \"x-ja4\"\n";
    let config = format!("trusted_proxies = [\"127.0.0.1\"]\n{OPEN}{headers}");
    let trusting = Demo::start_with(tempfile::tempdir().unwrap(), Some(&config));
    let check = |number: usize, ja4: Option<&str>, expected: bool| {
        let agent = chrome(number);
        let mut fields = vec![
            ("User-Agent", agent.as_str()),
            ("Accept", "*/*"),
            ("Accept-Encoding", "gzip, deflate"),
            ("Accept-Language", "en"),
        ];
        fields.extend(ja4.map(|ja4| ("X-JA4", ja4)));
        let answer = trusting.connect().request("GET", "/whoami", &fields, b"");
        assert_eq!(answer.status, 200);
        until_written(&trusting, number as u64);
        agent_is(&trusting, &agent, expected, ja4);
    };
    check(1, None, false);
    check(2, Some("t13d1517h2_8daaf6152771_b0da82dd1658"), false);
    check(3, Some("t13d3112h2_e8f1e7e78f70_b26ce05bbdd6"), true);
    check(4, Some("nonsense"), false);
}

/// The order of pseudo-fields is one of the marks of an engine: Chrome's is m,a,s,p, and curl's m,p,s,a.
#[test]
fn and_of_their_http_2() {
    let headers = "[fingerprint_headers]\nhttp2 = \"x-h2\"\n";
    let config = format!("trusted_proxies = [\"127.0.0.1\"]\n{OPEN}{headers}");
    let trusting = Demo::start_with(tempfile::tempdir().unwrap(), Some(&config));
    let check = |number: usize, from: u8, http2: &str, kept: bool, mismatched: bool| {
        let agent = chrome(number);
        let fields = [
            ("User-Agent", agent.as_str()),
            ("Accept", "*/*"),
            ("Accept-Encoding", "gzip, deflate"),
            ("Accept-Language", "en"),
            ("X-H2", http2),
        ];
        assert_eq!(trusting.connect_from(from).request("GET", "/whoami", &fields, b"").status, 200);
        until_written(&trusting, number as u64);
        let events = recorded(&trusting, &agent);
        assert_eq!(events.len(), 1, "{http2}");
        assert_eq!(events[0].contains("http2_mismatch"), mismatched, "{http2}: {}", events[0]);
        assert_eq!(events[0].contains(&format!("\"http2\":\"{http2}\"")), kept, "{http2}: {}", events[0]);
    };
    let chromes = "1:65536;2:0;4:6291456;6:262144|15663105|0|m,a,s,p";
    let curls = "3:100;4:33554432;2:0|33488897|0|m,p,s,a";
    check(1, 1, chromes, true, false);
    check(2, 1, curls, true, true);
    // A word for a fingerprint is taken as it is; nothing is known of this one.
    check(3, 1, "nonsense", true, false);
    check(4, 2, curls, false, false);
}

fn agent_is(demo: &Demo, agent: &str, mismatched: bool, ja4: Option<&str>) {
    let events = recorded(demo, agent);
    assert_eq!(events.len(), 1, "{agent}");
    assert_eq!(events[0].contains("tls_mismatch"), mismatched, "{ja4:?}: {}", events[0]);
    // Kept as the client's, too.
    assert_eq!(events[0].contains("\"tls\":\""), ja4.is_some(), "{ja4:?}: {}", events[0]);
}
