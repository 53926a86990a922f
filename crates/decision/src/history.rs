/// What this client did before, as far as it is remembered. Numbers fade: a half of each is left after a week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Seconds since it was first seen; 0 when it was not seen before.
    pub known_seconds: u32,
    /// Challenges that it solved.
    pub solves: u16,
    /// Failures: wrong log-ins, refused submissions.
    pub failures: u16,
    /// Restrictions that it brought upon itself.
    pub restrictions: u16,
}
