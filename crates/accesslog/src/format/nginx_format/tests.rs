//! Good and bad formats, and lines read with them.

use crate::escape::Scratch;
use crate::{Format, Record};
use expect_test::{Expect, expect};

fn check(log_format: &str, line: &str, expected: &Expect) {
    let format = Format::nginx(log_format).unwrap();
    let mut scratch = Scratch::default();
    let shown = match format.parse(line.as_bytes(), &mut scratch) {
        Ok(record) => show(&record),
        Err(reject) => format!("{reject:?}"),
    };
    expected.assert_eq(&shown);
}

fn show(record: &Record<'_>) -> String {
    let Record { time_millis, client, method, target, protocol, host, status, bytes, .. } = record;
    format!(
        "{time_millis} {client} {method:?} {target:?} {protocol:?} host={host:?} {status} {bytes} ua={:?} s={:?} bad={:?}",
        record.user_agent, record.request_seconds, record.malformed_request,
    )
}

fn refused(log_format: &str, expected: &Expect) {
    expected.assert_eq(&Format::nginx(log_format).unwrap_err().to_string());
}

#[test]
fn combined_as_a_directive() {
    check(
        r#"log_format main '$remote_addr - $remote_user [$time_local] "$request" '
               '$status $body_bytes_sent "$http_referer" '
               '"$http_user_agent" $request_time';"#,
        r#"192.0.2.1 - a b [10/Oct/2000:13:55:36 -0700] "GET /a HTTP/1.1" 200 5 "-" "x \x22y\x22" 0.250"#,
        &expect![[
            r#"971211336000 192.0.2.1 "GET" "/a" "HTTP/1.1" host=None 200 5 ua=Some("x \"y\"") s=Some(0.25) bad="""#
        ]],
    );
}

#[test]
fn parts_apart() {
    check(
        "$msec|$remote_addr|$scheme://$host$request_uri|$request_method|$status|$_mine|${bytes_sent}",
        "1700000000.123|2001:db8::1|https://example.com/a?b=c|POST|302|what ever|17",
        &expect![[
            r#"1700000000123 2001:db8::1 "POST" "/a?b=c" "" host=Some("example.com") 302 17 ua=None s=None bad="""#
        ]],
    );
    check(
        "$time_iso8601 $remote_addr $request_method $uri $status $args",
        "2000-10-10T13:55:36-07:00 192.0.2.1 GET /a 200 b=1",
        &expect![[r#"971211336000 192.0.2.1 "GET" "/a?b=1" "" host=None 200 0 ua=None s=None bad="""#]],
    );
    check(
        "$time_iso8601 $remote_addr $request_method $uri$is_args$args $status",
        "2000-10-10T13:55:36-07:00 192.0.2.1 GET /a?b=1 200",
        &expect![[r#"971211336000 192.0.2.1 "GET" "/a?b=1" "" host=None 200 0 ua=None s=None bad="""#]],
    );
}

#[test]
fn json_format() {
    check(
        r#"{"t":"$msec","ip":"$remote_addr","r":"$request","s":$status,"ua":"$http_user_agent"}"#,
        r#"{"t":"1700000000.123","ip":"192.0.2.1","r":"GET /\"x HTTP/2.0","s":200,"ua":"\"\\"}"#,
        &expect![[
            r#"1700000000123 192.0.2.1 "GET" "/\"x" "HTTP/2.0" host=None 200 0 ua=Some("\"\\") s=None bad="""#
        ]],
    );
}

#[test]
fn lines_that_do_not_fit() {
    let format = r#"$remote_addr [$time_local] "$request" $status"#;
    check(
        format,
        r#"192.0.2.1 [10/Oct/2000:13:55:36 -0700] "-" 400"#,
        &expect![[r#"971211336000 192.0.2.1 "" "" "" host=None 400 0 ua=None s=None bad="-""#]],
    );
    check(format, r#"192.0.2.1 [10/Oct/2000:13:55:36] "-" 400"#, &expect!["NoTime"]);
    check(format, r#"unix: [10/Oct/2000:13:55:36 -0700] "-" 400"#, &expect!["NoClient"]);
    check(format, r#"192.0.2.1 [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" OK"#, &expect!["NoStatus"]);
    check(format, "something else", &expect!["NotThisFormat"]);
}

#[test]
fn refused_formats() {
    refused(
        "$remote_adr [$time_local] \"$request\" $status",
        &expect![
            "log_format has an unknown variable $remote_adr; did you mean $remote_addr? For a variable of your own (map, set) write $_ in its place: it is skipped"
        ],
    );
    refused(
        "$flavour [$time_local] \"$request\" $status",
        &expect![
            "log_format has an unknown variable $flavour. For a variable of your own (map, set) write $_ in its place: it is skipped"
        ],
    );
    refused(
        "[$time_local] \"$request\" $status",
        &expect![[
            r#"log_format has no client address: $remote_addr is needed; the least is '$remote_addr [$time_local] "$request" $status'"#
        ]],
    );
    refused(
        "$remote_addr \"$request\" $status",
        &expect![[
            r#"log_format has no time: $time_local, $time_iso8601 or $msec is needed; the least is '$remote_addr [$time_local] "$request" $status'"#
        ]],
    );
    refused(
        "$remote_addr $msec $request_uri $status",
        &expect![[
            r#"log_format has no request: $request, or $request_method with $request_uri or $uri, is needed; the least is '$remote_addr [$time_local] "$request" $status'"#
        ]],
    );
    refused(
        "$remote_addr $msec \"$request\"",
        &expect![[
            r#"log_format has no status: $status is needed; the least is '$remote_addr [$time_local] "$request" $status'"#
        ]],
    );
    refused(
        "$remote_addr$msec \"$request\" $status",
        &expect![
            "log_format has $remote_addr and $msec with nothing between them, so no end of $remote_addr"
        ],
    );
    refused(
        "combined",
        &expect![[
            r#"log_format has no variable; the least is '$remote_addr [$time_local] "$request" $status'"#
        ]],
    );
}
