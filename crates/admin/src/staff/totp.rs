//! One-time codes of authenticator apps: TOTP (RFC 6238) with HMAC-SHA-1, six digits and 30 seconds, which is what every
//! app takes.

use ring::hmac;
use spigot_decision::Millis;

const STEP_MILLIS: i64 = 30_000;
/// Steps before and after that count too: clocks of phones differ (RFC 6238, section 5.2).
const SKEW: i64 = 1;
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The step of a code, when it is one of `secret` around `now` and of a later step than `last`: each counts once.
pub(crate) fn accepted(secret: &[u8], code: &str, last: i64, now: Millis) -> Option<i64> {
    let step = now.0.div_euclid(STEP_MILLIS);
    (step - SKEW..=step + SKEW).find(|step| {
        let right = code_of(secret, *step);
        bool::from(subtle::ConstantTimeEq::ct_eq(right.as_bytes(), code.as_bytes())) && *step > last
    })
}

/// The code of a moment.
#[must_use]
pub fn totp_at(secret: &[u8], now: Millis) -> String {
    code_of(secret, now.0.div_euclid(STEP_MILLIS))
}

/// HOTP (RFC 4226, section 5.3) of a step.
fn code_of(secret: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag[tag.len() - 1] & 0x0f);
    let word = tag[offset..offset + 4].iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte));
    format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
}

/// What an app reads from the picture or takes typed in.
#[must_use]
pub fn otpauth(secret: &[u8], name: &str, host: &str) -> String {
    let secret = base32(secret);
    format!("otpauth://totp/Spigot%20{host}:{name}?secret={secret}&issuer=Spigot%20{host}")
}

/// RFC 4648, section 6, without padding.
#[must_use]
pub fn base32(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(5) {
        let mut padded = [0; 5];
        padded[..chunk.len()].copy_from_slice(chunk);
        let word = padded.iter().fold(0u64, |word, byte| word << 8 | u64::from(*byte));
        for digit in 0..(chunk.len() * 8).div_ceil(5) {
            let index = usize::try_from(word >> (35 - 5 * digit) & 31).unwrap_or(0);
            text.push(char::from(BASE32[index]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, the lines of SHA-1; the last six of its eight digits.
    #[test]
    fn as_the_standard_says() {
        let check = |seconds: i64, code: &str| {
            assert_eq!(totp_at(b"12345678901234567890", Millis(seconds * 1000)), code, "{seconds}");
        };
        check(59, "287082");
        check(1_111_111_109, "081804");
        check(1_111_111_111, "050471");
        check(1_234_567_890, "005924");
        check(2_000_000_000, "279037");
        check(20_000_000_000, "353130");
    }

    #[test]
    fn a_code_counts_once_and_around_its_time() {
        let (secret, now) = (b"12345678901234567890", Millis(1_111_111_109_000));
        let step = now.0 / 30_000;
        let check = |shift: i64, last: i64, is: Option<i64>| {
            let code = totp_at(secret, Millis(now.0 + shift));
            assert_eq!(accepted(secret, &code, last, now), is, "{shift} {last}");
        };
        check(0, 0, Some(step));
        check(30_000, 0, Some(step + 1));
        check(-30_000, 0, Some(step - 1));
        check(60_000, 0, None);
        check(-60_000, 0, None);
        check(0, step, None);
        assert_eq!(accepted(secret, "", 0, now), None);
    }

    #[test]
    fn base32_as_the_standard_says() {
        for (plain, text) in [
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(plain.as_bytes()), text);
        }
    }
}
