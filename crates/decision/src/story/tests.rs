use super::*;

const WINDOWS: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:135.0) Gecko/20100101 Firefox/135.0";
const IPHONE: &str =
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)";
const CHROMIUM_TLS: &str = "t13d1517h2_8daaf6152771_b0da82dd1658";
const FIREFOX_TLS: &str = "t13d1717h2_5b57614c22b0_3cbfd9057e0d";
const SAFARI_TLS: &str = "t13d2014h2_a09f3c656075_e42f34c56612";
const UNKNOWN_TLS: &str = "t13d1413h2_0123456789ab_0123456789ab";
const CHROMIUM_HTTP2: &str = "1:65536;2:0;4:6291456;6:262144|15663105|0|m,a,s,p";
const FIREFOX_HTTP2: &str = "1:65536;2:0;4:131072;5:16384|12517377|0|m,p,a,s";

fn chrome(version: u16) -> String {
    format!("{WINDOWS} Chrome/{version}.0.0.0 Safari/537.36")
}

fn text(found: Option<Found>) -> String {
    found.map_or(String::new(), |found| found.to_string())
}

#[test]
fn the_shipped_rules_can_be_read() {
    let rules = Rules::parse("browsers.toml", include_str!("../../../../policies/browsers.toml"));
    let rules = rules.unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!((rules.engines.len(), rules.tools.len()), (3, 6));
    assert_eq!(&rules, &*Rules::shipped());
}

#[test]
fn wrong_rules_are_refused_with_what_to_write() {
    let check = |text: &str, said: &str| match Rules::parse("browsers.toml", text) {
        Ok(rules) => panic!("taken: {rules:?}"),
        Err(problems) => assert!(problems.to_string().contains(said), "{problems}"),
    };
    check("[[engine]]\nengine = \"presto\"\ncalled = \"Opera\"\n", "blink");
    check("[[engine]]\ncalled = \"Opera\"\n", "engine = \"blink\"");
    check("[[engine]]\nengine = \"blink\"\ncalled = \"C\"\norder = [[\"accept\"]]\n", "pairs");
    check("[[engine]]\nengine = \"blink\"\ncalled = \"C\"\nonly_these_ciphers = [\"Netscape\"]\n", "Chrome");
    check("[[tool]]\ncalled = \"curl\"\nciphers = [\"8DAAF6152771\"]\n", "twelve digits");
    check("[[tool]]\ncalled = \"a name that is much too long\"\n", "20 bytes");
    check("[[tool]]\ncalled = \"curl\"\ncipher = []\n", "ciphers");
}

#[test]
fn tls() {
    let rules = Rules::shipped();
    let check = |agent: &str, ja4: &str, grease: Option<bool>, expected: &str| {
        let found = rules.tls(&Agent::of(agent), &Tls { ja4, grease });
        assert_eq!(text(found), expected, "{agent} {ja4} {grease:?}");
    };
    let curl = "t13d3112h2_e8f1e7e78f70_b26ce05bbdd6";
    check(&chrome(131), CHROMIUM_TLS, Some(true), "");
    check(&chrome(131), CHROMIUM_TLS, None, "");
    check(&chrome(131), CHROMIUM_TLS, Some(false), "its TLS offers no reserved values, as such browsers do");
    check(&chrome(131), curl, Some(false), "its TLS is that of OpenSSL");
    check(&chrome(131), FIREFOX_TLS, Some(false), "its TLS is that of Firefox");
    check(&chrome(131), UNKNOWN_TLS, None, "its TLS is not that of any such browser");
    check(&chrome(131), "nonsense", None, "");
    check(FIREFOX, FIREFOX_TLS, Some(false), "");
    check(FIREFOX, CHROMIUM_TLS, Some(true), "its TLS is that of Chromium");
    // Firefox' users can choose ciphers, so others are nothing strange.
    check(FIREFOX, UNKNOWN_TLS, Some(false), "");
    check(FIREFOX, UNKNOWN_TLS, Some(true), "its TLS offers reserved values, as no such browser does");
    // Every browser on iOS is Safari within.
    let (safari, on_ios) = (
        format!("{IPHONE} Version/18.0 Mobile/15E148 Safari/604.1"),
        format!("{IPHONE} CriOS/131.0 Mobile/15E148 Safari/604.1"),
    );
    check(&safari, SAFARI_TLS, Some(true), "");
    check(&on_ios, SAFARI_TLS, Some(true), "");
    check(&on_ios, CHROMIUM_TLS, Some(true), "its TLS is that of Chromium");
    // A newer version than the rules know may have whatever is nobody else's.
    check(&chrome(400), UNKNOWN_TLS, Some(false), "");
    check(&chrome(400), CHROMIUM_TLS, Some(false), "");
    check(&chrome(400), curl, Some(false), "its TLS is that of OpenSSL");
    check(&chrome(60), UNKNOWN_TLS, Some(false), "");
    // Who says that it is a program is believed, and an app's web view has a network of its own.
    check("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", curl, Some(false), "");
    check(&format!("{} (compatible; Googlebot/2.1)", chrome(131)), curl, Some(false), "");
    check("curl/8.5.0", curl, Some(false), "");
    check(
        "Mozilla/5.0 (Linux; Android 14; SM-S918B; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/124.0 Mobile Safari/537.36",
        curl,
        Some(false),
        "",
    );
    check("", curl, Some(false), "");
}

#[test]
fn http2() {
    let rules = Rules::shipped();
    let check = |agent: &str, fingerprint: &str, expected: &str| {
        assert_eq!(text(rules.http2(&Agent::of(agent), fingerprint)), expected, "{agent} {fingerprint}");
    };
    check(&chrome(131), CHROMIUM_HTTP2, "");
    check(FIREFOX, FIREFOX_HTTP2, "");
    check(&chrome(131), FIREFOX_HTTP2, "its HTTP/2 is that of Firefox");
    check(&chrome(131), "3:100;4:33554432;2:0|33488897|0|m,p,s,a", "its HTTP/2 is that of curl");
    check(&chrome(131), "2:0;4:4194304;6:10485760|1073741824|0|a,m,p,s", "its HTTP/2 is that of Go");
    check(
        &chrome(131),
        "1:4096;2:0;4:65535;5:16384;3:100;6:65536|16777216|0|m,a,s,p",
        "its HTTP/2 is that of Python",
    );
    check(&chrome(131), "|00|0|p,m,a,s", "its HTTP/2 is that of Node.js");
    check(&chrome(131), "1:65536|1|0|m,a,s,p", "its HTTP/2 is not that of any such browser");
    check(&chrome(400), "1:65536|1|0|m,a,s,p", "");
    let unlike = "its HTTP/2 is not that of any such browser";
    // Of a version that is known each setting has its value; older ones sent 3:1000, and some try reserved ones.
    check(&chrome(131), "1:65536;3:1000;4:6291456;6:262144|15663105|0|m,a,s,p", "");
    check(&chrome(131), "1:65536;2:0;4:6291456;6:262144;2570:7|15663105|0|m,a,s,p", "");
    check(&chrome(131), "1:65536;2:0;4:65535;6:262144|15663105|0|m,a,s,p", unlike);
    check(&chrome(131), "|15663105|0|m,a,s,p", unlike);
    check(&chrome(131), "1:65536;4:6291456|15663105|3:0:0:201|m,a,s,p", unlike);
    check(FIREFOX, "1:65536;4:131072|12517377|0|m,p,a,s", unlike);
    check(FIREFOX, "1:4096;4:32768;5:16384|12517377|3:0:0:201,5:0:0:101|m,p,a,s", "");
    let safari = format!("{IPHONE} Version/18.0 Mobile/15E148 Safari/604.1");
    check(&safari, "2:0;3:100;4:2097152;8:1;9:1|10420225|0|m,s,a,p", "");
    check(&safari, "2:0;3:128;4:2097152|10420225|0|m,s,a,p", unlike);
    check(&chrome(400), "1:1;2:1;4:1|1|3:0:0:201|m,a,s,p", "");
    check(&safari.replace("18.0", "40.0"), "3:1|1|3:0:0:1|m,s,a,p", "");
    check(&chrome(400), "1:65536|1|0|a,s,p,m", "");
    check(&chrome(131), "nonsense", "");
}

/// The fields of a request, in the order in which they come.
fn sent<'r>(method: &str, fields: &'r [(&'r str, &'r str)]) -> Sent<'r> {
    Sent::of(method, fields.iter().map(|(name, value)| (*name, value.as_bytes())))
}

const UA: (&str, &str) = ("user-agent", "");
const ACCEPT: (&str, &str) = ("accept", "*/*");
const ENCODING: (&str, &str) = ("accept-encoding", "gzip, deflate");
const LANGUAGE: (&str, &str) = ("accept-language", "en");
const SITE: (&str, &str) = ("sec-fetch-site", "none");
const MODE: (&str, &str) = ("sec-fetch-mode", "navigate");

#[test]
fn header_fields() {
    let rules = Rules::shipped();
    let check = |agent: &str, method: &str, fields: &[(&str, &str)], trustworthy: bool, expected: &str| {
        let found = rules.headers(&Agent::of(agent), &sent(method, fields), trustworthy);
        assert_eq!(text(found), expected, "{agent} {fields:?}");
    };
    let hardly = "it sends hardly any of Accept, Accept-Encoding and Accept-Language";
    let none = "it sends none of Accept-Language, Sec-Fetch-Site and Sec-CH-UA";
    let order = "its header fields come in an order that no such browser has";
    let agent = &chrome(131);
    check(agent, "GET", &[UA, ACCEPT, SITE, MODE, ENCODING, LANGUAGE], true, "");
    // Over plain HTTP they tell less.
    check(agent, "GET", &[UA, ACCEPT, ENCODING, LANGUAGE], false, "");
    // A proxy, an extension or a browser for privacy removed one.
    check(agent, "GET", &[UA, ACCEPT, ENCODING, LANGUAGE], true, "");
    check(agent, "GET", &[UA, ACCEPT, SITE, MODE, ENCODING], true, "");
    check(agent, "GET", &[UA, ACCEPT, LANGUAGE], false, "");
    // What copies a user agent and nothing else.
    check(agent, "GET", &[UA, ACCEPT], false, hardly);
    check(agent, "GET", &[UA, ("accept-encoding", "gzip")], false, hardly);
    check(agent, "GET", &[UA, ACCEPT, ENCODING], true, none);
    check(agent, "GET", &[UA, ENCODING, ACCEPT, LANGUAGE], false, order);
    check(agent, "GET", &[ACCEPT, ENCODING, UA, LANGUAGE], false, order);
    check(agent, "GET", &[("via", "1.1 a"), UA, ENCODING, ACCEPT, LANGUAGE], false, "");
    check(
        agent,
        "GET",
        &[UA, ACCEPT, ("accept-language", "*"), MODE, ENCODING],
        false,
        "it takes any language, which no browser sends",
    );
    check(
        agent,
        "GET",
        &[UA, ACCEPT, LANGUAGE, MODE, ENCODING],
        false,
        "it sends Sec-Fetch-Mode without Sec-Fetch-Site",
    );
    // Requests that are none for a page.
    check(agent, "OPTIONS", &[UA, ACCEPT], true, "");
    check(agent, "GET", &[UA, ("upgrade", "websocket")], true, "");
    check(agent, "POST", &[UA, ("content-type", "application/reports+json")], true, "");
    // Before Sec-Fetch-Site; and a newer version may have another order.
    check(&chrome(70), "GET", &[UA, ACCEPT, ENCODING], true, "");
    check(&chrome(400), "GET", &[UA, ENCODING, ACCEPT, LANGUAGE], false, "");
    check(FIREFOX, "GET", &[UA, ACCEPT, LANGUAGE, ENCODING], false, "");
    let safari = format!("{IPHONE} Version/17.2 Mobile/15E148 Safari/604.1");
    check(&safari, "GET", &[ACCEPT, SITE, ENCODING, MODE, UA, LANGUAGE], true, "");
    check("curl/8.5.0", "GET", &[UA, ACCEPT], true, "");
}

#[test]
fn client_hints() {
    let rules = Rules::shipped();
    let check = |agent: &str, brands: &str, mobile: &str, platform: &str, expected: &str| {
        let fields = [("sec-ch-ua", brands), ("sec-ch-ua-mobile", mobile), ("sec-ch-ua-platform", platform)];
        let fields: Vec<_> = fields.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let found = rules.hints(&Agent::of(agent), &sent("GET", &fields));
        assert_eq!(text(found), expected, "{agent} {brands} {mobile} {platform}");
    };
    let brands = r#""Chromium";v="131", "Google Chrome";v="131", "Not_A Brand";v="24""#;
    let agent = &chrome(131);
    check(agent, brands, "?0", "\"Windows\"", "");
    check(agent, "", "", "", "");
    check(agent, "nonsense \"Chromium\";v=\"99999999\"", "?7", "\"Toaster\"", "");
    check(&chrome(130), brands, "?0", "\"Windows\"", "its client hints name another version");
    check(agent, brands, "?1", "\"Windows\"", "its client hints are a phone's, its user agent is not");
    check(agent, brands, "?0", "\"Linux\"", "its client hints name another system");
    check(agent, r#""HeadlessChrome";v="131""#, "?0", "", "its client hints say that it has no window");
    check(FIREFOX, brands, "?0", "\"Linux\"", "it sends client hints, which that browser does not");
    // The desktop version of a page, asked for on a phone.
    let desktop = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";
    check(desktop, brands, "?0", "\"Android\"", "");
    // Edge has a version of its own beside Chromium's.
    check(&format!("{agent} Edg/130.0"), brands, "?0", "\"Windows\"", "");
}

/// Whatever comes, nothing panics, and what is found is about what was claimed.
#[test]
fn nonsense_is_no_contradiction() {
    let rules = Rules::shipped();
    let seed = 11u64;
    let mut state = seed;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u8
    };
    for _ in 0..20_000 {
        let text: String = (0..random() % 40).map(|_| char::from(b' ' + random() % 95)).collect();
        let agent = Agent::of(&text);
        let found = (rules.tls(&agent, &Tls { ja4: &text, grease: Some(true) }), rules.http2(&agent, &text));
        assert!(claimed(&agent).is_some() || found == (None, None), "seed {seed}: {text}");
        let known = Agent::of(FIREFOX);
        let is_four = text.matches('|').count() >= 3;
        assert!(is_four || rules.http2(&known, &text).is_none(), "seed {seed}: {text}");
    }
}
