use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, SeqAccess, Visitor};

/// Something about the browser that does not fit, or that automation leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// `navigator.webdriver` is set.
    Webdriver,
    /// The user agent says that there is no screen.
    Headless,
    /// An automation tool's name stands in the page.
    Tool,
    /// It has no languages.
    NoLanguages,
    /// A desktop's window that is in sight has no size.
    NoWindow,
    /// Client hints and user agent name different engines.
    Brands,
    /// One of them says phone, the other does not.
    Mobile,
    /// Platform and user agent name different systems.
    Platform,
    /// A phone without touch.
    Touch,
    /// Something stands in the place of `navigator.webdriver`.
    Patched,
    /// A screen that no display is: without size, of fewer than 256 colours, or a window that holds more than it can.
    Screen,
    /// Nothing of what every release of the claimed browser's engine has.
    Engine,
}

impl Mark {
    /// Every mark, in the order of their bits.
    pub const ALL: [Self; 12] = [
        Self::Webdriver,
        Self::Headless,
        Self::Tool,
        Self::NoLanguages,
        Self::NoWindow,
        Self::Brands,
        Self::Mobile,
        Self::Platform,
        Self::Touch,
        Self::Patched,
        Self::Screen,
        Self::Engine,
    ];

    /// Its name in the widget's protocol.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Webdriver => "webdriver",
            Self::Headless => "headless",
            Self::Tool => "tool",
            Self::NoLanguages => "no_languages",
            Self::NoWindow => "no_window",
            Self::Brands => "brands",
            Self::Mobile => "mobile",
            Self::Platform => "platform",
            Self::Touch => "touch",
            Self::Patched => "patched",
            Self::Screen => "screen",
            Self::Engine => "engine",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mark| mark.name() == name)
    }
}

/// The marks that hold of a browser.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Browser(u16);

impl Browser {
    /// Whether a mark holds.
    #[must_use]
    pub fn has(self, mark: Mark) -> bool {
        self.0 >> mark as u16 & 1 == 1
    }

    /// The same, and this one.
    #[must_use]
    pub fn with(self, mark: Mark) -> Self {
        Self(self.0 | 1 << mark as u16)
    }

    /// Those that hold.
    pub fn marks(self) -> impl Iterator<Item = Mark> {
        Mark::ALL.into_iter().filter(move |mark| self.has(*mark))
    }
}

/// Names in one list: more than any widget has marks, and few enough to be read whatever they are.
const NAMES_MAX: usize = 64;

/// `{"marks":["webdriver",…]}`; names that are not known are a newer widget's.
impl<'de> Deserialize<'de> for Browser {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize, Default)]
        #[serde(default)]
        struct Group {
            marks: Marks,
        }
        #[derive(Default)]
        struct Marks(Browser);
        impl<'de> Deserialize<'de> for Marks {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                from.deserialize_seq(Names).map(Marks)
            }
        }
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = Browser;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list of names of marks")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Browser, A::Error> {
                let mut browser = Browser::default();
                for _ in 0..NAMES_MAX {
                    let Some(name) = names.next_element::<std::borrow::Cow<'_, str>>()? else {
                        return Ok(browser);
                    };
                    browser = Mark::from_name(&name).map_or(browser, |mark| browser.with(mark));
                }
                match names.next_element::<IgnoredAny>()? {
                    None => Ok(browser),
                    Some(_) => Err(A::Error::custom("too many marks")),
                }
            }
        }
        Group::deserialize(from).map(|group| group.marks.0)
    }
}
