//! Spellings that a database may take for one another.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// An account's name as attempts on it are counted: what databases and identity providers may take for one name is one.
/// Compatibility forms (full width, ligatures), case, accents of the Latin, Greek and Cyrillic scripts, and characters that
/// nobody sees make no difference. Too much is folded rather than too little: two accounts that share a count are slowed
/// together while somebody guesses at one of them; one account with a hundred counts is guessed at a hundred times as often.
///
/// Not for who is known: there the spelling has to be the same, or whoever owns `àda` would be known for `ada`.
pub(super) fn counted(name: &str) -> Cow<'_, str> {
    if name.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        return name.into();
    }
    let folded = name.nfkd().filter(|letter| !is_unseen(*letter) && !is_accent(*letter));
    // Down, up and down again, each letter by itself: one spelling of sharp and final s, and of letters without a dot.
    let folded = folded.flat_map(char::to_lowercase).flat_map(char::to_uppercase);
    let folded = folded.flat_map(char::to_lowercase).map(without_stroke);
    folded.nfkc().collect::<String>().into()
}

/// Default-ignorable code points, as far as they are no marks (Unicode 16, DerivedCoreProperties).
fn is_unseen(letter: char) -> bool {
    matches!(letter,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
        || letter.is_control()
}

/// Combining marks of scripts in which a name without them is the same name. In Devanagari or Thai it would be another.
fn is_accent(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}')
}

/// Letters whose accent is no mark of its own.
fn without_stroke(letter: char) -> char {
    match letter {
        'ø' => 'o',
        'ł' => 'l',
        'đ' => 'd',
        'ħ' => 'h',
        'ŧ' => 't',
        'ı' => 'i',
        _ => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_in_many_spellings_is_one() {
        let check = |name: &str, expected: &str| assert_eq!(counted(name), expected, "{name:?}");
        check("admin@example.org", "admin@example.org");
        for spelling in [
            "Admin",
            "àdmin",
            "ａｄｍｉｎ",
            "a\u{300}dmin",
            "ad\u{200b}min",
            "ⓐdmin",
            "admın",
            "ADMİN",
            "aḋmin",
        ] {
            check(spelling, "admin");
        }
        check("straße", "strasse");
        check("STRASSE", "strasse");
        check("ﬁona", "fiona");
        check("søren", "soren");
        check("łukasz", "lukasz");
        check("ΟΔΥΣΣΕΥΣ", "οδυσσευσ");
        check("οδυσσεύς", "οδυσσευσ");
        check("Ёжик", "ежик");
        check("", "");
        check("\u{200b}", "");
    }

    #[test]
    fn other_names_stay_apart() {
        let check = |a: &str, b: &str| assert_ne!(counted(a), counted(b), "{a} {b}");
        check("राम", "रमा");
        check("น้ำ", "นา");
        check("ада", "ada");
        check("ada1", "ada2");
        check("か", "が");
        check("א", "ב");
    }

    #[test]
    fn folding_twice_changes_nothing() {
        // Beyond lie ideographs, which have no case, and what is unseen.
        let every = (0..0x1_fc00).filter_map(char::from_u32);
        let left: Vec<char> = every
            .filter(|letter| {
                let once = counted(letter.encode_utf8(&mut [0; 4])).into_owned();
                counted(&once) != once
            })
            .collect();
        assert_eq!(left, []);
    }
}
