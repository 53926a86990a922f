//! `[review]`: to whom the weekly review is sent, and when.

use spigot_decision::policy::source::Section;

use super::hook::{Hook, hook};
use super::mail::{MailSection, mail};

const DAY_MILLIS: i64 = 86_400_000;
const DAYS: [(&str, i64); 7] = [
    ("monday", 4),
    ("tuesday", 5),
    ("wednesday", 6),
    ("thursday", 0),
    ("friday", 1),
    ("saturday", 2),
    ("sunday", 3),
];

/// Where the weekly review goes: to one of them at least.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ReviewSection {
    pub(crate) hook: Option<Hook>,
    pub(crate) mail: Option<MailSection>,
    /// When it is due, in milliseconds after the beginning of a week that begins on Thursday, as 1970 did.
    pub(crate) due_millis: i64,
}

pub(super) fn review(top: &Section<'_, '_>) -> Option<ReviewSection> {
    let part = top.table("review")?;
    let mail = mail(&part);
    // One of them has to be there.
    let hook = (part.has("url") || !part.has("mail")).then(|| hook(&part, "[review]")).flatten();
    let day = part.choice("day", &DAYS).map_or(DAYS[0].1, |day| day.value);
    let hour = part.integer("hour", 0..=23).map_or(6, |hour| hour.value);
    part.finish();
    let due_millis = day * DAY_MILLIS + hour * 3_600_000;
    (hook.is_some() || mail.is_some()).then_some(ReviewSection { hook, mail, due_millis })
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
        let to = "[review]\nurl = \"http://127.0.0.1/hook\"\n";
        check("[review]\nday = \"monday\"", "https://hooks.example/spigot");
        check("[review]\nurl = \"mailto:a@b\"", "write \"https://HOST/PATH\"");
        check(&format!("{to}day = \"mondy\""), "did you mean \"monday\"?");
        check(&format!("{to}hour = 24"), "from 0 to 23");
        check(&format!("{to}key = \"hush\""), "perhaps one itself");
        check(&format!("{to}mail = \"a@b\""), "`mail`");
        check(&format!("{to}chat = \"a@b\""), "chat");
    }

    #[test]
    fn when_it_is_due() {
        let check = |more: &str, hours: i64| {
            let text = format!("[review]\nurl = \"http://127.0.0.1/hook\"\n{more}");
            let config = Config::parse("spigot.toml", &text).unwrap();
            assert_eq!(config.server.review.unwrap().due_millis, hours * 3_600_000, "{more}");
        };
        check("", 4 * 24 + 6);
        check("day = \"thursday\"\nhour = 0", 0);
        check("day = \"wednesday\"\nhour = 23", 6 * 24 + 23);
    }
}
