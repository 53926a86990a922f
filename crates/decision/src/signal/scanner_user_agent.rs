use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::{Seen, Signal};
use crate::Evidence;

/// Names under which vulnerability scanners introduce themselves unless told not to, from those projects' own
/// documentation.
static WORDS: [&str; 26] = [
    "nikto",
    "sqlmap",
    "nmap scripting engine",
    "masscan",
    "zgrab",
    "nuclei",
    "w3af",
    "wpscan",
    "dirbuster",
    "gobuster",
    "feroxbuster",
    "openvas",
    "acunetix",
    "netsparker",
    "arachni",
    "whatweb",
    "l9explore",
    "l9tcpid",
    "jorgee",
    "zmeu",
    "morfeus",
    "havij",
    "commix",
    "fimap",
    "joomscan",
    "hydra",
];

static MATCHER: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder().ascii_case_insensitive(true).build(WORDS).expect("a short fixed list")
});

pub(super) const SIGNAL: Signal = Signal {
    name: "scanner_user_agent",
    finds: "The client introduces itself as a vulnerability scanner.",
    matters: "Nobody browses with one. Whoever has a site scanned on purpose makes an exception.",
    oat: &[14, 18],
    weight: 80,
    find,
};

/// The name that a user agent holds, if any.
pub(crate) fn named(user_agent: &str) -> Option<&'static str> {
    MATCHER.find(user_agent).map(|found| WORDS[found.pattern().as_usize()])
}

fn find(seen: &Seen<'_>) -> Option<Evidence> {
    seen.observation.agent.scanner.map(Evidence::Word)
}
