//! What the interstitial may load when it shows a vendor's widget: what it always may, and that vendor's, nobody else's.

use super::{Provider, ProviderKind};
use crate::pages::PAGE_CSP;

/// What a vendor's widget needs, as its documents say.
struct Needs {
    script: &'static str,
    frame: &'static str,
    connect: &'static str,
    style: &'static str,
    image: &'static str,
    worker: &'static str,
}

const NOTHING: Needs = Needs { script: "", frame: "", connect: "", style: "", image: "", worker: "" };

fn needs(kind: ProviderKind) -> Needs {
    match kind {
        ProviderKind::Turnstile => Needs {
            script: "https://challenges.cloudflare.com",
            frame: "https://challenges.cloudflare.com",
            ..NOTHING
        },
        ProviderKind::Hcaptcha => {
            const ALL: &str = "https://hcaptcha.com https://*.hcaptcha.com";
            Needs { script: ALL, frame: ALL, connect: ALL, style: ALL, ..NOTHING }
        }
        ProviderKind::Recaptcha | ProviderKind::RecaptchaV3 | ProviderKind::RecaptchaEnterprise => Needs {
            script: "https://www.google.com/recaptcha/ https://www.gstatic.com/recaptcha/",
            frame: "https://www.google.com/recaptcha/ https://recaptcha.google.com/recaptcha/",
            connect: "https://www.google.com/recaptcha/",
            ..NOTHING
        },
        ProviderKind::Friendly => {
            Needs { frame: "https://*.frcapi.com", connect: "https://*.frcapi.com", ..NOTHING }
        }
        ProviderKind::Geetest => {
            const ALL: &str = "https://*.geetest.com";
            Needs { script: ALL, frame: ALL, connect: ALL, style: ALL, image: ALL, ..NOTHING }
        }
        // Where it is served from is the operator's to say.
        ProviderKind::Captchala => NOTHING,
        ProviderKind::Altcha => Needs { worker: "blob:", ..NOTHING },
    }
}

/// The interstitial's content security policy for a provider and those that may take its place on the same page.
pub(crate) fn content_policy<'a>(providers: impl Iterator<Item = &'a Provider>) -> String {
    let mut directives: Vec<String> = PAGE_CSP.split("; ").map(str::to_owned).collect();
    for provider in providers {
        let needs = needs(provider.settings.kind);
        let own = match (provider.settings.kind, &provider.settings.base) {
            (ProviderKind::Captchala, Some(base)) => {
                format!("{} {}", base.origin(), origin(&provider.settings.script))
            }
            _ => String::new(),
        };
        for (name, sources) in [
            ("script-src", needs.script),
            ("script-src", origin(&provider.settings.script)),
            ("style-src", origin(provider.settings.style.as_deref().unwrap_or_default())),
            ("frame-src", needs.frame),
            ("connect-src", needs.connect),
            ("style-src", needs.style),
            ("img-src", needs.image),
            ("worker-src", needs.worker),
            ("frame-src", &own),
            ("connect-src", &own),
            ("style-src", &own),
            ("img-src", &own),
        ] {
            for source in sources.split_whitespace() {
                allow(&mut directives, name, source);
            }
        }
    }
    directives.join("; ")
}

fn allow(directives: &mut Vec<String>, name: &str, source: &str) {
    let of_name = |directive: &&mut String| directive.split(' ').next() == Some(name);
    match directives.iter_mut().find(of_name) {
        Some(directive) => {
            if !directive.split(' ').any(|known| known == source) {
                directive.push(' ');
                directive.push_str(source);
            }
        }
        None => directives.push(format!("{name} {source}")),
    }
}

/// The origin of an address; nothing for one on the site itself, which is allowed anyway.
fn origin(script: &str) -> &str {
    let Some(at) = script.find("://") else { return "" };
    let end = script[at + 3..].find(['/', '?', '#']).map_or(script.len(), |end| at + 3 + end);
    &script[..end]
}
