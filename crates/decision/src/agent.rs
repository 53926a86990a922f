use crate::signal;

/// What a user agent says of its client, found by reading it once. A client says the same with every request, so the
/// gateway keeps this per connection and replay per user agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Agent {
    /// The library, command-line tool or windowless browser that it names.
    pub tool: Option<&'static str>,
    /// The vulnerability scanner that it names.
    pub scanner: Option<&'static str>,
    /// A look-up or expression in it that a vulnerable server would evaluate.
    pub probe: Option<&'static str>,
}

impl Agent {
    /// Reads a user agent, in about two passes over it.
    #[must_use]
    pub fn of(user_agent: &str) -> Self {
        Self {
            tool: signal::tool_user_agent::named(user_agent),
            scanner: signal::scanner_user_agent::named(user_agent),
            probe: signal::vulnerability_probe::evaluated(user_agent.as_bytes()),
        }
    }
}
