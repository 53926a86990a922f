//! A TLS ClientHello as it came (RFC 8446, section 4.1.2; the same in TLS 1.2). rustls reads it as well, but does not
//! tell of extensions that it does not know.

use arrayvec::ArrayVec;

/// Real clients list up to a hundred ciphers and thirty extensions; who lists more than this has no fingerprint.
pub(super) const NUMBERS_MAX: usize = 256;

type Numbers = ArrayVec<u16, NUMBERS_MAX>;

/// What a fingerprint needs, without GREASE (RFC 8701).
pub(super) struct ClientHello<'a> {
    /// The highest version that is offered.
    pub(super) version: u16,
    pub(super) names_server: bool,
    pub(super) ciphers: Numbers,
    pub(super) extensions: Numbers,
    pub(super) signatures: Numbers,
    /// The first protocol of ALPN.
    pub(super) alpn: Option<&'a [u8]>,
    /// Reserved values were among the ciphers.
    pub(super) grease: bool,
}

impl<'a> ClientHello<'a> {
    /// Reads a handshake message, its four-byte head included. `None` when it is none.
    pub(super) fn read(message: &'a [u8]) -> Option<Self> {
        let mut message = Reader(message);
        if message.byte()? != 1 {
            return None;
        }
        let mut hello = message.framed(3)?;
        let version = hello.number()?;
        hello.take(32)?;
        hello.framed(1)?;
        let ciphers = hello.framed(2)?;
        let grease = ciphers.0.chunks_exact(2).any(|pair| is_grease(u16::from_be_bytes([pair[0], pair[1]])));
        let mut found = Self {
            version,
            names_server: false,
            ciphers: numbers(ciphers)?,
            extensions: Numbers::new(),
            signatures: Numbers::new(),
            alpn: None,
            grease,
        };
        hello.framed(1)?;
        // SSL 3 and the oldest TLS clients have none.
        let Some(mut extensions) = hello.framed(2) else { return Some(found) };
        while !extensions.0.is_empty() {
            let id = extensions.number()?;
            let content = extensions.framed(2)?;
            if !is_grease(id) {
                found.extensions.try_push(id).ok()?;
                found.extension(id, content)?;
            }
        }
        Some(found)
    }

    fn extension(&mut self, id: u16, mut content: Reader<'a>) -> Option<()> {
        match id {
            0x0000 => self.names_server = true,
            0x000d => self.signatures = numbers(content.framed(2)?)?,
            0x0010 => self.alpn = Some(content.framed(2)?.framed(1)?.0),
            0x002b => {
                let offered = numbers(content.framed(1)?)?;
                self.version = offered.into_iter().max().unwrap_or(self.version);
            }
            _ => {}
        }
        Some(())
    }
}

fn numbers(mut list: Reader<'_>) -> Option<Numbers> {
    let mut numbers = Numbers::new();
    while !list.0.is_empty() {
        let number = list.number()?;
        if !is_grease(number) {
            numbers.try_push(number).ok()?;
        }
    }
    Some(numbers)
}

/// 0x0a0a, 0x1a1a and so on: reserved, so that nobody relies on a list that has no unknown entries.
fn is_grease(number: u16) -> bool {
    let [high, low] = number.to_be_bytes();
    high == low && low & 15 == 10
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|byte| byte[0])
    }

    fn number(&mut self) -> Option<u16> {
        self.take(2).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    /// A part with its length, of so many bytes, before it.
    fn framed(&mut self, bytes: usize) -> Option<Self> {
        let length = self.take(bytes)?.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
        self.take(length).map(Self)
    }
}
