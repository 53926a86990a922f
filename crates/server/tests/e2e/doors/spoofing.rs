//! Fields that some server somewhere reads for the truth about a request, sent by a client. None of them changes a
//! decision, for better or for worse.

use super::harness::Stand;

const ADDRESSES: [&str; 18] = [
    "X-Forwarded-For",
    "X_Forwarded_For",
    "X-Real-IP",
    "X_Real_IP",
    "Forwarded-For",
    "X-Client-IP",
    "Client-IP",
    "X-Cluster-Client-IP",
    "True-Client-IP",
    "CF-Connecting-IP",
    "Fastly-Client-IP",
    "X-Envoy-External-Address",
    "X-Originating-IP",
    "X-Remote-Addr",
    "X-Original-Forwarded-For",
    "X-ProxyUser-Ip",
    "X-Azure-ClientIP",
    "X-Original-Address",
];

const TARGETS: [&str; 9] = [
    "X-Original-URI",
    "X_Original_URI",
    "X-Original-URL",
    "X-Rewrite-URL",
    "X-Forwarded-Uri",
    "X_Forwarded_Uri",
    "X-Envoy-Original-Path",
    "X-Auth-Request-Redirect",
    "X-Forwarded-Path",
];

const METHODS: [&str; 5] = [
    "X-Original-Method",
    "X-Forwarded-Method",
    "X-HTTP-Method-Override",
    "X-Method-Override",
    "X_Original_Method",
];

const HOSTS: [&str; 4] = ["X-Forwarded-Host", "X-Original-Host", "X-Host", "X_Forwarded_Host"];

/// What our own names, and those of doors, might be taken for.
const MARKS: [(&str, &str); 9] = [
    ("X-Spigot-Action", "allow"),
    ("X-Spigot-Answer", "instead"),
    ("X-Spigot-Trusted", "partner"),
    ("X_Spigot_Action", "allow"),
    ("X-Original-Body", "whole"),
    ("X-Envoy-Auth-Partial-Body", "false"),
    ("X-Envoy-Internal", "true"),
    ("X-Forwarded-Proto", "https"),
    ("Forwarded", "for=127.0.0.77;host=shop.test;proto=https"),
];

pub(crate) fn changes_nothing(stand: &Stand) {
    let plain = |field: &str, value: &str| (field.to_owned(), value.to_owned());
    let mut better: Vec<(String, String)> = Vec::new();
    let mut worse: Vec<(String, String)> = Vec::new();
    for name in ADDRESSES {
        better.push(plain(name, "127.0.0.77"));
        better.push(plain(name, "127.0.0.77, 127.0.0.1"));
        worse.push(plain(name, "127.0.0.66"));
    }
    worse.push(plain("Forwarded", "for=127.0.0.66"));
    for name in TARGETS {
        better.push(plain(name, "/free"));
        worse.push(plain(name, "/admin/x"));
    }
    for name in METHODS {
        better.push(plain(name, "GET"));
        worse.push(plain(name, "DELETE"));
    }
    for name in HOSTS {
        better.push(plain(name, "shop.test"));
        worse.push(plain(name, "blocked.test"));
    }
    better.extend(MARKS.map(|(name, value)| plain(name, value)));
    let check = |client: u8, request: (&str, &str), field: &(String, String), status: u16| {
        let fields = [("Accept", "application/json"), (field.0.as_str(), field.1.as_str())];
        let answer = stand.client(client).request(request.0, request.1, &fields, b"");
        assert_eq!(answer.status, status, "{}: {request:?} with {field:?}: {answer:?}", stand.server.name);
    };
    for field in &better {
        check(30, ("GET", "/admin/x"), field, 403);
        check(31, ("GET", "/ask/x"), field, 403);
        check(32, ("DELETE", "/shop"), field, 403);
        check(66, ("GET", "/shop"), field, 403);
    }
    for field in &worse {
        check(33, ("GET", "/shop"), field, 200);
        check(77, ("GET", "/shop"), field, 200);
    }
    // All at once, and each of them twice.
    let mut all: Vec<(&str, &str)> = vec![("Accept", "application/json")];
    all.extend(better.iter().take(60).map(|(name, value)| (name.as_str(), value.as_str())));
    let answer = stand.client(34).request("GET", "/admin/x", &all, b"");
    assert_ne!(answer.status, 200, "{answer:?}");
}
