//! What farmed addresses have in common: one mailbox under many spellings, or one word with a counter.

use std::borrow::Cow;

/// Domains of one provider whose mailboxes ignore dots (<https://support.google.com/mail/answer/7436150>).
const DOTLESS: [&str; 2] = ["gmail.com", "googlemail.com"];

/// The domain of a mail address in lower case, without a final dot; `None` when the name is no address.
#[must_use]
pub fn mail_domain(account: &str) -> Option<&str> {
    let (local, domain) = account.rsplit_once('@')?;
    let domain = domain.trim_end_matches('.');
    (!local.is_empty() && domain.contains('.')).then_some(domain)
}

/// An account's name without what is changed from one farmed sign-up to the next: tags behind a plus, dots where they
/// mean nothing, and runs of digits, which become one `#`. A name without a letter is a number itself, of a telephone or
/// a mailbox: without it nothing would tell people apart.
pub(super) fn shape(account: &str) -> String {
    let (untagged, domain) = match mail_domain(account) {
        Some(domain) => {
            let local = account.rsplit_once('@').map_or(account, |(local, _)| local);
            (
                local
                    .split_once('+')
                    .map_or(local, |(before, _)| if before.is_empty() { local } else { before }),
                domain,
            )
        }
        None => (account, ""),
    };
    let counted = untagged.chars().any(char::is_alphabetic);
    let local: Cow<'_, str> =
        if DOTLESS.contains(&domain) { untagged.replace('.', "").into() } else { untagged.into() };
    let mut shape = String::with_capacity(account.len());
    for letter in local.chars() {
        let letter = if counted && letter.is_ascii_digit() { '#' } else { letter };
        if !counted || letter != '#' || !shape.ends_with('#') {
            shape.push(letter);
        }
    }
    if !domain.is_empty() {
        shape.push('@');
        shape.push_str(if DOTLESS.contains(&domain) { DOTLESS[0] } else { domain });
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alike_are_alike_and_others_are_not() {
        let check = |account: &str, expected: &str| assert_eq!(shape(account), expected, "{account}");
        check("ada.lovelace+shop@gmail.com", "adalovelace@gmail.com");
        check("a.d.a.lovelace@googlemail.com", "adalovelace@gmail.com");
        check("ada.lovelace@example.org", "ada.lovelace@example.org");
        check("farm0017@example.org", "farm#@example.org");
        check("farm18@example.org", "farm#@example.org");
        check("farm18b7@example.org", "farm#b#@example.org");
        check("buyer-31", "buyer-#");
        check("+tag@example.org", "+tag@example.org");
        check("123456789@qq.com", "123456789@qq.com");
        check("123456789+shop@qq.com", "123456789@qq.com");
        check("+49 170 1234567", "+49 170 1234567");
        check("01701234567", "01701234567");
        check("+491701234567@sms.example.org", "+491701234567@sms.example.org");
        check("buyer+31", "buyer+#");
        check("a@b", "a@b");
        check("", "");
    }

    #[test]
    fn domains() {
        let check =
            |account: &str, expected: Option<&str>| assert_eq!(mail_domain(account), expected, "{account}");
        check("ada@example.org", Some("example.org"));
        check("ada@example.org.", Some("example.org"));
        check("\"a@b\"@example.org", Some("example.org"));
        check("ada", None);
        check("@example.org", None);
        check("ada@localhost", None);
    }
}
