//! What a user agent says of its client: the browser, the platform, or the program that it declares. All of it is a
//! claim; whether the rest of the request agrees is looked at elsewhere.

mod bot;
mod browser;
mod platform;
mod words;

pub use self::bot::{Bot, BotKind, BotName};
pub use self::browser::{Browser, Engine, Family};
pub use self::platform::{Device, Platform};
use crate::signal;

/// What a user agent says of its client, found by reading it once. A client says the same with every request, so the
/// gateway keeps this per user agent, and replay does too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Agent {
    /// The library, command-line tool or windowless browser that it names.
    pub tool: Option<&'static str>,
    /// The vulnerability scanner that it names.
    pub scanner: Option<&'static str>,
    /// A look-up or expression in it that a vulnerable server would evaluate.
    pub probe: Option<&'static str>,
    /// The program that it says it is: a crawler, a monitor, a library, anything that no person sits in front of.
    pub bot: Option<Bot>,
    /// The browser that it says it is. Bots often name one as well.
    pub browser: Option<Browser>,
    /// The operating system.
    pub platform: Option<Platform>,
    /// The class of device.
    pub device: Option<Device>,
}

/// Browsers send up to 300 bytes, apps within them up to 500. What stands further behind is looked through for
/// scanners and probes only, so that reading costs at most in proportion to this.
const READ_BYTES: usize = 1024;

impl Agent {
    /// Reads a user agent, in a few passes over it, none of which looks back.
    #[must_use]
    pub fn of(user_agent: &str) -> Self {
        let read = beginning(user_agent);
        let platform = Platform::of(read);
        let found = bot::find(read);
        let bot = found.map(|found| found.bot);
        Self {
            tool: found.and_then(|found| found.tool),
            scanner: signal::scanner_user_agent::named(user_agent),
            probe: signal::vulnerability_probe::evaluated(user_agent.as_bytes()),
            bot,
            browser: Browser::of(read, platform),
            platform,
            device: if bot.is_some() { Some(Device::Bot) } else { Device::of(read, platform) },
        }
    }

    /// Whether it says that a program sends it, of whatever kind.
    #[must_use]
    pub fn is_program(&self) -> bool {
        self.bot.is_some() || self.tool.is_some() || self.scanner.is_some()
    }
}

fn beginning(user_agent: &str) -> &str {
    let end = user_agent.floor_char_boundary(READ_BYTES);
    &user_agent[..end]
}

#[cfg(test)]
mod tests;
