//! Somebody else's address that something is posted to.

use spigot_decision::policy::source::Section;
use spigot_gateway::{Hidden, Remote, Trust};

use super::providers::{read_secret, secret_stands_here};

/// Where something is posted to.
#[derive(Clone, Debug)]
pub(crate) struct Hook {
    /// As it is written.
    pub(crate) url: String,
    pub(crate) to: Remote,
    /// Goes with it as a bearer token.
    pub(crate) key: Option<Hidden>,
}

impl PartialEq for Hook {
    fn eq(&self, other: &Self) -> bool {
        (&self.url, &self.key) == (&other.url, &other.key)
    }
}

/// Reads `url` and `key` of the section called `name`.
pub(super) fn hook(part: &Section<'_, '_>, name: &str) -> Option<Hook> {
    let url = part.require("url", part.text("url"), "url = \"https://hooks.example/spigot\"");
    let key = (!secret_stands_here(part, "key", name))
        .then(|| part.table("key").and_then(|key| read_secret(&key)))
        .flatten()
        .map(|(secret, _)| Hidden::new(secret));
    let url = url?;
    match Remote::parse(url.value, Trust::system) {
        Ok(to) => Some(Hook { url: url.value.to_owned(), to, key }),
        Err(problem) => {
            part.reader.problem(url.span, problem.what, problem.instead);
            None
        }
    }
}

/// `[alerts]`: who hears at once of what an operator should look at.
pub(super) fn alerts(top: &Section<'_, '_>) -> Option<Hook> {
    let part = top.table("alerts")?;
    let hook = hook(&part, "[alerts]");
    part.finish();
    hook
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn what_is_wrong_is_said() {
        let check = |text: &str, said: &str| {
            let problems = Config::parse("spigot.toml", text).err();
            let problems: Vec<_> = problems.iter().flat_map(|problems| &problems.problems).collect();
            let found = problems
                .iter()
                .any(|problem| format!("{}; {}", problem.message, problem.help).contains(said));
            assert!(found, "{text}: {problems:?} instead of {said}");
        };
        check("[alerts]", "https://hooks.example/spigot");
        check("[alerts]\nurl = \"mailto:a@b\"", "write \"https://HOST/PATH\"");
        check("[alerts]\nurl = \"http://127.0.0.1/\"\nkey = \"hush\"", "perhaps one itself");
        check("[alerts]\nurl = \"http://127.0.0.1/\"\nmail = \"a@b\"", "mail");
    }
}
