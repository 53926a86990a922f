//! What looks like a secret in a path: links that reset a password or confirm an address carry one, and who reads it may
//! use it. A segment is either made of words and small numbers, or taken for a token; nothing is guessed in between.

use std::borrow::Cow;

/// What stands in the place of a token.
pub const LEFT_OUT: &str = "\u{2026}";

/// Below this many bytes a segment says too little to be guessed at, and is left.
const TOKEN_BYTES_MIN: usize = 6;
/// No word, and no words with dashes between them, are longer.
const WORD_BYTES_MAX: usize = 20;
const WORDS_BYTES_MAX: usize = 40;
/// Digits of a number, such as an order's, and of all numbers of a segment, such as a date's. A code of six digits is one.
const NUMBER_DIGITS_MAX: usize = 5;
const DIGITS_MAX: usize = 8;
/// Digits behind a word: `oauth2`, `step12`.
const WORD_DIGITS_MAX: usize = 2;
/// Consonants in a row. Words of many languages have up to six; of random letters hardly twenty have no more.
const CONSONANTS_MAX: usize = 6;

/// A path in whose place nobody learns a token: each segment that looks like one becomes an ellipsis.
///
/// A segment of fewer than six bytes stays, and so does one of at most forty whose pieces, between characters that are
/// neither letters nor digits, are all of them
/// - letters in the way of a word: at most twenty, capitals only at the beginning of a word or throughout a short one, at
///   most six consonants in a row, and then two digits at most,
/// - or a number of at most five digits, with at most eight digits in the segment.
#[must_use]
pub fn without_secrets(path: &str) -> Cow<'_, str> {
    if path.split('/').all(is_plain) {
        return Cow::Borrowed(path);
    }
    let kept: Vec<&str> =
        path.split('/').map(|segment| if is_plain(segment) { segment } else { LEFT_OUT }).collect();
    Cow::Owned(kept.join("/"))
}

fn is_plain(segment: &str) -> bool {
    if segment.len() < TOKEN_BYTES_MIN {
        return true;
    }
    let digits = segment.bytes().filter(u8::is_ascii_digit).count();
    segment.len() <= WORDS_BYTES_MAX
        && digits <= DIGITS_MAX
        && pieces(segment).all(|piece| is_word(piece) || is_number(piece))
}

/// What lies between characters that are neither letters nor digits. An escaped byte of a letter beyond ASCII is none.
fn pieces(segment: &str) -> impl Iterator<Item = &str> {
    segment
        .split('%')
        .enumerate()
        .map(|(index, part)| if index == 0 { part } else { part.get(2..).unwrap_or_default() })
        .flat_map(|part| part.split(|c: char| !c.is_alphanumeric()))
        .filter(|piece| !piece.is_empty())
}

fn is_number(piece: &str) -> bool {
    piece.len() <= NUMBER_DIGITS_MAX && piece.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_word(piece: &str) -> bool {
    let letters = piece.trim_end_matches(|c: char| c.is_ascii_digit());
    if letters.is_empty()
        || piece.len() - letters.len() > WORD_DIGITS_MAX
        || letters.len() > WORD_BYTES_MAX
        || !letters.chars().all(char::is_alphabetic)
    {
        return false;
    }
    // `API`, `RSS`; what is longer and all capitals is a code.
    let short = letters.len() <= 4;
    let mut capital_before = false;
    let capitals_fit = letters.chars().all(|c| {
        let fits = !(c.is_uppercase() && capital_before);
        capital_before = c.is_uppercase();
        fits
    });
    (short || capitals_fit) && consonants_in_a_row(letters) <= CONSONANTS_MAX
}

fn consonants_in_a_row(letters: &str) -> usize {
    // Letters beyond ASCII are somebody's vowels.
    let is_consonant = |c: &char| c.is_ascii_alphabetic() && !"aeiouyAEIOUY".contains(*c);
    let mut longest = 0;
    let mut row = 0;
    for c in letters.chars() {
        row = if is_consonant(&c) { row + 1 } else { 0 };
        longest = longest.max(row);
    }
    longest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tokens_go_and_words_stay() {
        let check = |path: &str, expected: &str| assert_eq!(without_secrets(path), expected, "{path}");
        for token in [
            "SECRETTOKEN99",
            "5fe-9d8a7c6b5d4e3f2a1b0c",
            "c9k2vd-0d41d8cd98f00b204e9800998ecf8427e",
            "550e8400-e29b-41d4-a716-446655440000",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
            "482913",
            "1234-5678-9012",
            "V1StGXR8_Z5jdHi6B-myT",
            "qwrtpsdfghjklzxcvbnm",
            "token=9d8a7c6b5d",
            "ABCDEF",
            "ABCDEF-GHIJKL",
            "0x1f2e3d",
        ] {
            check(&format!("/password/reset/{token}"), "/password/reset/\u{2026}");
            check(&format!("/reset/{token}/confirm"), "/reset/\u{2026}/confirm");
        }
        for path in [
            "/",
            "/password/reset",
            "/password/set-password/",
            "/users/forgotten_password.html",
            "/account/resetPassword",
            "/oauth2/login/callback",
            "/verify-email-address/step12",
            "/reset/MQ/set-password/",
            "/api/v2/users/12345",
            "/blog/2026-11-22/release-notes",
            "/wachtwoord-herstellen",
            "/mot-de-passe-oubli%C3%A9",
            "/\u{43f}\u{430}\u{440}\u{43e}\u{43b}\u{44c}",
            "/index.php/login",
            "/Account/LogOn",
            "/FAQ/RSS",
        ] {
            check(path, path);
        }
    }

    proptest! {
        /// 128 bits as people write tokens.
        #[test]
        fn random_tokens_are_left_out(bytes in prop::array::uniform16(any::<u8>())) {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            let path = format!("/r/{hex}");
            prop_assert_eq!(without_secrets(&path), "/r/\u{2026}");
            let letters: String = bytes.iter().chain(&bytes).map(|byte| char::from(b'a' + byte % 26)).collect();
            let path = format!("/r/{letters}");
            prop_assert_eq!(without_secrets(&path), "/r/\u{2026}");
        }

        #[test]
        fn whatever_comes_has_as_many_segments(path in "\\PC{0,80}") {
            let kept = without_secrets(&path);
            prop_assert_eq!(kept.split('/').count(), path.split('/').count());
            let again = without_secrets(&kept).into_owned();
            prop_assert_eq!(&again, &*kept, "once is enough");
        }
    }
}
