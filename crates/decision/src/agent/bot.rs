use arrayvec::ArrayString;

use self::table::{Says, WORDS};
use super::words::Found;

mod table;

/// A program that a user agent declares itself to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bot {
    /// What it is for.
    pub kind: BotKind,
    /// What it calls itself, as it wrote it; empty when its name cannot be made out.
    pub name: BotName,
}

/// Longer than the name of any well-known one; cut there.
pub type BotName = ArrayString<32>;

/// What a declared program is for, as far as its name tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BotKind {
    /// Search engines.
    Search,
    /// Collects for, or acts on behalf of, a language model.
    Ai,
    /// Fetches what somebody shared, to show a preview.
    Preview,
    /// Looks whether a site is up, and how fast.
    Monitor,
    /// Search engine optimisation, advertising, brands.
    Marketing,
    /// Feed readers' servers.
    Feed,
    /// Archives.
    Archive,
    /// Vulnerability scanners.
    Scanner,
    /// A browser without a window, or steered by a program.
    Automation,
    /// A library or a command-line tool.
    Library,
    /// A program that says no more.
    Other,
}

impl BotKind {
    /// Its name in policies and events.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::Ai => "ai",
            Self::Preview => "preview",
            Self::Monitor => "monitor",
            Self::Marketing => "marketing",
            Self::Feed => "feed",
            Self::Archive => "archive",
            Self::Scanner => "scanner",
            Self::Automation => "automation",
            Self::Library => "library",
            Self::Other => "other",
        }
    }
}

/// What was found, with the word that names a tool.
#[derive(Clone, Copy)]
pub(super) struct Declared {
    pub(super) bot: Bot,
    pub(super) tool: Option<&'static str>,
}

/// Looks for words that programs use of themselves, for an address to complain to, and for a shape that neither browsers
/// nor apps have.
pub(super) fn find(user_agent: &str) -> Option<Declared> {
    let look = Look::at(user_agent);
    if let Some((word, kind, start, end)) = look.named.or(look.first) {
        let tool = matches!(kind, BotKind::Library | BotKind::Automation).then_some(word);
        let name = name_around(user_agent, start, end).unwrap_or_else(|| first_name(user_agent));
        return Some(Declared { bot: Bot { kind, name }, tool });
    }
    let is_bot = has_address(user_agent) || (!look.person && has_shape(user_agent));
    is_bot.then(|| Declared { bot: Bot { kind: BotKind::Other, name: first_name(user_agent) }, tool: None })
}

type Hit = (&'static str, BotKind, usize, usize);

/// What the words of a user agent come to.
#[derive(Default)]
struct Look {
    /// The first word that tells what a program is for.
    named: Option<Hit>,
    /// The first one that tells that it is one.
    first: Option<Hit>,
    /// There is a word of a device, a system or a browser.
    person: bool,
}

impl Look {
    fn at(user_agent: &str) -> Self {
        let mut look = Self::default();
        // Where the word ends that another one is only a part of.
        let mut covered = 0..0;
        for Found { start, end, word, says } in WORDS.all(user_agent) {
            match *says {
                Says::Nothing => covered = start..end,
                Says::Person => look.person = true,
                Says::Begins(_) if start > 0 => {}
                Says::Bot(kind) | Says::Begins(kind) if !covered.contains(&start) => {
                    let slot = if kind == BotKind::Other { &mut look.first } else { &mut look.named };
                    slot.get_or_insert((word, kind, start, end));
                }
                Says::Bot(_) | Says::Begins(_) => {}
            }
        }
        look
    }
}

/// An address of the web or of mail, or a domain: browsers and apps have no use for one.
fn has_address(user_agent: &str) -> bool {
    let bytes = user_agent.as_bytes();
    let is_label = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    for at in memchr::memchr3_iter(b':', b'@', b'.', bytes) {
        let (before, after) = (&bytes[..at], &bytes[at + 1..]);
        let found = match bytes[at] {
            b':' => after.starts_with(b"//") && ends_with(before, b"http") | ends_with(before, b"https"),
            // A version behind an app's name has no letter after the sign.
            b'@' => {
                before.last().is_some_and(is_label) && after.first().is_some_and(u8::is_ascii_alphabetic) && {
                    let label = after.iter().take(MAIL_LABEL_MAX).take_while(|byte| is_label(byte)).count();
                    after.get(label) == Some(&b'.')
                        && after.get(label + 1).is_some_and(u8::is_ascii_alphabetic)
                }
            }
            _ => {
                before.last().is_some_and(u8::is_ascii_alphabetic) && is_domain_end(after)
                    || ends_with(before, b"www")
            }
        };
        if found {
            return true;
        }
    }
    false
}

/// As long as one part of a domain may be.
const MAIL_LABEL_MAX: usize = 63;

fn ends_with(text: &[u8], end: &[u8]) -> bool {
    let from = text.len().saturating_sub(end.len());
    let whole = from == 0 || !text[from - 1].is_ascii_alphanumeric();
    whole && text[from..].eq_ignore_ascii_case(end)
}

/// Those that programs' homes mostly have. Others are as often parts of versions.
fn is_domain_end(text: &[u8]) -> bool {
    let is = |end: &&str| {
        let inside = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'.';
        text.get(..end.len()).is_some_and(|start| start.eq_ignore_ascii_case(end.as_bytes()))
            && !text.get(end.len()).is_some_and(inside)
    };
    ["com", "net", "org", "ai", "co", "dev"].iter().any(is)
}

/// Whether it is a program's introduction although no word says so: a product and nothing that a device, a system or a
/// browser would add; or what is compatible with a browser and not one. What is no user agent at all is neither.
fn has_shape(user_agent: &str) -> bool {
    let claims = user_agent.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("mozilla"));
    if !claims {
        return is_product(user_agent);
    }
    match user_agent.split_once("ompatible;") {
        Some((_, rest)) => {
            let first = rest.split([';', ')']).next().unwrap_or_default().trim();
            !first.is_empty()
                && first.split(' ').all(|word| word.matches('/').count() < 2 && is_product(word))
        }
        None => !user_agent.contains('('),
    }
}

/// It begins with a name, and a version if any (RFC 9110, section 10.1.5).
fn is_product(text: &str) -> bool {
    let name = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~:".contains(byte);
    let length = text.bytes().take_while(name).count();
    length > 0 && matches!(text.as_bytes().get(length), None | Some(b'/' | b' ' | b',' | b';' | b'('))
}

const NO_NAME: &[char] = &['/', ';', ',', '(', ')', '"', '\'', '<', '>', '[', ']', '{', '}', '='];

/// The name that a word is part of; `None` when that is an address.
fn name_around(user_agent: &str, start: usize, end: usize) -> Option<BotName> {
    let ends = |c: char| c.is_whitespace() || NO_NAME.contains(&c);
    // Bounded, so that one long word that is found over and over costs no more than one.
    let from = user_agent.ceil_char_boundary(start.saturating_sub(NAME_AROUND));
    let to = user_agent.floor_char_boundary((end + NAME_AROUND).min(user_agent.len()));
    let before = user_agent[from..start]
        .rfind(ends)
        .map_or(from, |at| from + at + user_agent[from + at..].chars().next().map_or(0, char::len_utf8));
    let after = user_agent[end..to].find(ends).map_or(to, |at| end + at);
    let chunk = user_agent[from..start].rfind(char::is_whitespace).map_or(from, |at| from + at);
    let address = ["://", "www.", "@"].iter().any(|sign| user_agent[chunk..after].contains(sign));
    // A word may hold the sign behind the name.
    let name = user_agent[before..after].split(NO_NAME).next().unwrap_or_default();
    let name = name.trim_matches(|c: char| !c.is_alphanumeric());
    (!address && !name.is_empty()).then(|| cut(name))
}

/// Of what stands before and behind a word, as much can be its name's.
const NAME_AROUND: usize = 64;

/// The first name that is not the one under which every browser goes.
fn first_name(user_agent: &str) -> BotName {
    let generic = ["mozilla", "compatible", "u", "en", "applewebkit", "khtml", "like", "gecko"];
    let pieces = user_agent.split(|c: char| c.is_whitespace() || ";,()".contains(c)).take(FIRST_PIECES);
    let mut names = pieces.map(|piece| piece.split('/').next().unwrap_or_default()).filter(|name| {
        let letters = name.contains(|c: char| c.is_ascii_alphabetic());
        letters
            && !name.contains(['@', ':', '.'])
            && !generic.iter().any(|word| name.eq_ignore_ascii_case(word))
    });
    names.next().map_or_else(BotName::new, cut)
}

/// Behind so many words nothing is a name any more.
const FIRST_PIECES: usize = 16;

fn cut(name: &str) -> BotName {
    let mut short = BotName::new();
    name.chars().filter(|c| c.is_ascii_graphic()).map_while(|c| short.try_push(c).ok()).for_each(drop);
    short
}

#[cfg(test)]
pub(super) fn words_in(user_agent: &str) -> usize {
    WORDS.all(user_agent).count()
}
