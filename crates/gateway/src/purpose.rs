/// What the gateway counts and remembers for its own ends, apart from the policy's counters, which are numbered from 0. The
/// compiler sees to it that no two are the same.
#[derive(Clone, Copy, Debug)]
#[repr(u16)]
pub(crate) enum Purpose {
    /// Digests of bodies.
    Body = u16::MAX,
    /// Other puzzles that an address asked for.
    Fallback = u16::MAX - 1,
    /// The one network of the other family in which a clearance holds.
    OtherNetwork = u16::MAX - 2,
    /// Families in which a clearance has such a network.
    OtherFamily = u16::MAX - 3,
    /// Uses of a clearance away from home.
    Abroad = u16::MAX - 4,
    /// Uses of a server token.
    ServerToken = u16::MAX - 5,
    /// Unknown secrets that an address asked with.
    UnknownSecret = u16::MAX - 6,
    /// Who may ask about a token again.
    Claim = u16::MAX - 7,
    /// Questions to providers about one challenge.
    ProviderQuestion = u16::MAX - 8,
    /// The name of the field that people cannot see.
    Honeypot = u16::MAX - 9,
    /// Who holds challenges.
    Holder = u16::MAX - 10,
    /// Whose challenges the breaker tells apart.
    Breaker = u16::MAX - 20,
    /// Proofs of an address that did not hold.
    WrongProof = u16::MAX - 30,
    /// What tokens of Privacy Pass are asked for with.
    TokenContext = u16::MAX - 31,
}

impl Purpose {
    /// Its number among the counters.
    pub(crate) fn counter(self) -> u16 {
        self as u16
    }
}
