use spigot_admin::oidc::OidcSettings;
use spigot_decision::Prefix;
use spigot_decision::policy::source::Section;
use spigot_decision::policy::wrong_host;

use super::oidc;

/// `[panel]`: under which name the panel is reached, through whom, and who else says who people are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PanelSection {
    /// Scheme, host and port, as a browser writes them.
    pub(crate) origin: Option<String>,
    /// Its host.
    pub(crate) host: Option<String>,
    /// Proxies in front of it, whose word about clients counts.
    pub(crate) trusted_proxies: Vec<Prefix>,
    /// The identity provider.
    pub(crate) oidc: Option<OidcSettings>,
}

pub(super) fn panel(top: &Section<'_, '_>) -> PanelSection {
    let Some(part) = top.table("panel") else { return PanelSection::default() };
    let origin = part.parsed("origin", |text| {
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let name = host.map(|host| host.rsplit_once(':').map_or(host, |(name, _)| name));
        match name {
            Some(name) if wrong_host(name).is_none() && !name.contains('*') => {
                Ok((text.to_ascii_lowercase(), name.to_ascii_lowercase()))
            }
            _ => {
                Err("write scheme and host without a path, for example \"https://spigot.example\"".to_owned())
            }
        }
    });
    let trusted_proxies = super::prefixes(&part, "trusted_proxies");
    let origin_span = origin.as_ref().map(|origin| origin.span.clone());
    let (origin, host) = origin.map(|origin| origin.value).unzip();
    let oidc = oidc::oidc(&part, origin.as_deref().zip(origin_span));
    part.finish();
    PanelSection { origin, host, trusted_proxies, oidc }
}
