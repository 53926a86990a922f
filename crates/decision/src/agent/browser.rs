use std::sync::LazyLock;

use super::Platform;
use super::words::Words;

/// A browser that a user agent claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Browser {
    /// Which one.
    pub family: Family,
    /// Its major version; 0 when it names none.
    pub major: u16,
    /// What it is built on.
    pub engine: Engine,
    /// That one's major version: Chromium's, Firefox's, Safari's.
    pub engine_major: u16,
}

/// Browsers that are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// Internet Explorer.
    InternetExplorer,
    /// Microsoft's Edge.
    Edge,
    /// Opera.
    Opera,
    /// Samsung's browser.
    Samsung,
    /// Yandex' browser.
    Yandex,
    /// Vivaldi.
    Vivaldi,
    /// A page within an app.
    WebView,
    /// Firefox.
    Firefox,
    /// Chrome, or Chromium.
    Chrome,
    /// Safari.
    Safari,
    /// One that is built on another's engine and says so.
    Other,
}

/// What browsers are built on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Engine {
    /// Chromium's.
    Blink,
    /// Firefox'.
    Gecko,
    /// Safari's; on iOS everybody's.
    WebKit,
    /// Those that are no longer made.
    Old,
}

impl Engine {
    /// Its name in rules.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Blink => "blink",
            Self::Gecko => "gecko",
            Self::WebKit => "webkit",
            Self::Old => "old",
        }
    }
}

impl Family {
    /// Its name, as people call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::InternetExplorer => "Internet Explorer",
            Self::Edge => "Edge",
            Self::Opera => "Opera",
            Self::Samsung => "Samsung Internet",
            Self::Yandex => "Yandex Browser",
            Self::Vivaldi => "Vivaldi",
            Self::WebView => "an app's web view",
            Self::Firefox => "Firefox",
            Self::Chrome => "Chrome",
            Self::Safari => "Safari",
            Self::Other => "another browser",
        }
    }
}

/// Words of user agents that name a product before its version.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Product {
    Family(Family),
    Chromium,
    Gecko,
    WebKit,
    Version,
    Trident,
    WebView,
}

static PRODUCTS: LazyLock<Words<Product>> = LazyLock::new(|| {
    use Family::{Chrome, Edge, Firefox, InternetExplorer, Opera, Safari, Samsung, Vivaldi, Yandex};
    Words::new(&[
        ("|msie ", Product::Family(InternetExplorer)),
        ("|trident/", Product::Trident),
        ("|edg/", Product::Family(Edge)),
        ("|edga/", Product::Family(Edge)),
        ("|edgios/", Product::Family(Edge)),
        ("|edge/", Product::Family(Edge)),
        ("|opr/", Product::Family(Opera)),
        ("|opt/", Product::Family(Opera)),
        ("|opx/", Product::Family(Opera)),
        ("|opios/", Product::Family(Opera)),
        ("|opera/", Product::Family(Opera)),
        ("|samsungbrowser/", Product::Family(Samsung)),
        ("|yabrowser/", Product::Family(Yandex)),
        ("|vivaldi/", Product::Family(Vivaldi)),
        ("|firefox/", Product::Family(Firefox)),
        ("|fxios/", Product::Family(Firefox)),
        ("|crios/", Product::Family(Chrome)),
        ("|safari/", Product::Family(Safari)),
        ("|chrome/", Product::Chromium),
        ("headlesschrome/", Product::Chromium),
        ("|chromium/", Product::Chromium),
        ("|gecko/", Product::Gecko),
        ("|applewebkit/", Product::WebKit),
        ("|version/", Product::Version),
        ("; wv)", Product::WebView),
    ])
});

/// The products that a user agent names, with their majors.
#[derive(Default)]
struct Named {
    family: Option<(Family, u16)>,
    chromium: Option<u16>,
    gecko: bool,
    webkit: bool,
    trident: Option<u16>,
    version: Option<u16>,
    web_view: bool,
    /// Where the last of them ends.
    end: usize,
}

impl Named {
    fn of(user_agent: &str) -> Self {
        let mut named = Self::default();
        for found in PRODUCTS.all(user_agent) {
            let (major, end) = version(user_agent, found.end);
            named.end = end;
            match *found.says {
                // The more special one counts; Safari is named by nearly all.
                Product::Family(family) if named.family.is_none_or(|(known, _)| family < known) => {
                    named.family = Some((family, major));
                }
                Product::Family(_) => {}
                Product::Chromium => named.chromium = named.chromium.or(Some(major)),
                Product::Gecko => named.gecko = true,
                Product::WebKit => named.webkit = true,
                Product::Trident => named.trident = Some(major),
                Product::Version => named.version = Some(major),
                Product::WebView => named.web_view = true,
            }
        }
        named
    }
}

impl Browser {
    pub(super) fn of(user_agent: &str, platform: Option<Platform>) -> Option<Self> {
        let named = Named::of(user_agent);
        if let Some(trident) = named.trident {
            let major = match named.family {
                Some((Family::InternetExplorer, major)) => major,
                _ => trident + 4,
            };
            return Some(Self::old(Family::InternetExplorer, major));
        }
        // Of iOS every browser says how its system names itself, and which engine that has.
        if platform == Some(Platform::Ios) && named.webkit {
            return Some(Self::on_ios(&named));
        }
        // Firefox ends with its own name; who adds to it is built on it.
        let alone = !user_agent[named.end..].contains(|c: char| c.is_ascii_alphanumeric());
        if let Some(chromium) = named.chromium {
            return Some(Self::on_chromium(&named, chromium, alone));
        }
        match named.family? {
            (Family::Firefox, major) if named.gecko => Some(Self {
                family: if alone { Family::Firefox } else { Family::Other },
                major,
                engine: Engine::Gecko,
                engine_major: major,
            }),
            (Family::Safari, _) if named.webkit => {
                let major = named.version.unwrap_or(0);
                let is_safari = platform == Some(Platform::MacOs) && alone;
                let family = if is_safari { Family::Safari } else { Family::Other };
                Some(Self { family, major, engine: Engine::WebKit, engine_major: major })
            }
            (family, major) => Some(Self::old(family, major)),
        }
    }

    fn old(family: Family, major: u16) -> Self {
        Self { family, major, engine: Engine::Old, engine_major: major }
    }

    fn on_ios(named: &Named) -> Self {
        let (family, major) = match named.family {
            Some((Family::Safari, _)) if named.version.is_some() => {
                (Family::Safari, named.version.unwrap_or(0))
            }
            None | Some((Family::Safari, _)) => (Family::WebView, 0),
            Some(named) => named,
        };
        let engine_major = if family == Family::Safari { major } else { 0 };
        Self { family, major, engine: Engine::WebKit, engine_major }
    }

    fn on_chromium(named: &Named, chromium: u16, alone: bool) -> Self {
        let (family, major) = match named.family {
            // The first Edge had an engine of its own and said that it was Chrome.
            Some((Family::Edge, major)) if major < 20 => return Self::old(Family::Edge, major),
            _ if named.web_view => (Family::WebView, chromium),
            Some((Family::Safari, _)) if alone && named.version.is_none() => (Family::Chrome, chromium),
            Some((family, major)) if family < Family::WebView => (family, major),
            _ => (Family::Other, chromium),
        };
        Self { family, major, engine: Engine::Blink, engine_major: chromium }
    }
}

/// The number before the first dot, and where the whole version ends.
fn version(text: &str, start: usize) -> (u16, usize) {
    let rest = &text.as_bytes()[start..];
    let digits = rest.iter().take(5).take_while(|byte| byte.is_ascii_digit());
    // Five digits are no version, and fit no number here.
    let major = digits.fold(0u32, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    let length = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'.').count();
    (u16::try_from(major).unwrap_or(0), start + length)
}
