use std::fmt;

use crate::Millis;
use crate::subject::Prefix;

/// How repeated failures of one source are answered: first it is slowed, then restricted for a time that grows with
/// each strike and is forgotten after a quiet while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ladder {
    /// The window in which failures are counted, in milliseconds.
    pub window_millis: u64,
    /// Failures from which the source is slowed.
    pub slow_from: u32,
    /// Failures from which it is restricted; the count starts again after each restriction.
    pub restrict_from: u32,
    /// How long each step lasts, in milliseconds; the last one repeats.
    pub steps_millis: Vec<u64>,
    /// Each quiet time of this length takes one step back, in milliseconds.
    pub forget_millis: u64,
    /// At how many times `restrict_from` the /56 and the /48 around failing IPv6 clients are restricted.
    pub around: [u32; 2],
}

/// Whose failures a restriction answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offender {
    /// An address prefix: one client's, or the /56 or /48 around it.
    Address(Prefix),
    /// A client that holds a clearance.
    Clearance {
        /// The clearance's id.
        id: u64,
        /// The client's address when it was restricted.
        address: Prefix,
    },
    /// An account that is locked to strangers, or to one client that is known there; by its hash, nobody's name is kept.
    Account(u64),
}

impl Offender {
    /// Reads what [`Offender`] is shown as.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(Offenders::Account(id)) = Offenders::parse(text) {
            return Some(Self::Account(id));
        }
        match text.split_once(" behind ") {
            Some((id, address)) => match Offenders::parse(id)? {
                Offenders::Clearance(id) => Some(Self::Clearance { id, address: Prefix::parse(address)? }),
                Offenders::Within(_) | Offenders::Account(_) => None,
            },
            None => Prefix::parse(text).map(Self::Address),
        }
    }
}

impl fmt::Display for Offender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(prefix) => prefix.fmt(f),
            Self::Clearance { id, address } => write!(f, "clearance-{id:016x} behind {address}"),
            Self::Account(id) => write!(f, "account-{id:016x}"),
        }
    }
}

/// Whom an operator means: everybody within a prefix, or one client that holds a clearance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offenders {
    /// Prefixes within this one, and clearances whose holders were there.
    Within(Prefix),
    /// One clearance.
    Clearance(u64),
    /// One account, by its hash.
    Account(u64),
}

impl Offenders {
    /// Reads an address, a prefix, or a clearance's name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let hashed = |id: &str| u64::from_str_radix(id, 16).ok().filter(|_| id.len() == 16);
        match text.split_once('-') {
            Some(("clearance", id)) => hashed(id).map(Self::Clearance),
            Some(("account", id)) => hashed(id).map(Self::Account),
            _ => Prefix::parse(text).map(|prefix| Self::Within(widened(prefix))),
        }
    }

    /// Whether `offender` is meant.
    #[must_use]
    pub fn include(&self, offender: &Offender) -> bool {
        match (self, offender) {
            (Self::Clearance(meant), Offender::Clearance { id, .. }) => meant == id,
            (Self::Account(meant), Offender::Account(id)) => meant == id,
            (Self::Clearance(_) | Self::Account(_), _) | (Self::Within(_), Offender::Account(_)) => false,
            (
                Self::Within(meant),
                Offender::Address(prefix) | Offender::Clearance { address: prefix, .. },
            ) => meant.length <= prefix.length && meant.contains(prefix.base),
        }
    }
}

impl fmt::Display for Offenders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Within(prefix) => prefix.fmt(f),
            Self::Clearance(id) => write!(f, "clearance-{id:016x}"),
            Self::Account(id) => write!(f, "account-{id:016x}"),
        }
    }
}

/// An IPv6 client is its /64: whoever names one address of it means the client.
fn widened(prefix: Prefix) -> Prefix {
    if prefix.base.is_ipv6() && prefix.length > 64 { Prefix::client(prefix.base) } else { prefix }
}

/// What is remembered of a source's restrictions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strike {
    /// Which step it is on, from 1.
    pub step: u8,
    /// When the restriction began.
    pub start: Millis,
    /// When it ends.
    pub end: Millis,
}

impl Ladder {
    /// The strike that follows `previous` at `now`. While one is in force it stays as it is: failures that were
    /// already on their way do not lengthen it.
    #[must_use]
    pub fn next(&self, previous: Option<Strike>, now: Millis) -> Strike {
        let step = match previous {
            Some(strike) if now < strike.end => return strike,
            Some(strike) => self.standing(strike, now).saturating_add(1),
            None => 1,
        };
        let index = usize::from(step).min(self.steps_millis.len()) - 1;
        let step = u8::try_from(index + 1).unwrap_or(u8::MAX);
        let length = i64::try_from(self.steps_millis[index]).unwrap_or(i64::MAX);
        Strike { step, start: now, end: now.plus(length) }
    }

    /// Which step still counts against a source at `now`; 0 when all is forgotten.
    #[must_use]
    pub fn standing(&self, strike: Strike, now: Millis) -> u8 {
        let quiet = now.since(strike.end).max(0).unsigned_abs() / self.forget_millis.max(1);
        strike.step.saturating_sub(u8::try_from(quiet).unwrap_or(u8::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;

    #[test]
    fn grows_and_is_forgotten() {
        let ladder = Ladder {
            window_millis: 600_000,
            slow_from: 3,
            restrict_from: 6,
            steps_millis: vec![60_000, 300_000, 1_800_000],
            forget_millis: 3_600_000,
            around: [4, 16],
        };
        let first = ladder.next(None, Millis(0));
        assert_eq!((first.step, first.end), (1, Millis(MINUTE)));
        assert_eq!(ladder.next(Some(first), Millis(MINUTE - 1)), first, "in force: unchanged");
        let second = ladder.next(Some(first), Millis(MINUTE));
        assert_eq!((second.step, second.end), (2, Millis(6 * MINUTE)));
        let third = ladder.next(Some(second), Millis(7 * MINUTE));
        let last = ladder.next(Some(third), Millis(60 * MINUTE));
        assert_eq!((third.step, last.step), (3, 3), "the last step repeats");
        assert_eq!(
            ladder.next(Some(third), third.end.plus(60 * MINUTE)).step,
            3,
            "one quiet hour takes one step back"
        );
        assert_eq!(
            ladder.next(Some(third), third.end.plus(180 * MINUTE)).step,
            1,
            "three quiet hours forget three"
        );
    }

    #[test]
    fn offenders_are_shown_read_back_and_meant() {
        let check = |offender: &str, meant: &str, expected: bool| {
            let (parsed, who) = (Offender::parse(offender).unwrap(), Offenders::parse(meant).unwrap());
            assert_eq!(parsed.to_string(), offender);
            assert_eq!(who.include(&parsed), expected, "{meant} means {offender}");
        };
        let cleared = "clearance-00000000000000ff behind 192.0.2.1";
        check("192.0.2.1", "192.0.2.1", true);
        check("192.0.2.1", "192.0.2.0/24", true);
        check("192.0.2.1", "192.0.3.0/24", false);
        check(cleared, "clearance-00000000000000ff", true);
        check(cleared, "clearance-00000000000000fe", false);
        check(cleared, "192.0.2.1", true);
        check("192.0.2.1", "clearance-00000000000000ff", false);
        check("account-00000000000000ff", "account-00000000000000ff", true);
        check("account-00000000000000ff", "0.0.0.0/0", false);
        check("192.0.2.1", "account-00000000000000ff", false);
        check("2001:db8:0:1::/64", "2001:db8:0:1::7", true);
        check("2001:db8::/48", "2001:db8:0:1::7", false);
        check("2001:db8::/48", "2001:db8::/48", true);
        for bad in ["", "x", "clearance-", "clearance-xyz", "clearance-00ff", "account-", "192.0.2"] {
            assert_eq!(Offenders::parse(bad), None, "{bad}");
        }
        assert_eq!(Offender::parse("192.0.2.1 behind 192.0.2.1"), None);
    }
}
