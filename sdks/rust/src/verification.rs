use serde_json::Value;

use crate::error::{Error, Kind};

/// What a token has to be of; `None` expects nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Expected<'a> {
    /// The visitor's address, where the application knows it.
    pub address: Option<&'a str>,
    /// What the widget of that form was given.
    pub action: Option<&'a str>,
    /// The page's host.
    pub hostname: Option<&'a str>,
}

/// What a token is worth.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// It counts, and it is what was expected.
    pub success: bool,
    /// False only where failing open let it pass unseen.
    pub checked: bool,
    /// Why it does not count: the service's codes, `action-mismatch`, `hostname-mismatch`.
    pub codes: Vec<String>,
    /// The page's host.
    pub hostname: String,
    /// The widget's action.
    pub action: String,
    /// The widget's data.
    pub data: String,
    /// RFC 3339.
    pub solved_at: String,
}

impl Verification {
    pub(crate) fn refused(code: &str) -> Self {
        Self { checked: true, codes: vec![code.to_owned()], ..Self::default() }
    }

    pub(crate) fn unseen() -> Self {
        Self { success: true, ..Self::default() }
    }

    pub(crate) fn read(answer: &Value, expected: &Expected<'_>) -> Result<Self, Error> {
        let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
        let success = answer["success"]
            .as_bool()
            .ok_or_else(|| Error::unreadable("the answer does not say success"))?;
        let told = answer["error-codes"].as_array().into_iter().flatten();
        let mut codes: Vec<String> = told.filter_map(Value::as_str).map(str::to_owned).collect();
        for code in &codes {
            match code.as_str() {
                "missing-input-secret" | "invalid-input-secret" => {
                    return Err(Error::said(Kind::Refused, code, "check the secret with `spigot site show`"));
                }
                "internal-error" => {
                    return Err(Error::said(Kind::Unavailable, code, "the token cannot be checked now"));
                }
                _ => {}
            }
        }
        let (hostname, action) = (text("hostname"), text("action"));
        // A secret for tests knows no action and no host.
        if success && answer["metadata"]["result_with_testing_key"] != true {
            if expected.action.is_some_and(|wanted| !wanted.is_empty() && wanted != action) {
                codes.push("action-mismatch".to_owned());
            }
            if expected.hostname.is_some_and(|wanted| !wanted.is_empty() && wanted != hostname) {
                codes.push("hostname-mismatch".to_owned());
            }
        }
        let success = success && codes.is_empty();
        Ok(Self {
            success,
            checked: true,
            codes,
            hostname,
            action,
            data: text("cdata"),
            solved_at: text("challenge_ts"),
        })
    }
}
