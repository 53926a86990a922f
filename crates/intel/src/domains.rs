//! Domains whose mailboxes are given away for a moment, or that have an ill name: lists that the operator supplies.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;

use foldhash::fast::RandomState;

/// The domains of all lists.
#[derive(Debug, Default)]
pub struct Domains {
    names: HashSet<Box<str>, RandomState>,
}

/// Published lists have up to 200,000.
const NAMES_MAX: usize = 2_000_000;
/// RFC 1035, section 2.3.4.
const NAME_BYTES_MAX: usize = 255;

impl Domains {
    /// Reads lists of one domain a line; `#` begins a comment. A line that is no domain is an error: the wrong file was
    /// named.
    pub fn read(files: &[PathBuf]) -> Result<Self, String> {
        let mut domains = Self::default();
        for file in files {
            let text = fs::read_to_string(file)
                .map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
            domains.add(&text).map_err(|what| format!("{}, {what}", file.display()))?;
        }
        Ok(domains)
    }

    fn add(&mut self, text: &str) -> Result<(), String> {
        for (number, line) in (1..).zip(text.lines()) {
            let name = line.split('#').next().unwrap_or_default().trim().trim_start_matches("*.");
            if name.is_empty() {
                continue;
            }
            if name.len() > NAME_BYTES_MAX || name.contains(|c: char| c.is_whitespace() || "/@,;".contains(c))
            {
                return Err(format!("line {number}: this is no domain; write one a line"));
            }
            if self.names.len() >= NAMES_MAX {
                return Err(format!("line {number}: at most {NAMES_MAX} domains are taken"));
            }
            self.names.insert(name.to_lowercase().into());
        }
        Ok(())
    }

    /// Whether a domain in lower case, or one that it lies in, is on a list.
    #[must_use]
    pub fn contains(&self, domain: &str) -> bool {
        if self.names.is_empty() {
            return false;
        }
        // A name of 255 bytes has at most 127 labels.
        let parents = std::iter::successors(Some(domain), |name| name.split_once('.').map(|(_, rest)| rest));
        parents.take_while(|name| name.contains('.')).any(|name| self.names.contains(name))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_and_all_below_it() {
        let mut domains = Domains::default();
        domains.add("# given away\nMailinator.com\n\n*.trash.example  # and what lies in it\r\n").unwrap();
        let check = |domain: &str, expected: bool| assert_eq!(domains.contains(domain), expected, "{domain}");
        check("mailinator.com", true);
        check("a.b.mailinator.com", true);
        check("notmailinator.com", false);
        check("x.trash.example", true);
        check("example", false);
        check("", false);
        assert_eq!(domains.len(), 2);
        assert!(domains.add("not a domain\n").unwrap_err().starts_with("line 1"));
    }
}
