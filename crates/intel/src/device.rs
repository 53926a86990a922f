use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

/// Words of user agents, and the class that each points to. Earlier rows win, because a bot that imitates a phone is a
/// bot, and an Android tablet says Android without Mobile.
static WORDS: [(&str, Class); 19] = [
    ("bot", Class::Bot),
    ("crawl", Class::Bot),
    ("spider", Class::Bot),
    ("slurp", Class::Bot),
    ("headless", Class::Bot),
    ("curl/", Class::Bot),
    ("wget/", Class::Bot),
    ("python", Class::Bot),
    ("go-http-client", Class::Bot),
    ("ipad", Class::Tablet),
    ("tablet", Class::Tablet),
    ("iphone", Class::Phone),
    ("mobile", Class::Phone),
    ("android", Class::Tablet),
    ("windows nt", Class::Desktop),
    ("macintosh", Class::Desktop),
    ("x11", Class::Desktop),
    ("cros", Class::Desktop),
    ("linux", Class::Desktop),
];

#[derive(Clone, Copy)]
enum Class {
    Bot,
    Tablet,
    Phone,
    Desktop,
}

impl Class {
    const ALL: [Self; 4] = [Self::Bot, Self::Tablet, Self::Phone, Self::Desktop];

    fn name(self) -> &'static str {
        match self {
            Self::Bot => "bot",
            Self::Tablet => "tablet",
            Self::Phone => "phone",
            Self::Desktop => "desktop",
        }
    }
}

static MATCHER: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let words = WORDS.iter().map(|(word, _)| word);
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::Standard)
        .build(words)
        .expect("a short fixed list")
});

/// The device class that a user agent claims: `desktop`, `phone`, `tablet`, `bot`; `None` when it says nothing.
#[must_use]
pub fn device(user_agent: &str) -> Option<&'static str> {
    let first = MATCHER.find_overlapping_iter(user_agent).map(|found| found.pattern().as_usize()).min()?;
    Some(WORDS[first].1.name())
}

/// The device class with a name, as events hold it.
#[must_use]
pub fn device_named(name: &str) -> Option<&'static str> {
    Class::ALL.into_iter().map(Class::name).find(|known| *known == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes() {
        let check = |agent: &str, class: Option<&str>| {
            assert_eq!(device(agent), class, "{agent}");
            assert_eq!(class.and_then(device_named), class, "a name reads back");
        };
        check(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:131.0) Gecko/20100101 Firefox/131.0",
            Some("desktop"),
        );
        check(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Mobile/15E148 Safari/604.1",
            Some("phone"),
        );
        check("Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/129.0 Mobile Safari/537.36", Some("phone"));
        check("Mozilla/5.0 (Linux; Android 13; SM-X200) Chrome/129.0 Safari/537.36", Some("tablet"));
        check("Mozilla/5.0 (Linux; Android 6.0; Nexus 5) (compatible; Googlebot/2.1) Mobile", Some("bot"));
        check("", None);
    }
}
