//! Who a challenge and its clearance are for, and how far away from where they were given they still hold.

use std::net::IpAddr;

/// What a client has to stay, between the challenge, its submission and each use of the clearance.
#[derive(Clone, Copy, Debug)]
pub struct Binding<'a> {
    /// Host in lower case.
    pub host: &'a str,
    /// The user agent, whole: a browser's update ends its clearances.
    pub user_agent: &'a str,
    /// The address.
    pub client: IpAddr,
    /// What it is solved for, when that is a token and no clearance.
    pub errand: Option<Errand<'a>>,
}

/// What a widget's challenge is solved for. All of it is signed into the challenge, so that one that was solved for a
/// newsletter buys no log-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Errand<'a> {
    /// The public site key; never empty.
    pub site: &'a str,
    /// The action that the page names; empty when it names none.
    pub action: &'a str,
    /// The page's own data; empty when there is none.
    pub data: &'a str,
    /// Whether the visitor has to press a button for it.
    pub press: bool,
}

impl<'a> Binding<'a> {
    /// Site and client class, which have to be the same always, and the errand.
    pub(crate) fn context(&self) -> [&'a [u8]; 6] {
        let none = Errand { site: "", action: "", data: "", press: false };
        let errand = self.errand.unwrap_or(none);
        [
            self.host.as_bytes(),
            self.user_agent.as_bytes(),
            errand.site.as_bytes(),
            errand.action.as_bytes(),
            errand.data.as_bytes(),
            if errand.press { b"press" } else { b"" },
        ]
    }

    /// The network that the client is in.
    #[must_use]
    pub fn network(&self) -> Network {
        Network::of(self.client)
    }
}

/// A network, coarsely: the /16 (IPv4) or the /32 (IPv6) of an address.
///
/// Coarse, because people move within them without noticing: carriers and large offices hand one client several
/// addresses of one pool, and a provider's IPv6 allocation is a /32 as a rule (RIPE-738, 5.1.2). Fine enough that whoever
/// rents addresses elsewhere is elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network([u8; Network::BYTES]);

impl Network {
    pub(crate) const BYTES: usize = 5;

    pub(crate) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self([4, v4.octets()[0], v4.octets()[1], 0, 0]),
            IpAddr::V6(v6) => {
                let octets = v6.octets();
                Self([6, octets[0], octets[1], octets[2], octets[3]])
            }
        }
    }

    pub(crate) fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// The family, 4 or 6, then four bytes of address.
    #[must_use]
    pub fn bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }

    /// The family, 4 or 6, as one byte.
    #[must_use]
    pub fn family(&self) -> &[u8] {
        &self.0[..1]
    }

    /// Where somebody here is, seen from this network.
    #[must_use]
    pub fn place_of(&self, here: Self) -> Place {
        if *self == here {
            Place::Home
        } else if self.family() == here.family() {
            Place::OtherNetwork
        } else {
            Place::OtherFamily
        }
    }
}

/// Where something is presented from, beside where it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The same network.
    Home,
    /// An address of the other family, which says nothing about the network: a phone uses both, and changes between
    /// them without noticing.
    OtherFamily,
    /// Another network of the same family.
    OtherNetwork,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let check = |home: &str, here: &str, expected: Place| {
            let of = |text: &str| Network::of(text.parse().expect("an address"));
            assert_eq!(of(home).place_of(of(here)), expected, "{here} from {home}");
        };
        check("192.0.2.1", "192.0.2.1", Place::Home);
        check("192.0.2.1", "192.0.255.255", Place::Home);
        check("192.0.2.1", "192.1.2.1", Place::OtherNetwork);
        check("192.0.2.1", "2001:db8::1", Place::OtherFamily);
        check("192.0.2.1", "::ffff:192.0.9.9", Place::Home);
        check("2001:db8::1", "2001:db8:ffff::1", Place::Home);
        check("2001:db8::1", "2001:db9::1", Place::OtherNetwork);
        check("2001:db8::1", "32.1.13.184", Place::OtherFamily);
        // The same four bytes in the other family are another place.
        check("4.0.0.0", "400:0:1::", Place::OtherFamily);
    }
}
