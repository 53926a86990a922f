use std::sync::LazyLock;

use super::words::Words;

/// An operating system, as far as browsers tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Platform {
    /// iOS and iPadOS; an iPad mostly says macOS.
    Ios,
    /// Android.
    Android,
    /// ChromeOS.
    ChromeOs,
    /// Windows, also on phones.
    Windows,
    /// macOS.
    MacOs,
    /// Linux, and other systems with X11.
    Linux,
}

/// The class of device that a client claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Device {
    /// No device of a person's.
    Bot,
    /// A tablet.
    Tablet,
    /// A phone.
    Phone,
    /// A computer.
    Desktop,
}

/// The earlier platform counts: phones name the systems that they derive from.
static PLATFORMS: LazyLock<Words<Platform>> = LazyLock::new(|| {
    Words::new(&[
        ("iphone", Platform::Ios),
        ("ipad", Platform::Ios),
        ("ipod", Platform::Ios),
        ("|ios/", Platform::Ios),
        ("android", Platform::Android),
        ("|cros|", Platform::ChromeOs),
        ("|windows", Platform::Windows),
        ("|win10|", Platform::Windows),
        ("macintosh", Platform::MacOs),
        ("mac os x", Platform::MacOs),
        ("|macos", Platform::MacOs),
        ("|linux", Platform::Linux),
        ("|x11|", Platform::Linux),
    ])
});

/// The earlier class counts: tablets say what phones say, and phones what computers say.
static DEVICES: LazyLock<Words<Device>> = LazyLock::new(|| {
    Words::new(&[
        ("ipad", Device::Tablet),
        ("tablet|", Device::Tablet),
        ("iphone", Device::Phone),
        ("ipod", Device::Phone),
        ("mobile|", Device::Phone),
        ("|midp", Device::Phone),
        ("blackberry", Device::Phone),
        ("symbian", Device::Phone),
        ("windows phone", Device::Phone),
    ])
});

impl Platform {
    /// Its name, as browsers' own hints call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ios => "iOS",
            Self::Android => "Android",
            Self::ChromeOs => "Chrome OS",
            Self::Windows => "Windows",
            Self::MacOs => "macOS",
            Self::Linux => "Linux",
        }
    }

    pub(super) fn of(user_agent: &str) -> Option<Self> {
        PLATFORMS.all(user_agent).map(|found| *found.says).min()
    }
}

impl Device {
    /// Every class.
    pub const ALL: [Self; 4] = [Self::Bot, Self::Tablet, Self::Phone, Self::Desktop];

    /// Its name in policies and events.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bot => "bot",
            Self::Tablet => "tablet",
            Self::Phone => "phone",
            Self::Desktop => "desktop",
        }
    }

    pub(super) fn of(user_agent: &str, platform: Option<Platform>) -> Option<Self> {
        DEVICES.all(user_agent).map(|found| *found.says).min().or(match platform? {
            Platform::Ios => Some(Self::Phone),
            // Phones say Mobile.
            Platform::Android => Some(Self::Tablet),
            _ => Some(Self::Desktop),
        })
    }
}
