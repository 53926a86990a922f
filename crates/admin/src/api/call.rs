use std::cell::RefCell;
use std::net::IpAddr;

use http::{HeaderMap, HeaderValue};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use spigot_decision::Millis;

use super::Api;
use super::cookie::Cookies;
use super::operation::Names;
use super::problem::Problem;
use crate::staff::{Happening, Role, Session, StaffStore, Token};
use crate::{Change, PolicyStore, StoreError};

/// Who calls.
#[derive(Clone, Debug)]
pub enum Caller {
    /// Somebody who has not signed in.
    Nobody,
    /// A person at the panel.
    Person(Box<Session>),
    /// A program.
    Program(Token),
}

/// One call of the API, as the operation sees it.
pub struct Call<'a> {
    /// The API.
    pub(crate) api: &'a Api,
    /// Who calls.
    pub caller: Caller,
    /// When.
    pub now: Millis,
    /// From where.
    pub(crate) peer: IpAddr,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) names: Names,
    pub(crate) search: &'a str,
    pub(crate) body: &'a [u8],
    pub(crate) cookies: Cookies<'a>,
    /// Cookies that the answer sets.
    pub(crate) set_cookies: RefCell<Vec<HeaderValue>>,
}

impl Caller {
    /// As the logs write it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Nobody => "nobody".to_owned(),
            Self::Person(session) => session.user.name.clone(),
            Self::Program(token) => format!("token {}", token.name),
        }
    }

    /// What it is; nobody is nothing.
    #[must_use]
    pub fn role(&self) -> Option<Role> {
        match self {
            Self::Nobody => None,
            Self::Person(session) => Some(session.user.role),
            Self::Program(token) => Some(token.role),
        }
    }
}

impl Call<'_> {
    /// What stands in the path for a name; empty when the path has none, which the table's test excludes.
    #[must_use]
    pub fn name(&self, name: &str) -> &str {
        self.names.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// Whether addresses are to be shortened for the caller. For nobody, too.
    #[must_use]
    pub fn sees_shortened(&self) -> bool {
        self.caller.role().is_none_or(Role::sees_shortened)
    }

    /// The version that the caller wants to change, as it was read.
    #[must_use]
    pub fn expected(&self) -> Option<&str> {
        let value = self.headers.get(http::header::IF_MATCH)?.to_str().ok()?;
        Some(value.trim().trim_matches('"'))
    }

    /// The operator's settings.
    ///
    /// # Errors
    /// When they cannot be used.
    pub fn settings(&self) -> Result<PolicyStore, Problem> {
        PolicyStore::open(&self.api.folder).map_err(Problem::ours)
    }

    /// What it brings as cookies, and how those are named that go back.
    pub(crate) fn cookies(&self) -> Cookies<'_> {
        self.cookies
    }

    /// The data folder.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        &self.api.folder
    }

    /// What only the running server knows.
    #[must_use]
    pub fn live(&self) -> &dyn super::Live {
        self.api.live.as_ref()
    }

    pub(crate) fn staff(&self) -> Result<StaffStore, Problem> {
        StaffStore::open(&self.api.folder).map_err(Problem::ours)
    }

    /// Writes down what the caller did besides changing settings, which the log takes in by itself.
    pub(crate) fn audit(
        &self,
        staff: &mut StaffStore,
        what: &str,
        about: &str,
        detail: &Value,
    ) -> Result<(), Problem> {
        self.audit_as(staff, &self.caller.name(), what, about, detail)
    }

    pub(crate) fn audit_as(
        &self,
        staff: &mut StaffStore,
        who: &str,
        what: &str,
        about: &str,
        detail: &Value,
    ) -> Result<(), Problem> {
        let detail = detail.to_string();
        staff
            .audit(&Happening { who, what, about, detail: &detail, change: None }, self.now)
            .map_err(Problem::ours)
    }

    /// The body, read.
    pub(crate) fn input<I: DeserializeOwned>(&self) -> Result<I, Problem> {
        let body = if self.body.is_empty() { b"{}" } else { self.body };
        serde_json::from_slice(body)
            .map_err(|error| Problem::refused(format!("the body does not fit: {error}")))
    }

    /// The query, read.
    pub(crate) fn query<I: DeserializeOwned>(&self) -> Result<I, Problem> {
        serde_urlencoded::from_str(self.search)
            .map_err(|error| Problem::refused(format!("the query does not fit: {error}")))
    }

    pub(crate) fn set_cookie(&self, cookie: &str) -> Result<(), Problem> {
        let value = HeaderValue::from_str(cookie).map_err(Problem::ours)?;
        self.set_cookies.borrow_mut().push(value);
        Ok(())
    }
}

/// Tells who changed something meanwhile, for [`Problem::conflict`].
#[must_use]
pub fn conflict(what: &str, theirs: Option<&Change>) -> Problem {
    let Some(theirs) = theirs else {
        return Problem::conflict(format!("{what} is no longer as you saw it. Look at it again"), json!({}));
    };
    Problem::conflict(
        format!("{} changed {what} at {}. Look at it again before you change it", theirs.author, theirs.time),
        json!({ "author": theirs.author, "time": theirs.time.to_string(), "change": theirs.number }),
    )
}

/// Copies what changed in the settings into the audit log.
///
/// # Errors
/// When either cannot be used.
pub fn take_in_changes(settings: &PolicyStore, staff: &mut StaffStore) -> Result<(), StoreError> {
    loop {
        let changes = settings.changes_since(staff.taken_in()?, CHANGES_AT_ONCE)?;
        staff.take_in(&changes)?;
        if changes.len() < usize::try_from(CHANGES_AT_ONCE).unwrap_or(usize::MAX) {
            return Ok(());
        }
    }
}

/// Bounds the memory of the first time, when the settings have a history already.
const CHANGES_AT_ONCE: u32 = 1000;

/// Percent-decoding of one part of a path.
pub(crate) fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let pair = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&pair).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}
