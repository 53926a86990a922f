use crate::policy::{List, ListKind, Policy};

/// What look-ups found out about a client's address before the policy weighs it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reputation {
    /// The lists from files and addresses that it is on: a bit each, by their index in the policy.
    pub lists: u64,
    /// What came of the name of a crawler that the client gave itself; `None` while nothing is known.
    pub crawler: Option<Crawler>,
}

/// A client that gives itself the name of a crawler whose operator says how it is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crawler {
    /// The crawler's name, as `client.crawler` has it.
    pub name: &'static str,
    /// Whether it is that crawler.
    pub genuine: bool,
}

impl Reputation {
    /// The name of the crawler that it is, proved by its address.
    #[must_use]
    pub fn verified(&self) -> Option<&'static str> {
        self.crawler.filter(|crawler| crawler.genuine).map(|crawler| crawler.name)
    }
}

/// The lists of a policy that a client is on, and what they come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// A bit for each list, by its index in the policy.
    pub lists: u64,
    classes: u8,
    /// The largest weight that a reputation list has of its own.
    pub weight: Option<u8>,
}

/// What kind of network a list holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Data centres: programs live there, people hardly.
    Hosting,
    /// Exits of VPN services: people, who cannot be told apart.
    Vpn,
    /// Exits of the Tor network.
    Tor,
    /// Proxies that anybody may use.
    Proxy,
    /// Addresses that others have complained about.
    Reputation,
}

impl Class {
    /// Every class with the name of the list's kind.
    pub const ALL: [(&'static str, Self); 5] = [
        ("hosting", Self::Hosting),
        ("vpn", Self::Vpn),
        ("tor", Self::Tor),
        ("proxy", Self::Proxy),
        ("reputation", Self::Reputation),
    ];

    /// Its name as the kind of a list.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].0
    }
}

impl Listed {
    /// What being on these lists comes to.
    #[must_use]
    pub fn new(policy: &Policy, lists: u64) -> Self {
        let mut listed = Self { lists, ..Self::default() };
        let mut rest = lists;
        while rest != 0 {
            let index = rest.trailing_zeros() as usize;
            rest &= rest - 1;
            let Some(list) = policy.lists.get(index) else { continue };
            if let ListKind::Class(class) = list.kind {
                listed.classes |= 1 << class as u8;
                listed.weight = listed.weight.max(list.weight);
            }
        }
        listed
    }

    /// The lists, in the policy's order.
    pub(crate) fn of(self, policy: &Policy) -> impl Iterator<Item = (u16, &List)> {
        let all = if self.lists == 0 { &[][..] } else { &policy.lists };
        (0u16..).zip(all).filter(move |(index, _)| self.lists >> index & 1 == 1)
    }

    /// Whether one of the lists is of this class.
    #[must_use]
    pub fn is(self, class: Class) -> bool {
        self.classes >> class as u8 & 1 == 1
    }
}
