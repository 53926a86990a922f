//! Third parties that challenge in our place, where the operator configured one.
//!
//! The interstitial shows the vendor's widget; the vendor's token comes back together with *our* signed challenge, which
//! names the provider, so that nobody chooses their own, and which is spent once, so that a token replays nothing.
//!
//! - One file per vendor: the question and the reading of its answer, pure functions over bytes.
//! - [`asker`]: the one thread that asks. [`vouch`]: what an answer comes to, and the only way to a verified challenge.
//! - [`word`]: what all vendors' answers are weighed by. [`standing`]: whether a provider answers at the moment, and
//!   what is counted of it.
//!
//! Everything unforeseen in an answer is [`word::Word::Unknown`], which opens nothing.

mod altcha;
mod asker;
mod captchala;
mod content_policy;
mod enterprise;
mod friendly;
mod geetest;
mod hcaptcha;
mod kind;
mod question;
mod recaptcha;
mod secret;
mod siteverify;
mod standing;
mod turnstile;
mod vouch;
mod word;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};

pub(crate) use altcha::Puzzle as AltchaPuzzle;
pub(crate) use asker::Asker;
pub(crate) use content_policy::content_policy;
pub use kind::ProviderKind;
pub(crate) use question::Question;
pub use secret::Hidden;
pub(crate) use standing::{HELP, Standing};
pub(crate) use vouch::{Heard, Visit, vouch};

use crate::upstream::Upstream;

/// A third party, as the operator wrote it.
#[derive(Debug, PartialEq)]
pub struct ProviderSettings {
    /// Its name in the policy, in events and metrics.
    pub name: String,
    /// Whose service it is.
    pub kind: ProviderKind,
    /// The public key that the widget is shown with.
    pub site_key: String,
    /// The key that the vendor is asked with, or that own ALTCHA challenges are signed with.
    pub secret: Hidden,
    /// The Google Cloud project (reCAPTCHA Enterprise).
    pub project: String,
    /// Where the vendor is asked; `None` where nobody is.
    pub base: Option<Arc<Upstream>>,
    /// The widget's script.
    pub script: String,
    /// The widget's style sheet, where its script cannot bring its own under the page's content security policy.
    pub style: Option<String>,
    /// How long the vendor may take to answer, further attempts included.
    pub deadline: Duration,
    /// Whether the vendor is told the visitor's address.
    pub send_address: bool,
    /// The action that a token has to be for, where the vendor knows actions.
    pub action: String,
    /// The risk, 0 to 100, above which a visitor is refused; `None` where the vendor's yes is enough.
    pub risk_max: Option<u8>,
    /// Whether a token has to be for the host that it is used on.
    pub check_host: bool,
    /// What is asked instead while the vendor gives no answer.
    pub fail: Fail,
    /// Whether `fail` also holds for whoever says that the widget cannot be loaded.
    pub believe_browser: bool,
    /// Whether `fail` holds when the vendor says that its own quota is used up.
    pub believe_degraded: bool,
    /// The published test keys may be used: they let everybody pass, for any host and action.
    pub test_keys: bool,
    /// What an ALTCHA challenge asks for.
    pub altcha: Altcha,
}

/// What is asked of a visitor while a provider gives no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fail {
    /// Nothing else: nobody passes until it answers again.
    Closed,
    /// The own puzzle.
    Own,
    /// Another provider, by name.
    Provider(String),
}

/// What an ALTCHA challenge asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Altcha {
    /// Version 1: a number up to this, for a SHA-256.
    V1 {
        /// The largest number.
        number_max: u32,
    },
    /// Version 2: keys derived by PBKDF2 with so many iterations until one begins with a zero byte.
    V2 {
        /// Iterations of each.
        cost: u32,
    },
}

/// A third party, and how it is doing.
pub struct Provider {
    /// What the operator wrote.
    pub settings: ProviderSettings,
    /// What challenges call it by.
    pub(crate) id: [u8; 6],
    pub(crate) standing: Standing,
}

impl Provider {
    /// A provider nobody has asked yet.
    #[must_use]
    pub fn new(settings: ProviderSettings) -> Self {
        let mut hash = Sha256::new();
        for part in [&settings.name, settings.kind.name(), &settings.site_key] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let hash = hash.finalize();
        let id = std::array::from_fn(|index| hash[index]);
        Self { settings, id, standing: Standing::default() }
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.settings, f)
    }
}
