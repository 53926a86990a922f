//! Sites and their keys: made, changed, shown, and handed to the gateway. The command line and the API both go through
//! here.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use spigot_admin::{
    ApiKeySetting, CLIENTS, HOSTS_MAX, PRESSES, PolicyStore, SECRETS_MAX, SiteSetting, TOKEN_SECONDS,
    token_millis,
};
use spigot_challenge::token::Strictness;
use spigot_decision::{Level, Millis};
use spigot_gateway::{HeldSecret, Press, SecretDigest, SiteKey, SiteKeys};

use spigot_keeping::{hex, random};

// Members that name a schema of their own say when they are left out, or the document gives `null` for a default.
/// What to change of a site; what is absent stays.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SiteSettings")]
pub(crate) struct Wanted {
    /// 1 to 64 characters.
    #[schemars(length(min = 1, max = 64))]
    pub(crate) name: Option<String>,
    /// `shop.example`, `*.shop.example`, `*`; `null` for apps and files, `android-app://com.example.shop` for one app.
    #[schemars(length(min = 1, max = HOSTS_MAX))]
    pub(crate) hosts: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "level")]
    pub(crate) level: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "client")]
    pub(crate) client: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "press")]
    pub(crate) press: Option<String>,
    /// How long a token counts, as a duration: `5m`.
    pub(crate) token_life: Option<String>,
    /// The same, as it is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "token_seconds")]
    pub(crate) token_life_seconds: Option<u32>,
}

impl Wanted {
    /// A new site with these settings.
    pub(crate) fn new_site(self) -> Result<SiteSetting, String> {
        let mut site = SiteSetting {
            site_key: new_site_key()?,
            name: String::new(),
            hosts: Vec::new(),
            level: "medium".to_owned(),
            client: "loose".to_owned(),
            press: "managed".to_owned(),
            token_millis: 300_000,
            secrets: Vec::new(),
        };
        self.apply(&mut site)?;
        Ok(site)
    }

    pub(crate) fn apply(self, site: &mut SiteSetting) -> Result<(), String> {
        if let Some(life) = &self.token_life {
            site.token_millis = token_millis(life)?;
        }
        if let Some(seconds) = self.token_life_seconds {
            site.token_millis = seconds.saturating_mul(1000);
        }
        let set = |to: &mut String, from: Option<String>| {
            if let Some(from) = from {
                *to = from;
            }
        };
        set(&mut site.name, self.name);
        set(&mut site.level, self.level);
        set(&mut site.client, self.client);
        set(&mut site.press, self.press);
        if let Some(hosts) = self.hosts {
            site.hosts = hosts;
        }
        Ok(())
    }
}

/// A fresh secret for a site: `0x` and 40 hexadecimal digits, the form that every client library takes. Returned once
/// and never again; what is kept is its digest.
pub(crate) fn add_secret(site: &mut SiteSetting, overlap_millis: i64, now: Millis) -> Result<String, String> {
    let secret = format!("0x{}", hex(&random::<20>().map_err(|error| error.to_string())?));
    site.rotate(SecretDigest::of(&secret).to_string(), now.plus(overlap_millis), now)?;
    Ok(secret)
}

/// A fresh key for the API, and how it is kept.
pub(crate) fn new_api_key(name: &str, now: Millis) -> Result<(String, ApiKeySetting), String> {
    let key = format!("spigot_{}", hex(&random::<32>().map_err(|error| error.to_string())?));
    let digest = SecretDigest::of(&key).to_string();
    Ok((key, ApiKeySetting { name: name.to_owned(), digest, created: now.0 }))
}

/// Whether a key is one of the API's; and whose.
pub(crate) fn api_key_name(store: &PolicyStore, key: &str) -> Result<Option<String>, String> {
    let digest = SecretDigest::of(key);
    let keys = store.api_keys().map_err(|error| error.to_string())?;
    let is = |kept: &ApiKeySetting| SecretDigest::parse(&kept.digest).is_some_and(|kept| kept.is(&digest));
    Ok(keys.into_iter().find(is).map(|kept| kept.name))
}

/// A random UUID (RFC 9562, version 4): the form that clients of every dialect take for a site key.
fn new_site_key() -> Result<String, String> {
    let mut bytes: [u8; 16] = random().map_err(|error| error.to_string())?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let text = hex(&bytes);
    Ok(format!("{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]))
}

/// A site as people and programs see it: without what its secrets are kept as.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Site", deny_unknown_fields)]
pub(crate) struct Shown {
    /// For pages.
    pub(crate) site_key: String,
    pub(crate) name: String,
    /// Whose pages may show the widget.
    #[schemars(length(min = 1, max = HOSTS_MAX))]
    pub(crate) hosts: Vec<String>,
    #[schemars(schema_with = "level")]
    pub(crate) level: String,
    #[schemars(schema_with = "client")]
    pub(crate) client: String,
    #[schemars(schema_with = "press")]
    pub(crate) press: String,
    #[schemars(schema_with = "token_seconds")]
    pub(crate) token_life_seconds: u32,
    /// Newest first.
    #[schemars(length(max = SECRETS_MAX))]
    pub(crate) secrets: Vec<ShownSecret>,
    /// The new secret, when one was just made: this once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "secret")]
    pub(crate) secret: Option<String>,
}

/// A secret, without itself. Times are RFC 3339.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Secret", deny_unknown_fields)]
pub(crate) struct ShownSecret {
    pub(crate) number: u32,
    pub(crate) created: String,
    #[schemars(schema_with = "retires")]
    pub(crate) retires: Option<String>,
}

impl Shown {
    pub(crate) fn of(site: &SiteSetting) -> Self {
        let secrets = site.secrets.iter().map(|secret| ShownSecret {
            number: secret.number,
            created: Millis(secret.created).to_string(),
            retires: secret.retires.map(|retires| Millis(retires).to_string()),
        });
        Self {
            site_key: site.site_key.clone(),
            name: site.name.clone(),
            hosts: site.hosts.clone(),
            level: site.level.clone(),
            client: site.client.clone(),
            press: site.press.clone(),
            token_life_seconds: site.token_millis / 1000,
            secrets: secrets.collect(),
            secret: None,
        }
    }
}

/// The same as JSON.
pub(crate) fn shown(site: &SiteSetting) -> Value {
    json!(Shown::of(site))
}

fn level(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string", "enum": Level::ALL.map(Level::name), "description": "Of its challenges; medium without.",
    })
}

fn client(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string", "enum": CLIENTS,
        "description": "How strictly tokens are bound to the visitor; loose without.",
    })
}

fn press(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string", "enum": PRESSES,
        "description": "When a visitor presses a button; managed, which is when the request is suspected, without.",
    })
}

fn token_seconds(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "integer", "minimum": TOKEN_SECONDS.start(), "maximum": TOKEN_SECONDS.end(),
        "description": "How long a token counts; 300 without.",
    })
}

fn retires(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["string", "null"], "description": "From when it does not count any more." })
}

fn secret(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string", "minLength": 42, "maxLength": 42,
        "description": "For the site's server, when it was just made: 0x and 40 hexadecimal digits. It is told this once.",
    })
}

/// What the gateway needs to know of them. The store checks what it takes, so nothing is left out here but what a newer
/// version wrote.
pub(crate) fn site_keys(sites: &[SiteSetting]) -> SiteKeys {
    SiteKeys::new(sites.iter().filter_map(|site| {
        let secrets = site.secrets.iter().filter_map(|secret| {
            Some(HeldSecret {
                number: secret.number,
                digest: SecretDigest::parse(&secret.digest)?,
                retires: secret.retires.map(Millis),
            })
        });
        Some(SiteKey {
            key: site.site_key.clone(),
            name: site.name.as_str().into(),
            hosts: site.hosts.clone(),
            level: Level::from_name(&site.level)?,
            strictness: match site.client.as_str() {
                "off" => Strictness::Off,
                "loose" => Strictness::Loose,
                "strict" => Strictness::Strict,
                _ => return None,
            },
            press: match site.press.as_str() {
                "never" => Press::Never,
                "managed" => Press::Managed,
                "always" => Press::Always,
                _ => return None,
            },
            token_millis: site.token_millis,
            secrets: secrets.collect(),
        })
    }))
}
