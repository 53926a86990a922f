//! The vendors: one line each in every function here.

use super::question::{Answer, Asked, Question};
use super::word::Word;
use super::{captchala, enterprise, friendly, geetest, hcaptcha, recaptcha, turnstile};

/// Whose service it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProviderKind {
    /// Cloudflare Turnstile.
    Turnstile,
    /// hCaptcha, with Enterprise's score where there is one.
    Hcaptcha,
    /// reCAPTCHA v2.
    Recaptcha,
    /// reCAPTCHA v3: a score and no widget.
    RecaptchaV3,
    /// reCAPTCHA Enterprise.
    RecaptchaEnterprise,
    /// Friendly Captcha v2.
    Friendly,
    /// CaptchaLa.
    Captchala,
    /// GeeTest v4.
    Geetest,
    /// ALTCHA: its widget, our challenges; nobody is asked.
    Altcha,
}

impl ProviderKind {
    /// Every kind, by its name in the configuration.
    pub const ALL: [(&str, Self); 9] = [
        ("turnstile", Self::Turnstile),
        ("hcaptcha", Self::Hcaptcha),
        ("recaptcha", Self::Recaptcha),
        ("recaptcha_v3", Self::RecaptchaV3),
        ("recaptcha_enterprise", Self::RecaptchaEnterprise),
        ("friendly", Self::Friendly),
        ("captchala", Self::Captchala),
        ("geetest", Self::Geetest),
        ("altcha", Self::Altcha),
    ];

    /// Its name in configuration and events.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("unknown", |(name, _)| name)
    }

    /// What visitors know it as.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Turnstile => "Cloudflare Turnstile",
            Self::Hcaptcha => "hCaptcha",
            Self::Recaptcha | Self::RecaptchaV3 | Self::RecaptchaEnterprise => "Google reCAPTCHA",
            Self::Friendly => "Friendly Captcha",
            Self::Captchala => "CaptchaLa",
            Self::Geetest => "GeeTest",
            Self::Altcha => "ALTCHA",
        }
    }

    /// Where the vendor is asked; `None` where nobody is, or where the operator has to say.
    #[must_use]
    pub fn base(self) -> Option<&'static str> {
        match self {
            Self::Turnstile => Some("https://challenges.cloudflare.com"),
            Self::Hcaptcha => Some("https://api.hcaptcha.com"),
            Self::Recaptcha | Self::RecaptchaV3 => Some("https://www.google.com"),
            Self::RecaptchaEnterprise => Some("https://recaptchaenterprise.googleapis.com"),
            Self::Friendly => Some("https://global.frcapi.com"),
            Self::Geetest => Some("https://gcaptcha4.geetest.com"),
            Self::Captchala | Self::Altcha => None,
        }
    }

    /// The widget's script; `None` where it is no vendor's own address, and the operator has to say.
    #[must_use]
    pub fn script(self) -> Option<&'static str> {
        match self {
            Self::Turnstile => Some("https://challenges.cloudflare.com/turnstile/v0/api.js?render=explicit"),
            Self::Hcaptcha => Some("https://js.hcaptcha.com/1/api.js?render=explicit&recaptchacompat=off"),
            Self::Recaptcha => Some("https://www.google.com/recaptcha/api.js?render=explicit"),
            // The site key goes behind it.
            Self::RecaptchaV3 => Some("https://www.google.com/recaptcha/api.js?render="),
            Self::RecaptchaEnterprise => Some("https://www.google.com/recaptcha/enterprise.js?render="),
            Self::Geetest => Some("https://static.geetest.com/v4/gt4.js"),
            Self::Friendly | Self::Captchala | Self::Altcha => None,
        }
    }

    /// Whether [`Self::script`] ends where the site key begins.
    #[must_use]
    pub fn script_takes_site_key(self) -> bool {
        matches!(self, Self::RecaptchaV3 | Self::RecaptchaEnterprise)
    }

    /// Whether the vendor tells a risk always, so that there is something to compare with.
    #[must_use]
    pub fn always_tells_risk(self) -> bool {
        matches!(self, Self::RecaptchaV3 | Self::RecaptchaEnterprise)
    }

    /// Whether it is shown with a site key.
    #[must_use]
    pub fn has_site_key(self) -> bool {
        self != Self::Altcha
    }

    /// Keys that the vendor published for tests: whoever uses them lets everybody pass.
    #[must_use]
    pub fn is_test_key(self, key: &str) -> bool {
        match self {
            Self::Turnstile => {
                let (first, rest) = key.split_at_checked(1).unwrap_or_default();
                matches!(first, "1" | "2" | "3") && rest.starts_with("x0000000000000000000")
            }
            Self::Hcaptcha => {
                key == "0x0000000000000000000000000000000000000000"
                    || ["10000000-ffff-", "20000000-ffff-", "30000000-ffff-"]
                        .iter()
                        .any(|start| key.starts_with(start))
            }
            Self::Recaptcha => {
                ["6LeIxAcTAAAAAJcZVRqyHh71UMIEGNQ_MXjiZKhI", "6LeIxAcTAAAAAGG-vFI1TnRWxMZNFuojJ4WifJWe"]
                    .contains(&key)
            }
            _ => false,
        }
    }

    /// What to ask; or at once what becomes of a token that nobody needs to be asked about.
    pub(super) fn question(self, asked: &Asked<'_>) -> Result<Question, Word> {
        match self {
            Self::Turnstile => Ok(turnstile::question(asked)),
            Self::Hcaptcha => Ok(hcaptcha::question(asked)),
            Self::Recaptcha | Self::RecaptchaV3 => Ok(recaptcha::question(asked)),
            Self::RecaptchaEnterprise => Ok(enterprise::question(asked)),
            Self::Friendly => Ok(friendly::question(asked)),
            Self::Captchala => captchala::question(asked),
            Self::Geetest => geetest::question(asked),
            Self::Altcha => Err(Word::Refused(super::word::Refusal::Invalid)),
        }
    }

    /// What the answer comes to.
    pub(super) fn read(self, asked: &Asked<'_>, answer: &Answer) -> Word {
        match self {
            Self::Turnstile => turnstile::read(asked, answer),
            Self::Hcaptcha => hcaptcha::read(asked, answer),
            Self::Recaptcha | Self::RecaptchaV3 => recaptcha::read(asked, answer),
            Self::RecaptchaEnterprise => enterprise::read(asked, answer),
            Self::Friendly => friendly::read(asked, answer),
            Self::Captchala => captchala::read(asked, answer),
            Self::Geetest => geetest::read(asked, answer),
            Self::Altcha => Word::Refused(super::word::Refusal::Invalid),
        }
    }
}
