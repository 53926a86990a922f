//! Conditions in the Common Expression Language (CEL), the part of it that can be decided in bounded time: `cel`
//! parses, this module checks every name and type with its place, and lowers to a typed tree. Comprehensions and
//! arithmetic are refused.

mod eval;
mod lower;
mod syntax;

use std::ops::Range;

use cel::parser::Parser;
use regex::Regex;

use self::lower::Lowering;
use self::syntax::{depth_exceeds, syntax, too_deep};
use crate::subject::Block;

/// Levels of one condition: reading it recurses once per level.
const DEPTH_MAX: u16 = 48;

/// What an expression can see. Limits are counted before any look-up returns, so they see the request alone (and the
/// upstream's answer, when they ask for it).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// A rule: everything but the answer.
    Rule,
    /// A limit: the request and, if it names `upstream.status`, the answer.
    Limit,
}

/// The names that an expression may use beyond the fixed ones.
pub struct Names<'a> {
    /// Signals, in table order.
    pub signals: &'a [&'static str],
    /// Limits, in policy order.
    pub limits: &'a [String],
    /// Lists, in policy order.
    pub lists: &'a [String],
    /// Those of them whose addresses come from elsewhere, so that a look-up has to say who is on it.
    pub fed: &'a [String],
}

/// An error in an expression.
#[derive(Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Byte range in the expression, `None` for the whole.
    pub span: Option<Range<usize>>,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

/// Bytes of a condition. The tree that the parser builds is at most as deep as its text is long, and is walked
/// recursively: this much fits any thread's stack.
const TEXT_BYTES_MAX: usize = 4096;

/// A checked condition.
#[derive(Clone, Debug)]
pub struct Condition {
    tree: Bool,
    /// Whether it looks at the upstream's answer.
    pub sees_answer: bool,
}

#[derive(Clone, Debug)]
enum Bool {
    Constant(bool),
    And(Box<Bool>, Box<Bool>),
    Or(Box<Bool>, Box<Bool>),
    Not(Box<Bool>),
    SameTruth(Box<Bool>, Box<Bool>),
    Compare(Int, Order, Int),
    SameText(Text, Text),
    OneOfTexts(Text, Vec<String>),
    OneOfInts(Int, Vec<i64>),
    StartsWith(Text, String),
    EndsWith(Text, String),
    /// The searcher is built once: building it costs more than most searches.
    Contains(Text, Box<memchr::memmem::Finder<'static>>),
    Matches(Text, Regex),
    InNetworks(Vec<Block>),
    InList(u16),
    HasHeader(String),
    Signal(u16),
    Known(Flag),
}

#[derive(Clone, Copy, Debug)]
enum Flag {
    Malformed,
    HoneypotFilled,
    BodyComplete,
}

#[derive(Clone, Copy, Debug)]
enum Order {
    Equal,
    Less,
    LessOrEqual,
}

#[derive(Clone, Debug)]
enum Int {
    Constant(i64),
    BodyBytes,
    ClearanceLevel,
    Network,
    Status,
    Count(u16),
    History(Past),
    Size(Box<Text>),
}

#[derive(Clone, Debug)]
enum Text {
    Constant(String),
    Method,
    Host,
    Path,
    Query,
    UserAgent,
    Sender,
    Account,
    Country,
    Device,
    Crawler,
    Header(String),
}

/// What of a client's past a number is.
#[derive(Clone, Copy, Debug)]
enum Past {
    Seconds,
    Solves,
    Failures,
    Restrictions,
}

/// What a condition is evaluated against.
pub trait Sight {
    /// The request.
    fn observation(&self) -> &crate::Observation<'_>;
    /// Whether a signal fired, by table index.
    fn signal(&self, index: u16) -> bool;
    /// The count of a limit, by policy index.
    fn count(&self, limit: u16) -> u32;
    /// Whether the client is on a list, by policy index.
    fn listed(&self, list: u16) -> bool;
    /// What look-ups said; `None` before they did.
    fn facts(&self) -> Option<&crate::Facts>;
    /// The client's country, upper-case ISO 3166-1, empty when unknown.
    fn country(&self) -> &str;
    /// The client's network number, 0 when unknown.
    fn network(&self) -> u32;
    /// The client's device class, empty when unknown.
    fn device(&self) -> &str;
    /// The upstream's status, 0 before the answer.
    fn status(&self) -> u16;
}

/// Every name there is, for help texts and the schema: name, type, meaning.
pub const NAMES: [(&str, &str, &str); 24] = [
    ("request.method", "text", "the method, as sent"),
    ("request.host", "text", "the host in lower case, without port"),
    (
        "request.path",
        "text",
        "the normalised path, without parameters (;v=1) and with %XX only for what needs it",
    ),
    ("request.query", "text", "the query without its question mark, as sent"),
    ("request.user_agent", "text", "the User-Agent header, empty when absent"),
    ("request.sender", "text", "navigation, fetch, api, grpc, upgrade or other"),
    ("request.headers[\"name\"]", "text", "a header's first value, empty when absent"),
    ("request.malformed", "bool", "the request was no valid HTTP (in replay of logs only)"),
    ("body.bytes", "number", "bytes of the body that were inspected"),
    ("body.complete", "bool", "whether that was the whole body"),
    ("field.account", "text", "the account the request names, empty when it names none"),
    ("field.honeypot", "bool", "whether a field that people cannot see came filled in"),
    ("client.address", "address", "the client's address; client.address.within(\"192.0.2.0/24\", …)"),
    ("client.country", "text", "ISO 3166-1 code, empty when unknown"),
    ("client.network", "number", "network number (ASN), 0 when unknown"),
    ("client.device", "text", "desktop, phone, tablet, bot or empty"),
    ("client.crawler", "text", "the crawler that it is, proved by its address; empty when it is none"),
    ("history.seconds", "number", "seconds since the client was first seen, 0 when it is new"),
    (
        "history.solves",
        "number",
        "challenges that it solved; a half is left after a week, as of the next two",
    ),
    ("history.failures", "number", "its failures"),
    ("history.restrictions", "number", "restrictions that it brought upon itself"),
    ("clearance.level", "number", "0 without a clearance, 1 low, 2 medium, 3 high"),
    ("signal.NAME", "bool", "whether a signal fired"),
    ("upstream.status", "number", "the answer's status; in limits only, which then count answers"),
];

impl Condition {
    /// Parses and checks.
    ///
    /// # Errors
    /// Every syntax error, or the first name or type that is wrong, with its place.
    pub fn parse(text: &str, scope: Scope, names: &Names<'_>) -> Result<Self, Vec<Wrong>> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(vec![Wrong {
                span: None,
                message: format!("the condition has {} bytes", text.len()),
                help: format!(
                    "at most {TEXT_BYTES_MAX} are allowed; make several rules of it, or a [[list]] of its addresses"
                ),
            }]);
        }
        let (expression, places) =
            Parser::new().max_recursion_depth(DEPTH_MAX).parse_with_source_info(text).map_err(|errors| {
                errors
                    .errors
                    .iter()
                    .map(|error| syntax(text, error.pos, &error.msg))
                    .take(1)
                    .collect::<Vec<_>>()
            })?;
        // Chains such as a.b.c.d or 1 == 1 == 1 pass the parser's own bound.
        if depth_exceeds(&expression, DEPTH_MAX) {
            return Err(vec![too_deep()]);
        }
        let mut lowering = Lowering { places: &places, text, scope, names, sees_answer: false };
        let tree = lowering.bool(&expression).map_err(|wrong| vec![wrong])?;
        Ok(Self { tree, sees_answer: lowering.sees_answer })
    }

    /// Whether it holds.
    pub fn holds(&self, sight: &impl Sight) -> bool {
        self.tree.eval(sight)
    }
}
