use super::{Found, Rules, Sent, claimed};
use crate::{Agent, Device, Engine, Family, Platform};

impl Rules {
    /// What of its client hints (`Sec-CH-UA` and its companions) contradicts a user agent.
    #[must_use]
    pub fn hints(&self, agent: &Agent, sent: &Sent<'_>) -> Option<Found> {
        if sent.brands.is_empty() {
            return None;
        }
        let browser = claimed(agent)?;
        let own = self.of(browser.engine)?;
        if !own.client_hints {
            let says = Found::That("it sends client hints, which that browser does not");
            return own.knows(&browser).then_some(says);
        }
        if memchr::memmem::find(sent.brands, b"Headless").is_some() {
            return Some(Found::That("its client hints say that it has no window"));
        }
        if chromium(sent.brands).is_some_and(|version| version != browser.engine_major) {
            return Some(Found::That("its client hints name another version"));
        }
        // Others put their own words into one place and forget the other.
        if !matches!(browser.family, Family::Chrome | Family::Edge) || browser.engine != Engine::Blink {
            return None;
        }
        // The other way round it happens: a phone that says ?0.
        if sent.mobile == b"?1" && agent.device == Some(Device::Desktop) {
            return Some(Found::That("its client hints are a phone's, its user agent is not"));
        }
        let (said, hinted) = (agent.platform?, platform(sent.platform)?);
        // The desktop version of a page on a phone: the user agent pretends, the hint need not.
        let pretends = said == Platform::Linux && hinted == Platform::Android;
        (said != hinted && !pretends).then_some(Found::That("its client hints name another system"))
    }
}

/// The version of Chromium in a list of brands, `"Chromium";v="131"`.
fn chromium(brands: &[u8]) -> Option<u16> {
    const NAME: &[u8] = b"\"Chromium\";v=\"";
    let start = memchr::memmem::find(brands, NAME)? + NAME.len();
    let rest = &brands[start..];
    let digits = rest.iter().take(5).take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()
}

fn platform(hint: &[u8]) -> Option<Platform> {
    Some(match hint {
        b"\"Windows\"" => Platform::Windows,
        b"\"macOS\"" => Platform::MacOs,
        b"\"Linux\"" => Platform::Linux,
        b"\"Chrome OS\"" | b"\"Chromium OS\"" => Platform::ChromeOs,
        b"\"Android\"" => Platform::Android,
        b"\"iOS\"" => Platform::Ios,
        _ => return None,
    })
}
