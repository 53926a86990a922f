use super::*;

fn browser(agent: &str) -> Option<(&'static str, u16, &'static str, u16)> {
    let found = Agent::of(agent).browser?;
    Some((found.family.name(), found.major, found.engine.name(), found.engine_major))
}

#[test]
fn browsers() {
    let check = |agent: &str, expected: (&str, u16, &str, u16)| {
        assert_eq!(browser(agent), Some(expected), "{agent}");
        assert_eq!(Agent::of(agent).bot, None, "{agent}");
    };
    let windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)";
    let chrome = format!("{windows} Chrome/131.0.0.0 Safari/537.36");
    check(&chrome, ("Chrome", 131, "blink", 131));
    check(&format!("{chrome} Edg/130.0.1"), ("Edge", 130, "blink", 131));
    check(&format!("{chrome} OPR/115.0.0.0"), ("Opera", 115, "blink", 131));
    check(&format!("{chrome} Something/7.1"), ("another browser", 131, "blink", 131));
    check(
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36",
        ("Samsung Internet", 27, "blink", 125),
    );
    check(
        "Mozilla/5.0 (Linux; Android 14; SM-S918B; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/124.0.6367.123 Mobile Safari/537.36",
        ("an app's web view", 124, "blink", 124),
    );
    check(
        "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0",
        ("Firefox", 131, "gecko", 131),
    );
    check(
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
        ("Safari", 18, "webkit", 18),
    );
    let phone =
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)";
    check(&format!("{phone} Version/17.5 Mobile/15E148 Safari/604.1"), ("Safari", 17, "webkit", 17));
    check(&format!("{phone} CriOS/131.0.1 Mobile/15E148 Safari/604.1"), ("Chrome", 131, "webkit", 0));
    check(&format!("{phone} FxiOS/133.0 Mobile/15E148 Safari/605.1.15"), ("Firefox", 133, "webkit", 0));
    check(&format!("{phone} Mobile/15E148"), ("an app's web view", 0, "webkit", 0));
    check(
        "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko",
        ("Internet Explorer", 11, "old", 11),
    );
    check(
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/64.0.3282.140 Safari/537.36 Edge/18.17763",
        ("Edge", 18, "old", 18),
    );
    check(&format!("{windows} Chrome/99999.1 Safari/537.36"), ("Chrome", 0, "blink", 0));
}

#[test]
fn devices_and_platforms() {
    let check = |agent: &str, device: Option<Device>, platform: Option<Platform>| {
        let found = Agent::of(agent);
        assert_eq!((found.device, found.platform), (device, platform), "{agent}");
    };
    let desktop = Some(Device::Desktop);
    check(
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:131.0) Gecko/20100101 Firefox/131.0",
        desktop,
        Some(Platform::Windows),
    );
    check(
        "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
        desktop,
        Some(Platform::ChromeOs),
    );
    check(
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Mobile/15E148 Safari/604.1",
        Some(Device::Phone),
        Some(Platform::Ios),
    );
    check(
        "Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/129.0 Mobile Safari/537.36",
        Some(Device::Phone),
        Some(Platform::Android),
    );
    check(
        "Mozilla/5.0 (Linux; Android 13; SM-X200) Chrome/129.0 Safari/537.36",
        Some(Device::Tablet),
        Some(Platform::Android),
    );
    check(
        "Mozilla/5.0 (Linux; Android 6.0; Nexus 5) (compatible; Googlebot/2.1) Mobile",
        Some(Device::Bot),
        Some(Platform::Android),
    );
    check("", None, None);
}

#[test]
fn declared_bots() {
    let check = |agent: &str, kind: &str, name: &str| {
        let found = Agent::of(agent).bot.unwrap_or_else(|| panic!("no bot: {agent}"));
        assert_eq!((found.kind.name(), found.name.as_str()), (kind, name), "{agent}");
    };
    check("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "search", "Googlebot");
    check(
        "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "search",
        "Googlebot",
    );
    check("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "search", "bingbot");
    check(
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
        "ai",
        "GPTBot",
    );
    check(
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "preview",
        "facebookexternalhit",
    );
    check("Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)", "marketing", "AhrefsBot");
    check("Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)", "monitor", "Pingdom.com_bot_version_1.4");
    check("curl/8.5.0", "library", "curl");
    check("Ruby", "library", "Ruby");
    check(
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/130.0 Safari/537.36",
        "automation",
        "HeadlessChrome",
    );
    check("Example/1.0 (+https://example.net/robot.html)", "other", "Example");
    check("Example/1.0", "other", "Example");
    check("Mozilla/5.0 (compatible; Example/1.0)", "other", "Example");
    check("Mozilla/5.0 (Windows NT 10.0) (example.com/policy)", "other", "Windows");
    check(&format!("{}bot", "é".repeat(200)), "other", "bot");
    check(&format!("{}bot/1.0", "a".repeat(200)), "other", &"a".repeat(32));
}

#[test]
fn people() {
    let check = |agent: &str| assert_eq!(Agent::of(agent).bot, None, "{agent}");
    check(
        "Mozilla/5.0 (Linux; Android 6.0; CUBOT MAX) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/72.0.3626.121 Mobile Safari/537.36",
    );
    check(
        "Mozilla/5.0 (Linux; Android 14; SM-S918B; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/124.0 Mobile Safari/537.36 CamScanner/4.8.5",
    );
    check(
        "Mozilla/5.0 (Linux; Android 4.0.4; HTC Ruby Build/Speed) AppleWebKit/535.19 (KHTML, like Gecko) Chrome/18.0 Mobile Safari/535.19",
    );
    check("ExampleApp/1 CFNetwork/808.3 Darwin/16.3.0");
    check("Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1; .NET CLR 1.1.4322)");
    check("Lynx/2.9.0dev.6 libwww-FM/2.14 SSL-MM/1.4.1 OpenSSL/1.1.1j-dev");
    // Attacks, not introductions.
    check("x') OR 941=(SELECT 941 FROM PG_SLEEP(15))--");
    check("");
}

/// Whatever is sent, reading it takes time in proportion to its length, and to no more than the first kibibyte for most
/// of it. Counted in steps of a kind that does not depend on the machine: the words that are looked at.
#[test]
fn hostile_ones_cost_no_more_than_their_length() {
    let pieces = [
        "bot",
        "(",
        "a@",
        "://",
        ".",
        "compatible;",
        "é",
        "www.",
        "google-",
        "${",
        "crawlspider",
        "Chrome/1",
    ];
    for piece in pieces {
        let long = piece.repeat(64 * 1024 / piece.len());
        let read = beginning(&long);
        assert!(read.len() <= READ_BYTES);
        let words = bot::words_in(read);
        assert!(words <= 8 * READ_BYTES, "{piece}: {words} words");
        let found = Agent::of(&long);
        assert!(found.bot.is_none_or(|bot| bot.name.len() <= 32), "{piece}");
    }
}
