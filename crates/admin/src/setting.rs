use serde::{Deserialize, Serialize};
use spigot_decision::policy::source::nearest;
use spigot_decision::policy::{
    Demoted, Entry, Exception, Forced, Hold, Operator, Pattern, PrefixMap, Relief, Wide, WideEntry,
};
use spigot_decision::{Action, Millis, Prefix};

use crate::breaker_setting::BreakerSetting;
use crate::key::KeySetting;
use crate::mark::MarkSetting;
use crate::site::{ApiKeySetting, SiteSetting};

/// Entries about networks, countries and fingerprints at most: each request looks at all of them.
pub(crate) const WIDE_MAX: usize = 500;
/// Bytes of a name, reason or note at most: a sentence or two. They are kept in memory, and shown in tables.
const TEXT_BYTES_MAX: usize = 500;
/// The longest fingerprint that is recorded, and its word.
const FINGERPRINT_BYTES_MAX: usize = 300;

/// One thing that an operator set. Times are Unix milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Setting {
    /// A challenge forced on an endpoint.
    Force(ForcedSetting),
    /// An entry of the allowlist or the denylist.
    List(EntrySetting),
    /// An exception.
    Exception(ExceptionSetting),
    /// A restriction set by hand.
    Restrict(HoldSetting),
    /// An order to lift restrictions. It is followed once and never in force, so it stands in the log alone.
    Lift(LiftSetting),
    /// A site whose pages show the widget.
    Site(SiteSetting),
    /// A key for the API on the admin port.
    ApiKey(ApiKeySetting),
    /// What an operator knows of one decision.
    Mark(MarkSetting),
    /// What the breaker demoted, or must not.
    Breaker(BreakerSetting),
    /// An API key of a trusted client.
    Key(KeySetting),
}

/// A challenge forced on an endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForcedSetting {
    /// Methods and path, `POST /signup`.
    pub endpoint: String,
    /// The host; every host when absent.
    pub host: Option<String>,
    /// Until when.
    pub until: Option<i64>,
    /// Why.
    pub reason: String,
}

/// Which of the operator's own lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ListName {
    /// Passes.
    Allow,
    /// Is refused.
    Deny,
}

/// An entry of the operator's own lists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EntrySetting {
    /// The list.
    pub list: ListName,
    /// Address or prefix; or `AS64500`, `country:DE`, `fingerprint:…`.
    pub prefix: String,
    /// Until when.
    pub until: Option<i64>,
    /// Why.
    pub note: String,
}

/// An exception.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExceptionSetting {
    /// Its name.
    pub name: String,
    /// For which addresses; everybody when absent.
    pub prefix: Option<String>,
    /// For which routes; every route when empty.
    pub routes: Vec<String>,
    /// From when.
    pub start: i64,
    /// Until when.
    pub end: i64,
    /// How many thousandths of what is usual are allowed; requests pass altogether when absent.
    pub times_milli: Option<u32>,
    /// Why.
    pub reason: String,
    /// Support made it: it counts for nobody who is on a denylist.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_support: bool,
}

/// A restriction set by hand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HoldSetting {
    /// Address or prefix.
    pub prefix: String,
    /// What it does, by name.
    pub action: String,
    /// When it ends.
    pub end: i64,
    /// Why.
    pub reason: String,
}

/// An order to lift restrictions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LiftSetting {
    /// Address, prefix or clearance.
    pub subject: String,
    /// Why.
    pub reason: String,
}

impl Setting {
    /// What it is about: a later setting about the same thing takes its place.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Force(forced) => {
                format!("force {} {}", forced.host.as_deref().unwrap_or("*"), forced.endpoint)
            }
            Self::List(entry) => format!("list {:?} {}", entry.list, entry.prefix).to_lowercase(),
            Self::Exception(exception) => format!("exception {}", exception.name),
            Self::Restrict(hold) => format!("restrict {}", hold.prefix),
            Self::Lift(lift) => format!("lift {}", lift.subject),
            Self::Site(site) => format!("site {}", site.site_key),
            Self::ApiKey(key) => format!("api key {}", key.name),
            Self::Mark(mark) => format!("mark {}", mark.decision),
            Self::Breaker(breaker) => format!("breaker {}", breaker.name),
            Self::Key(key) => format!("key {}", key.name),
        }
    }

    /// When it ends by itself.
    #[must_use]
    pub fn end(&self) -> Option<i64> {
        match self {
            Self::Force(forced) => forced.until,
            Self::List(entry) => entry.until,
            Self::Exception(exception) => Some(exception.end),
            Self::Restrict(hold) => Some(hold.end),
            Self::Mark(mark) => Some(mark.end),
            Self::Breaker(breaker) => breaker.end,
            Self::Lift(_) | Self::Site(_) | Self::ApiKey(_) | Self::Key(_) => None,
        }
    }

    /// Checks it and writes it in its one form.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn checked(mut self) -> Result<Self, String> {
        self.check_texts()?;
        let prefix = |text: &str| {
            let parsed = Prefix::parse(text).ok_or_else(|| {
                format!("\"{text}\" is no address or prefix; write for example 192.0.2.7 or 2001:db8::/32")
            })?;
            Ok::<_, String>(parsed.to_string())
        };
        match &mut self {
            Self::Force(forced) => {
                forced.endpoint = endpoint(&forced.endpoint)?;
                Pattern::parse(&forced.endpoint)
                    .map_err(|help| format!("\"{}\" is no endpoint: {help}", forced.endpoint))?;
                forced.host = forced.host.take().map(|host| host.to_ascii_lowercase());
            }
            Self::List(entry) => entry.prefix = subject(&entry.prefix)?,
            Self::Exception(exception) => {
                exception.prefix = exception.prefix.take().map(|text| prefix(&text)).transpose()?;
                if exception.start >= exception.end {
                    return Err("the exception ends before it starts".to_owned());
                }
                if exception.times_milli.is_some_and(|times| !(1000..=1_000_000).contains(&times)) {
                    return Err("an exception allows 1 to 1000 times what is usual".to_owned());
                }
            }
            Self::Mark(_) => {}
            Self::Site(_) | Self::ApiKey(_) | Self::Breaker(_) | Self::Key(_) => return self.checked_whole(),
            Self::Lift(_) => return Err("lifting is an order and no setting".to_owned()),
            Self::Restrict(hold) => {
                hold.prefix = prefix(&hold.prefix)?;
                if !matches!(
                    Action::from_name(&hold.action),
                    Some(Action::Throttle | Action::Challenge | Action::Shadow | Action::Block)
                ) {
                    return Err(format!(
                        "\"{}\" is no restriction; write throttle, challenge, shadow or block",
                        hold.action
                    ));
                }
            }
        }
        Ok(self)
    }

    /// What people write by hand.
    fn check_texts(&self) -> Result<(), String> {
        let texts: &[(&str, &str)] = match self {
            Self::Force(forced) => &[
                ("endpoint", &forced.endpoint),
                ("host", forced.host.as_deref().unwrap_or_default()),
                ("reason", &forced.reason),
            ],
            Self::List(entry) => &[("note", &entry.note)],
            Self::Exception(exception) => &[("name", &exception.name), ("reason", &exception.reason)],
            Self::Restrict(hold) => &[("reason", &hold.reason)],
            Self::Mark(mark) => &[("note", &mark.note)],
            _ => &[],
        };
        match texts.iter().find(|(_, text)| text.len() > TEXT_BYTES_MAX) {
            Some((what, text)) => {
                Err(format!("the {what} has {} bytes; write at most {TEXT_BYTES_MAX}", text.len()))
            }
            None => Ok(()),
        }
    }

    /// Those that check themselves.
    fn checked_whole(self) -> Result<Self, String> {
        match self {
            Self::Site(site) => site.checked().map(Self::Site),
            Self::ApiKey(key) => key.checked().map(Self::ApiKey),
            Self::Breaker(breaker) => breaker.checked().map(Self::Breaker),
            Self::Key(key) => key.checked().map(Self::Key),
            other => Ok(other),
        }
    }
}

/// Methods that servers know (RFC 9110, 5789, 4918, 3253, 10008), and one that caches do. In a policy others may stand.
const METHODS: [&str; 19] = [
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "PROPFIND",
    "PROPPATCH",
    "MKCOL",
    "COPY",
    "MOVE",
    "LOCK",
    "UNLOCK",
    "REPORT",
    "QUERY",
    "PURGE",
];

/// An endpoint with its methods as they are sent. One that is misspelled would be forced on nobody.
fn endpoint(text: &str) -> Result<String, String> {
    let Some((methods, path)) = text.trim().rsplit_once(' ') else { return Ok(text.trim().to_owned()) };
    let methods = methods.trim().to_ascii_uppercase();
    let named = methods.split('|').map(str::trim).filter(|method| !method.is_empty() && *method != "*");
    for method in named {
        if !METHODS.contains(&method) {
            let meant = nearest(method, &METHODS);
            return Err(format!("\"{method}\" is no method{meant}; write for example 'POST /signup'"));
        }
    }
    Ok(format!("{methods} {path}"))
}

/// What an entry of a list is about, in its one form.
fn subject(text: &str) -> Result<String, String> {
    if let Some(prefix) = Prefix::parse(text) {
        return Ok(prefix.to_string());
    }
    match Wide::parse(text) {
        Some(wide @ (Wide::Network(_) | Wide::Country(_))) => Ok(wide.to_string()),
        Some(Wide::Fingerprint(_)) if text.len() <= FINGERPRINT_BYTES_MAX => Ok(text.to_owned()),
        _ => Err(format!(
            "\"{text}\" is no address or prefix, network, country or fingerprint; write for example 192.0.2.7, 2001:db8::/32, AS64500, country:DE or fingerprint:t13d1516h2_8daaf6152771_b186095e22b6"
        )),
    }
}

/// What the settings in force mean for decisions.
pub(crate) fn operator(settings: &[(Setting, String)], change: u64) -> Operator {
    let mut operator = Operator { change, ..Operator::default() };
    let (mut allow, mut deny, mut holds) = (Vec::new(), Vec::new(), Vec::new());
    for (setting, author) in settings {
        let author = author.clone();
        match setting {
            Setting::Force(forced) => {
                let Ok(pattern) = Pattern::parse(&forced.endpoint) else { continue };
                operator.forced.push(Forced {
                    pattern,
                    host: forced.host.clone(),
                    until: forced.until.map(Millis),
                    author,
                    reason: forced.reason.clone(),
                });
            }
            Setting::List(entry) => {
                let kept = Entry { until: entry.until.map(Millis), author, note: entry.note.clone() };
                let allows = entry.list == ListName::Allow;
                if let Some(prefix) = Prefix::parse(&entry.prefix) {
                    let list = if allows { &mut allow } else { &mut deny };
                    list.push((prefix, kept));
                } else if let Some(wide) = Wide::parse(&entry.prefix)
                    && operator.wide.len() < WIDE_MAX
                {
                    operator.wide.push(WideEntry { wide, allows, entry: kept });
                }
            }
            Setting::Exception(exception) => operator.exceptions.push(Exception {
                name: exception.name.clone(),
                prefix: exception.prefix.as_deref().and_then(Prefix::parse),
                routes: exception.routes.clone(),
                start: Millis(exception.start),
                end: Millis(exception.end),
                relief: exception.times_milli.map_or(Relief::Pass, Relief::Scale),
                author,
                reason: exception.reason.clone(),
                from_policy: false,
                yields: exception.by_support,
            }),
            Setting::Breaker(breaker) if breaker.kept => operator.kept.push(breaker.name.clone()),
            Setting::Breaker(breaker) => operator
                .demoted
                .push(Demoted { name: breaker.name.clone(), end: Millis(breaker.end.unwrap_or(0)) }),
            Setting::Key(key) => operator.keys.extend(key.trusted()),
            Setting::Lift(_) | Setting::Site(_) | Setting::ApiKey(_) | Setting::Mark(_) => {}
            Setting::Restrict(hold) => {
                let (Some(prefix), Some(action)) =
                    (Prefix::parse(&hold.prefix), Action::from_name(&hold.action))
                else {
                    continue;
                };
                holds.push((
                    prefix,
                    Hold { action, end: Millis(hold.end), author, reason: hold.reason.clone() },
                ));
            }
        }
    }
    operator.allow = PrefixMap::new(allow);
    operator.deny = PrefixMap::new(deny);
    operator.holds = PrefixMap::new(holds);
    operator
}
