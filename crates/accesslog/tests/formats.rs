//! One line of each format and each oddity, and what it says.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking; helpers here are no #[test]")]

use expect_test::{Expect, expect};
use spigot_accesslog::{Format, Record, Scratch};

/// Reads one line as any format and shows only what is there.
#[track_caller]
fn check(line: &str, expected: &Expect) {
    check_bytes(line.as_bytes(), expected);
}

#[track_caller]
fn check_bytes(line: &[u8], expected: &Expect) {
    let mut scratch = Scratch::default();
    let shown = match Format::auto().parse(line, &mut scratch) {
        Ok(record) => show(&record),
        Err(reject) => format!("rejected: {reject}"),
    };
    expected.assert_eq(&shown);
}

fn show(record: &Record<'_>) -> String {
    let mut shown = format!("{} {}", record.time_millis, record.client);
    shown += &match record.request_malformed {
        true => format!(" MALFORMED {:?}", record.malformed_request),
        false => format!(" {} {:?} {}", record.method, record.target, record.protocol),
    };
    shown += &format!(" -> {} {}", record.status, record.bytes);
    let texts = [
        ("host", record.host),
        ("referer", record.referer),
        ("user_agent", record.user_agent),
        ("user", record.user),
        ("forwarded_for", record.forwarded_for),
    ];
    for (name, text) in texts {
        shown += &text.map_or(String::new(), |text| format!(" {name}={text:?}"));
    }
    shown + &record.request_seconds.map_or(String::new(), |seconds| format!(" {seconds}s"))
}

#[test]
fn common() {
    check(
        r#"192.0.2.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /a.gif HTTP/1.0" 200 2326"#,
        &expect![[r#"971211336000 192.0.2.1 GET "/a.gif" HTTP/1.0 -> 200 2326 user="frank""#]],
    );
    check(
        r#"192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 304 -"#,
        &expect![[r#"971211336000 192.0.2.1 GET "/" HTTP/1.1 -> 304 0"#]],
    );
    check(
        r#"192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 304"#,
        &expect![[r#"971211336000 192.0.2.1 GET "/" HTTP/1.1 -> 304 0"#]],
    );
    check(
        r#"192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" - -"#,
        &expect![[r#"971211336000 192.0.2.1 GET "/" HTTP/1.1 -> 0 0"#]],
    );
}

#[test]
fn combined() {
    check(
        r#"2001:db8::7 - - [10/Oct/2000:13:55:36 -0700] "POST /a?b HTTP/2.0" 200 5 "https://example.com/" "Mozilla/5.0 (X)""#,
        &expect![[
            r#"971211336000 2001:db8::7 POST "/a?b" HTTP/2.0 -> 200 5 referer="https://example.com/" user_agent="Mozilla/5.0 (X)""#
        ]],
    );
    check(
        r#"::ffff:192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 5 "" """#,
        &expect![[r#"971211336000 192.0.2.1 GET "/" HTTP/1.1 -> 200 5"#]],
    );
    check(
        r#"192.0.2.1 - Jane Q. Doe [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 5 "-" "a" "198.51.100.9, 203.0.113.4""#,
        &expect![[
            r#"971211336000 192.0.2.1 GET "/" HTTP/1.1 -> 200 5 user_agent="a" user="Jane Q. Doe" forwarded_for="198.51.100.9, 203.0.113.4""#
        ]],
    );
    check(
        r#"192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 5 "-" "a" "-" "-""#,
        &expect![[r#"971211336000 192.0.2.1 GET "/" HTTP/1.1 -> 200 5 user_agent="a""#]],
    );
    check(
        r#"192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 5 "-" "cut off in the mid"#,
        &expect![[r#"971211336000 192.0.2.1 GET "/" HTTP/1.1 -> 200 5 user_agent="cut off in the mid""#]],
    );
    check(
        r#"192.0.2.1 - - [2000-10-10T13:55:36-07:00] "GET / HTTP/1.1" 200 5 0.012 "-" "a""#,
        &expect![[r#"971211336000 192.0.2.1 GET "/" HTTP/1.1 -> 200 5 user_agent="a""#]],
    );
    check(
        r#"192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 5 "-" "a" 517 0.002 [default-app-80] [] 192.0.2.9:80 5 0.002 200 0123abcd"#,
        &expect![[r#"971211336000 192.0.2.1 GET "/" HTTP/1.1 -> 200 5 user_agent="a""#]],
    );
}

#[test]
fn escapes() {
    check(
        r#"192.0.2.1 - a\x22b [10/Oct/2000:13:55:36 -0700] "GET /\xE0\xAE\x95\x22 HTTP/1.1" 200 5 "C:\x5Cx" "\x22\x00\xFF""#,
        &expect![[
            r#"971211336000 192.0.2.1 GET "/க\"" HTTP/1.1 -> 200 5 referer="C:\\x" user_agent="\"\0�" user="a\"b""#
        ]],
    );
    check(
        r#"192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET /\"quoted\" HTTP/1.1" 200 5 "a\\" "b \"c\" d""#,
        &expect![[
            r#"971211336000 192.0.2.1 GET "/\"quoted\"" HTTP/1.1 -> 200 5 referer="a\\" user_agent="b \"c\" d""#
        ]],
    );
    // Not escaped at all: the line must go on as it does after a closing quote.
    check(
        r#"192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET /" onload="x" HTTP/1.1" 200 5 "http://example.com/?q="a b" c" "\" "d""#,
        &expect![[
            r#"971211336000 192.0.2.1 GET "/\" onload=\"x\"" HTTP/1.1 -> 200 5 referer="http://example.com/?q=\"a b\" c" user_agent="\" \"d""#
        ]],
    );
    check(
        r#"192.0.2.1 - [10/Oct/2001:13:55:36 -0700] \x22GET / [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 401 5 "-" "-""#,
        &expect![[
            r#"971211336000 192.0.2.1 GET "/" HTTP/1.1 -> 401 5 user="[10/Oct/2001:13:55:36 -0700] \"GET /""#
        ]],
    );
    check_bytes(
        b"192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] \"GET /\xFF\xC3\xA9 HTTP/1.1\" 200 5 \"-\" \"\xE9t\xE9\"",
        &expect![[r#"971211336000 192.0.2.1 GET "/�é" HTTP/1.1 -> 200 5 user_agent="�t�""#]],
    );
}

#[test]
fn malformed_requests() {
    check(
        r#"192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "-" 400 0 "-" "-""#,
        &expect![[r#"971211336000 192.0.2.1 MALFORMED "-" -> 400 0"#]],
    );
    check(
        r#"192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "" 400 0 "-" "-""#,
        &expect![[r#"971211336000 192.0.2.1 MALFORMED "" -> 400 0"#]],
    );
    check(
        r#"192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "\x16\x03\x01\x01\xFC" 400 226 "-" "-""#,
        &expect![[r#"971211336000 192.0.2.1 MALFORMED "\u{16}\u{3}\u{1}\u{1}�" -> 400 226"#]],
    );
    check(
        r#"192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "lv|'|'|x|'|'|Win XP|'|'|" 400 157 "-" "-""#,
        &expect![[r#"971211336000 192.0.2.1 MALFORMED "lv|'|'|x|'|'|Win XP|'|'|" -> 400 157"#]],
    );
    check(
        r#"192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET /a cmd=ls -al" 400 226"#,
        &expect![[r#"971211336000 192.0.2.1 MALFORMED "GET /a cmd=ls -al" -> 400 226"#]],
    );
    check(
        r#"192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET /old" 200 226"#,
        &expect![[r#"971211336000 192.0.2.1 GET "/old"  -> 200 226"#]],
    );
}

#[test]
fn prefixes() {
    let rest = r#"192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 5 "-" "a""#;
    check(
        &format!("example.com {rest}"),
        &expect![[r#"971211336000 192.0.2.1 GET "/" HTTP/1.1 -> 200 5 host="example.com" user_agent="a""#]],
    );
    check(
        &format!("example.com:443 {rest}"),
        &expect![[r#"971211336000 192.0.2.1 GET "/" HTTP/1.1 -> 200 5 host="example.com" user_agent="a""#]],
    );
    check(
        &format!("_ {rest}"),
        &expect![[r#"971211336000 192.0.2.1 GET "/" HTTP/1.1 -> 200 5 user_agent="a""#]],
    );
    check(
        &format!("Jul  8 11:07:07 ip-10 nginx[2869]: {rest}"),
        &expect![[r#"971211336000 192.0.2.1 GET "/" HTTP/1.1 -> 200 5 user_agent="a""#]],
    );
    check(
        &format!("<190>Jul  8 11:07:07 198.51.100.3 nginx: example.com:80 {rest}"),
        &expect![[r#"971211336000 192.0.2.1 GET "/" HTTP/1.1 -> 200 5 host="example.com" user_agent="a""#]],
    );
    check(
        &format!("2000-10-10T20:55:36.1Z stdout F {rest}"),
        &expect![[r#"971211336000 192.0.2.1 GET "/" HTTP/1.1 -> 200 5 user_agent="a""#]],
    );
    check(
        &format!("web-1  | {rest}"),
        &expect![[r#"971211336000 192.0.2.1 GET "/" HTTP/1.1 -> 200 5 user_agent="a""#]],
    );
    check(
        &format!("\"{rest}\"\r"),
        &expect![[r#"971211336000 192.0.2.1 GET "/" HTTP/1.1 -> 200 5 user_agent="a""#]],
    );
    check(
        &format!("\u{feff}198.51.100.9, {rest}"),
        &expect![[r#"971211336000 192.0.2.1 GET "/" HTTP/1.1 -> 200 5 user_agent="a""#]],
    );
    check(
        &format!("203.0.113.1, 203.0.113.2, 203.0.113.3, {rest}"),
        &expect![[r#"971211336000 192.0.2.1 GET "/" HTTP/1.1 -> 200 5 user_agent="a""#]],
    );
    // What the client sent as its user's name is not taken for a prefix.
    let forged = rest.replace("- -", "- nginx: 203.0.113.5 - -");
    check(
        &format!("example.com {forged}"),
        &expect![[
            r#"971211336000 192.0.2.1 GET "/" HTTP/1.1 -> 200 5 host="example.com" user_agent="a" user="nginx: 203.0.113.5 - -""#
        ]],
    );
    let log = rest.replace('"', "\\\"");
    check(
        &format!(r#"{{"log":"{log}\n","stream":"stdout","time":"2000-10-10T20:55:36.1Z"}}"#),
        &expect![[r#"971211336000 192.0.2.1 GET "/" HTTP/1.1 -> 200 5 user_agent="a""#]],
    );
}

#[test]
fn traefik() {
    check(
        r#"192.0.2.1 - - [10/Oct/2000:13:55:36 +0000] "GET / HTTP/1.1" 200 5 "-" "a" 500 "web -> leaf@docker" "http://198.51.100.2:80" 12ms"#,
        &expect![[r#"971186136000 192.0.2.1 GET "/" HTTP/1.1 -> 200 5 user_agent="a" 0.012s"#]],
    );
    check(
        r#"{"ClientAddr":"192.0.2.1:39490","ClientHost":"192.0.2.1","ClientUsername":"-","DownstreamContentSize":356,"DownstreamStatus":404,"Duration":215563,"RequestHost":"example.com","RequestMethod":"GET","RequestPath":"/a?b=\"c\"","RequestProtocol":"HTTP/1.1","ServiceURL":{"Host":"x","User":null},"StartUTC":"2021-12-08T14:02:43.464763557Z","level":"info","msg":"","request_User-Agent":"Nikto","time":"2021-12-08T14:02:44Z"}"#,
        &expect![[
            r#"1638972163464 192.0.2.1 GET "/a?b=\"c\"" HTTP/1.1 -> 404 356 host="example.com" user_agent="Nikto" 0.000215563s"#
        ]],
    );
}

#[test]
fn caddy() {
    check(
        r#"{"level":"info","ts":1646861401.5241024,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"198.51.100.1","remote_port":"41342","client_ip":"192.0.2.1","proto":"HTTP/2.0","method":"GET","host":"example.com:8443","uri":"/a?b","headers":{"User-Agent":["curl/7.82.0 \"x\""],"Accept":["*/*"],"Referer":["https://example.com/"]},"tls":{"resumed":false}},"bytes_read":0,"user_id":"","duration":0.000929675,"size":10900,"status":200,"resp_headers":{"Server":["Caddy"]}}"#,
        &expect![[
            r#"1646861401524 192.0.2.1 GET "/a?b" HTTP/2.0 -> 200 10900 host="example.com" referer="https://example.com/" user_agent="curl/7.82.0 \"x\"" 0.000929675s"#
        ]],
    );
    check(
        r#"{"ts":"2022-03-09T21:30:01Z","logger":"http.log.access.log0","request":{"remote_addr":"192.0.2.1:41342","proto":"HTTP/1.1","method":"GET","host":"localhost","uri":"/","headers":{}},"duration":"1.5ms","size":0,"status":308}"#,
        &expect![[r#"1646861401000 192.0.2.1 GET "/" HTTP/1.1 -> 308 0 host="localhost" 0.0015s"#]],
    );
    check(
        r#"{"level":"error","ts":1646861401.5,"logger":"http.log.error","msg":"x","request":{"remote_ip":"192.0.2.1","method":"GET","uri":"/"},"status":502}"#,
        &expect!["rejected: the line is not of this format"],
    );
    check(
        r#"{"level":"warn","ts":1700758468.3,"logger":"http.handlers.waf","msg":"[client \"192.0.2.1\"]"}"#,
        &expect!["rejected: the line is not of this format"],
    );
}

#[test]
fn nginx_json() {
    check(
        r#"{"time_iso8601":"2000-10-10T13:55:36-07:00","remote_addr":"192.0.2.1","request":"GET /a?b HTTP/1.1","status":"200","body_bytes_sent":"5","request_time":"0.003","http_referrer":"","http_user_agent":"a \"b\" \\ \u0001","host":"example.com"}"#,
        &expect![[
            r#"971211336000 192.0.2.1 GET "/a?b" HTTP/1.1 -> 200 5 host="example.com" user_agent="a \"b\" \\ \u{1}" 0.003s"#
        ]],
    );
    check(
        r#"Oct 10 13:55:36 web nginx: {"time_local":"10/Oct/2000:13:55:36 -0700","msec":971211336.789,"remote_addr":"2001:db8::1","request_method":"POST","uri":"/a","args":"b=c","status":201,"bytes":7,"server_name":"_","server_protocol":"HTTP/2.0","http_x_forwarded_for":"198.51.100.1","upstream_time":}"#,
        &expect![[
            r#"971211336789 2001:db8::1 POST "/a?b=c" HTTP/2.0 -> 201 7 forwarded_for="198.51.100.1""#
        ]],
    );
    check(
        r#"{"time_local":"10/Oct/2000:13:55:36 -0700","remote_addr":"192.0.2.1","request":"\u0016\u0003\u0001","status":400}"#,
        &expect![[r#"971211336000 192.0.2.1 MALFORMED "\u{16}\u{3}\u{1}" -> 400 0"#]],
    );
    check(
        r#"{"time_local":"soon","remote_addr":"192.0.2.1","request_uri":"/","status":400}"#,
        &expect!["rejected: the line has no valid time"],
    );
    check(
        r#"{"time_local":"10/Oct/2000:13:55:36 -0700","remote_addr":"unix:","request_uri":"/","status":400}"#,
        &expect!["rejected: the line has no client address"],
    );
    check(
        r#"{"time_local":"10/Oct/2000:13:55:36 -0700","remote_addr":"192.0.2.1","status":400}"#,
        &expect!["rejected: the line has no request"],
    );
    check(
        r#"{"msec":971211336.789,"remote_addr":"192.0.2.1","request_uri":"/"}"#,
        &expect!["rejected: the line has no status"],
    );
}

#[test]
fn nginx_proxy_manager() {
    check(
        r#"[10/Oct/2000:13:55:36 +0000] - 200 200 - GET https example.com "/a?b=\x22c" [Client 192.0.2.1] [Length 150] [Gzip 2.5] [Sent-to 198.51.100.7] "curl/8.5.0" "https://example.com/""#,
        &expect![[
            r#"971186136000 192.0.2.1 GET "/a?b=\"c"  -> 200 150 host="example.com" referer="https://example.com/" user_agent="curl/8.5.0""#
        ]],
    );
    check(
        r#"[10/Oct/2000:13:55:36 +0000] 404 - GET http example.com "/" [Client 2001:db8::1] [Length 0] [Gzip -] "a b" "-""#,
        &expect![[r#"971186136000 2001:db8::1 GET "/"  -> 404 0 host="example.com" user_agent="a b""#]],
    );
}

#[test]
fn rejected() {
    check("", &expect!["rejected: the line is empty"]);
    check(" \t\r\n", &expect!["rejected: the line is empty"]);
    check("#Fields: date time c-ip", &expect!["rejected: the line is a comment"]);
    check(&"x".repeat(70_000), &expect!["rejected: the line is too long"]);
    check(
        "2021/09/30 11:14:41 [error] 2869#0: *1 open() failed, client: 192.0.2.1",
        &expect!["rejected: the line is not of this format"],
    );
    check(
        r#"192.0.2.1 - - [31/Feb/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 5"#,
        &expect!["rejected: the line has no valid time"],
    );
    check(
        r#"host.example.com - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 5"#,
        &expect!["rejected: the line has no client address"],
    );
    check(
        r#"192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" OK 5"#,
        &expect!["rejected: the line has no status"],
    );
    check(
        r#"192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HT"#,
        &expect!["rejected: the line has no status"],
    );
}

#[test]
fn detection_goes_with_the_majority_and_reads_the_rest() {
    let combined = r#"192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 5 "-" "a""#.as_bytes();
    let json = br#"{"msec":971211336.789,"remote_addr":"192.0.2.1","request":"GET / HTTP/1.1","status":200}"#;
    let detect = |lines: &[&[u8]]| Format::detect(lines.iter().copied()).map(|format| format.name());
    assert_eq!(detect(&[combined, json, json]), Some("nginx_json"));
    assert_eq!(detect(&[b"", combined, json]), Some("combined"));
    assert_eq!(detect(&[b"", b"# comment", b"nonsense"]), None);
    assert_eq!(detect(&[]), None);

    let mut scratch = Scratch::default();
    let format = Format::detect([&json[..], json]).unwrap();
    assert!(format.parse(combined, &mut scratch).is_ok());
    assert!(Format::from_name("nginx_json").unwrap().parse(combined, &mut scratch).is_err());
}

#[test]
fn names() {
    for (name, _) in spigot_accesslog::NAMES {
        assert!(Format::from_name(name).is_ok(), "{name}");
    }
    assert_eq!(Format::from_name("Nginx-JSON").map(|format| format.name()), Ok("nginx_json"));
    expect![[r#"unknown log format "iis"; known are auto common combined vhost_combined traefik traefik_json caddy nginx_json nginx_proxy_manager, or give nginx's log_format string"#]].assert_eq(&Format::from_name("iis").unwrap_err().to_string());
}
