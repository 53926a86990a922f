//! What the widget gets: a sealed text that says for which site, host, action and data a challenge was solved, by whom,
//! and until when it counts. It counts once.
//!
//! ```text
//! seal(Grounds, binding, …) -> text            grounds are a Solved, or a token that may be given again
//! open(keys, text, expected, …) -> Opened      genuine, in its time, this site's, this client's
//! Opened::spent(first) -> Redeemed             only a first spend makes one
//! ```
//!
//! A form that comes back with an error needs another token at once: [`renewable`] gives one for a spent token, to the
//! same browser in the same network and for the same errand, [`RENEWALS_MAX`] times for each solved challenge.

use std::net::IpAddr;

use crate::binding::{Binding, Errand, Network, Place};
use crate::frame::digest;
use crate::keyring::Keyring;
use crate::sealed::{Reader, Seal, Writer};
use crate::verify::Solved;

/// The longest text of a token, in letters; form fields and clients of other vendors reckon with it.
pub const TOKEN_LETTERS: usize = 2048;
/// The longest action, in letters.
pub const ACTION_LETTERS: usize = 32;
/// The longest data, in characters.
pub const DATA_CHARACTERS: usize = 255;
/// The longest data, in bytes: 742 are what the longest of everything else leaves of [`TOKEN_LETTERS`].
pub const DATA_BYTES: usize = 740;
/// How often a solved challenge is given again after its token was spent: a form that comes back twice is an error,
/// one that comes back more often is a program that sends one proof for many.
pub const RENEWALS_MAX: u8 = 2;

const VERSION: u8 = 2;
const SEAL: Seal = Seal { prefix: "pt_", cipher: |key| &key.token, most: TOKEN_LETTERS };

/// A token as its sealed fields say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Single-use id.
    pub id: [u8; 16],
    /// The public site key.
    pub site: String,
    /// The host of the page.
    pub host: String,
    /// The action; empty when the page named none.
    pub action: String,
    /// The page's data; empty when there was none.
    pub data: String,
    /// Whom the site's server says that it is for; empty when it said nothing.
    pub account: String,
    /// The level of the challenge that was solved, 1 to 3.
    pub level: u8,
    /// The risk, 0 to 100, with which it was given.
    pub risk: u8,
    /// When it was given, Unix milliseconds.
    pub issued_millis: i64,
    /// When it expires, Unix milliseconds.
    pub expires_millis: i64,
    /// The address of the client that it was given to.
    pub client: IpAddr,
    /// How often it has been given again.
    renewals: u8,
    class: [u8; 16],
}

/// How strictly a token is bound to the client that it was given to; the stricter is the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strictness {
    /// Not at all.
    Off,
    /// When the site's server names the visitor's address, it has to be in the same network or of the other family.
    /// An address that means nothing on the Internet tells nothing of a visitor who comes from there.
    Loose,
    /// The site's server has to name the visitor's address, and it is the same one (IPv6: the same /64).
    Strict,
}

/// What the site's server says of the visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visitor {
    /// Nothing.
    Unnamed,
    /// Something that is no address.
    Unreadable,
    /// This address.
    At(IpAddr),
}

/// Why a token does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Not made by us, or changed, or made with a key that is gone.
    NotOurs,
    /// Made for another site.
    OtherSite,
    /// Its time is over.
    Expired,
    /// Given before this process started, so that it cannot be known whether it was spent.
    Stale,
    /// Given to another client.
    OtherClient,
    /// The site binds strictly, and the visitor's address is missing.
    ClientMissing,
    /// It was spent already.
    Spent,
}

/// A token of ours, in its time, for this site and client. Only [`open`] makes one.
#[derive(Debug)]
pub struct Opened(Token);

/// A token that was spent for the first time, or asked about again by the same asker. Only [`Opened::spent`] makes one.
#[derive(Debug)]
pub struct Redeemed(Token);

/// A token that may be given again. Only [`renewable`] makes one.
#[derive(Debug)]
pub struct Renewable(Token);

/// Leave to give a token again. Only [`Renewable::granted`] makes one.
#[derive(Debug)]
pub struct Renewed(Token);

/// What a token is given for.
#[derive(Clone, Copy, Debug)]
pub enum Grounds<'a> {
    /// A challenge was solved; whom the site's server says that it is for; and the risk, 0 to 100.
    Solved(&'a Solved, &'a str, u8),
    /// A token is given again.
    Renewed(&'a Renewed),
}

/// Seals a token for the client and errand of `binding`; the text, and when it expires.
#[must_use]
pub fn seal(
    keys: &Keyring,
    grounds: Grounds<'_>,
    binding: &Binding<'_>,
    life_millis: u32,
    entropy: [u8; 40],
    now_millis: i64,
) -> (String, i64) {
    let (level, account, risk, renewals) = match grounds {
        Grounds::Solved(solved, account, risk) => (solved.challenge().level, account, risk, 0),
        Grounds::Renewed(Renewed(token)) => {
            (token.level, token.account.as_str(), token.risk, token.renewals.saturating_add(1))
        }
    };
    let errand = errand(binding);
    let expires_millis = now_millis.saturating_add(i64::from(life_millis));
    let (id, nonce) = entropy.split_at(16);
    let mut plain = Writer::default();
    plain.bytes(&[VERSION]);
    plain.bytes(id);
    plain.bytes(&[level, risk, renewals]);
    plain.bytes(&now_millis.to_le_bytes());
    plain.bytes(&expires_millis.to_le_bytes());
    plain.bytes(&address_bytes(binding.client));
    plain.bytes(&class(binding));
    for text in [errand.site, binding.host, errand.action, errand.data, account] {
        plain.text(text);
    }
    (SEAL.close(keys, &plain.0, nonce.try_into().expect("24 of 40 bytes")), expires_millis)
}

/// Opens a token that a site's server presents. `strictness` is asked once it is known for which page and action the token
/// is. `not_before_millis` is when this process began to remember what was spent.
///
/// # Errors
/// [`Refused`]; every path that does not prove the token right is one.
pub fn open(
    keys: &Keyring,
    text: &str,
    site: &str,
    (visitor, strictness): (Visitor, impl FnOnce(&Token) -> Strictness),
    not_before_millis: i64,
    now_millis: i64,
) -> Result<Opened, Refused> {
    let token = read(keys, text)?;
    if token.site != site {
        return Err(Refused::OtherSite);
    }
    in_time(&token, not_before_millis, now_millis)?;
    is_client(&token, visitor, strictness(&token))?;
    Ok(Opened(token))
}

/// A token of ours, whatever its time and client: for the record.
#[must_use]
pub fn genuine(keys: &Keyring, text: &str) -> Option<Token> {
    read(keys, text).ok()
}

/// Recognises a token that its widget brings back after it was spent.
///
/// # Errors
/// [`Refused`]; the widget then gets a challenge as if it had brought nothing.
pub fn renewable(
    keys: &Keyring,
    text: &str,
    binding: &Binding<'_>,
    not_before_millis: i64,
    now_millis: i64,
) -> Result<Renewable, Refused> {
    let token = read(keys, text)?;
    in_time(&token, not_before_millis, now_millis)?;
    // The class holds site, host, action and data, too.
    if token.class != class(binding) {
        return Err(Refused::OtherClient);
    }
    if Network::of(token.client).place_of(binding.network()) == Place::OtherNetwork {
        return Err(Refused::OtherClient);
    }
    if token.renewals >= RENEWALS_MAX { Err(Refused::Spent) } else { Ok(Renewable(token)) }
}

impl Opened {
    /// What has to be spent, and until when it has to be remembered (Unix milliseconds).
    #[must_use]
    pub fn to_spend(&self) -> (&[u8; 16], i64) {
        (&self.0.id, self.0.expires_millis)
    }

    /// Becomes redeemed when the spend was the first, or the same asker's.
    ///
    /// # Errors
    /// [`Refused::Spent`] when it was not.
    pub fn spent(self, first: bool) -> Result<Redeemed, Refused> {
        if first { Ok(Redeemed(self.0)) } else { Err(Refused::Spent) }
    }

    /// The token, for the record.
    #[must_use]
    pub fn token(&self) -> &Token {
        &self.0
    }
}

impl Redeemed {
    /// The token.
    #[must_use]
    pub fn token(&self) -> &Token {
        &self.0
    }
}

impl Renewable {
    /// The spent token's id.
    #[must_use]
    pub fn token_id(&self) -> &[u8; 16] {
        &self.0.id
    }

    /// What has to be spent for giving it again, and until when that has to be remembered (Unix milliseconds).
    #[must_use]
    pub fn to_spend(&self) -> ([u8; 16], i64) {
        let hash = digest(&[0; 32], "spigot token renewal 1", &[&self.0.id]);
        (hash[..16].try_into().expect("16 of 32 bytes"), self.0.expires_millis)
    }

    /// Leave to give it again: it was spent, and it was not given again before.
    #[must_use]
    pub fn granted(self, token_was_spent: bool, first: bool) -> Option<Renewed> {
        (token_was_spent && first).then_some(Renewed(self.0))
    }
}

fn errand<'a>(binding: &Binding<'a>) -> Errand<'a> {
    // Without an errand it is a token for no site, which no secret opens.
    binding.errand.unwrap_or(Errand { site: "", action: "", data: "", press: false })
}

/// Site, host, errand and browser. Whether a button was pressed does not matter: it was.
fn class(binding: &Binding<'_>) -> [u8; 16] {
    let errand = Errand { press: false, ..errand(binding) };
    let binding = Binding { errand: Some(errand), ..*binding };
    let hash = digest(&[0; 32], "spigot token class 1", &binding.context());
    hash[..16].try_into().expect("16 of 32 bytes")
}

fn read(keys: &Keyring, text: &str) -> Result<Token, Refused> {
    let plain = SEAL.open(keys, text).ok_or(Refused::NotOurs)?;
    parse(&plain).ok_or(Refused::NotOurs)
}

fn parse(plain: &[u8]) -> Option<Token> {
    let mut fields = Reader(plain);
    let [version] = fields.bytes()?;
    if version != VERSION {
        return None;
    }
    let id = fields.bytes()?;
    let [level, risk, renewals] = fields.bytes()?;
    let issued_millis = i64::from_le_bytes(fields.bytes()?);
    let expires_millis = i64::from_le_bytes(fields.bytes()?);
    let client = IpAddr::from(fields.bytes::<16>()?).to_canonical();
    let class = fields.bytes()?;
    let mut text = || fields.text().map(str::to_owned);
    let (site, host, action, data, account) = (text()?, text()?, text()?, text()?, text()?);
    let token = Token {
        id,
        site,
        host,
        action,
        data,
        account,
        level,
        risk,
        issued_millis,
        expires_millis,
        client,
        renewals,
        class,
    };
    fields.is_empty().then_some(token)
}

fn in_time(token: &Token, not_before_millis: i64, now_millis: i64) -> Result<(), Refused> {
    if now_millis >= token.expires_millis {
        return Err(Refused::Expired);
    }
    // A minute of grace for a clock that was set back.
    if token.issued_millis < not_before_millis || token.issued_millis > now_millis.saturating_add(60_000) {
        return Err(Refused::Stale);
    }
    Ok(())
}

fn is_client(token: &Token, visitor: Visitor, strictness: Strictness) -> Result<(), Refused> {
    let fits = match (strictness, visitor) {
        (Strictness::Off, _) | (Strictness::Loose, Visitor::Unnamed | Visitor::Unreadable) => true,
        (Strictness::Strict, Visitor::Unnamed) => return Err(Refused::ClientMissing),
        (Strictness::Strict, Visitor::Unreadable) => false,
        (Strictness::Loose, Visitor::At(address)) => {
            let address = address.to_canonical();
            let place = Network::of(token.client).place_of(Network::of(address));
            place != Place::OtherNetwork || (is_local(address) && !is_local(token.client))
        }
        (Strictness::Strict, Visitor::At(address)) => line(token.client) == line(address),
    };
    if fits { Ok(()) } else { Err(Refused::OtherClient) }
}

/// An address that means nothing on the Internet: an application behind a proxy names its proxy's.
fn is_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_unspecified(),
        IpAddr::V6(v6) => {
            v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_unspecified()
        }
    }
}

/// What one line gets: an IPv4 address, or the /64 of an IPv6 address.
fn line(address: IpAddr) -> (bool, u64) {
    match address.to_canonical() {
        IpAddr::V4(v4) => (false, u64::from(v4.to_bits())),
        IpAddr::V6(v6) => (true, (v6.to_bits() >> 64) as u64),
    }
}

fn address_bytes(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => v6.octets(),
    }
}
