//! The pages' texts, in the language that the browser asks for: what the interstitial says before its script runs, and
//! the way without JavaScript. They come built from `web/challenge/languages`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

const BUILT: &str = include_str!("../../../web/challenge/dist/texts.json");

/// By language tag, then by key. A broken file would give no texts; a test reads it.
static LANGUAGES: LazyLock<BTreeMap<String, BTreeMap<String, String>>> =
    LazyLock::new(|| serde_json::from_str(BUILT).unwrap_or_default());

static NONE: BTreeMap<String, String> = BTreeMap::new();

/// One language's texts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Texts {
    pub(crate) tag: &'static str,
    texts: &'static BTreeMap<String, String>,
}

impl Texts {
    /// English.
    pub(crate) fn english() -> Self {
        Self { tag: "en", texts: LANGUAGES.get("en").unwrap_or(&NONE) }
    }

    /// The first of `Accept-Language`'s (RFC 9110, section 12.5.4) that we have, by weight and then by order; English
    /// where we have none. Browsers send few; more than 32 are not looked at.
    pub(crate) fn wanted(accept_language: &str) -> Self {
        let mut wanted: Vec<(u16, &str)> = accept_language.split(',').take(32).filter_map(range).collect();
        wanted.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
        let known = wanted.iter().find_map(|(_, tag)| {
            let (tag, texts) = LANGUAGES.get_key_value(&tag.to_ascii_lowercase())?;
            Some(Self { tag, texts })
        });
        known.unwrap_or_else(Self::english)
    }

    /// A text by its key; English, and at last the key itself, where it is missing.
    pub(crate) fn text(self, key: &'static str) -> &'static str {
        self.texts.get(key).or_else(|| Self::english().texts.get(key)).map_or(key, String::as_str)
    }

    /// A text for a template, which names its keys.
    pub(crate) fn find(self, key: &str) -> Option<&'static str> {
        self.texts.get(key).map(String::as_str)
    }

    pub(crate) fn direction(self) -> &'static str {
        self.text("dir")
    }
}

/// Weight in thousandths and primary tag of one range; nothing of `*`, or of what is refused with weight 0.
fn range(text: &str) -> Option<(u16, &str)> {
    let (tag, weight) = text.split_once(';').unwrap_or((text, "q=1"));
    let weight: f32 = weight.trim().strip_prefix("q=")?.parse().ok()?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 0 to 1000
    let weight = (weight.clamp(0.0, 1.0) * 1000.0) as u16;
    let tag = tag.trim().split('-').next().filter(|tag| !tag.is_empty())?;
    (weight > 0).then_some((weight, tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_has_every_text() {
        assert!(LANGUAGES.len() >= 6, "{:?}", LANGUAGES.keys());
        let english: Vec<_> = Texts::english().texts.keys().collect();
        for (tag, texts) in &*LANGUAGES {
            assert_eq!(texts.keys().collect::<Vec<_>>(), english, "{tag}");
        }
        assert!(LANGUAGES.values().any(|texts| texts["dir"] == "rtl"), "one is written from right to left");
    }

    proptest::proptest! {
        #[test]
        fn any_header_gets_a_language(accept in "\\PC{0,300}") {
            proptest::prop_assert!(LANGUAGES.contains_key(Texts::wanted(&accept).tag));
        }
    }

    #[test]
    fn what_is_wanted_most() {
        let check = |accept: &str, tag: &str| assert_eq!(Texts::wanted(accept).tag, tag, "{accept}");
        check("de-AT,de;q=0.9,en;q=0.8", "de");
        check("ar", "ar");
        check("xx, FR;q=0.5, es;q=0.7", "es");
        check("de;q=0, en", "en");
        check("und", "en");
        check("*", "en");
        check("", "en");
        check("de;q=nonsense,fr;q=0.1", "fr");
        check(&"xx,".repeat(10_000), "en");
    }
}
