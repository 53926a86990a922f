use std::fmt;

/// Why a body breaks off before its end.
#[derive(Debug)]
pub(crate) enum BodyBroken {
    /// Its stream did.
    Stream(h2::Error),
    /// The client sends it too slowly.
    Slow,
    /// The application paused for too long.
    Stalled,
    /// The application closed the connection in the middle of its answer.
    Closed,
    /// The application wrote what is no answer.
    Malformed(&'static str),
    /// The client broke off its own body, of which the application waits for the rest.
    Unsent,
}

impl fmt::Display for BodyBroken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stream(error) => error.fmt(f),
            Self::Slow => f.write_str("the client sends the body too slowly"),
            Self::Stalled => f.write_str("the application stalled in the middle of its answer"),
            Self::Closed => f.write_str("the application closed the connection in the middle of its answer"),
            Self::Malformed(why) => write!(f, "the application's answer is broken: {why}"),
            Self::Unsent => f.write_str("the client broke off its body"),
        }
    }
}

impl std::error::Error for BodyBroken {}
