//! As much of HPACK (RFC 7541) as the order of the first request's pseudo-fields needs. They come first, and when the
//! connection begins the dynamic table is empty, so that every index below 62 is the static table's.

/// More than the four of a request and the `:protocol` of RFC 8441.
const FIELDS_MAX: usize = 8;

/// The pseudo-fields of a header block in their order, by first letter: `m` method, `a` authority, `s` scheme, `p`
/// path. `?` is a name that is not told in a way that clients use. Stops at the first ordinary field, or where the
/// block breaks off.
pub(super) fn pseudo_fields(block: &[u8]) -> String {
    let mut letters = String::new();
    let mut rest = block;
    while letters.len() < 2 * FIELDS_MAX - 1 {
        match field(&mut rest) {
            Some(Field::Pseudo(letter)) => {
                if !letters.is_empty() {
                    letters.push(',');
                }
                letters.push(letter);
            }
            Some(Field::TableSize) => {}
            Some(Field::Other) | None => break,
        }
    }
    letters
}

enum Field {
    Pseudo(char),
    Other,
    TableSize,
}

fn field(rest: &mut &[u8]) -> Option<Field> {
    let first = *rest.first()?;
    let (prefix, literal) = match first {
        0x80.. => (7, false),
        0x40..0x80 => (6, true),
        0x20..0x40 => {
            integer(rest, 5)?;
            return Some(Field::TableSize);
        }
        _ => (4, true),
    };
    let index = integer(rest, prefix)?;
    let field = match index {
        0 => named(rest)?,
        1 => Field::Pseudo('a'),
        2 | 3 => Field::Pseudo('m'),
        4 | 5 => Field::Pseudo('p'),
        6 | 7 => Field::Pseudo('s'),
        _ => Field::Other,
    };
    if literal {
        string(rest)?;
    }
    Some(field)
}

/// The code of a colon, with which a pseudo-field begins, is the first seven bits (RFC 7541, appendix B).
const HUFFMAN_COLON: u8 = 0x5c;

/// A field whose name is spelt out. A Huffman-coded pseudo-name is nothing that a client sends; other names are often
/// coded so.
fn named(rest: &mut &[u8]) -> Option<Field> {
    let huffman = rest.first()? & 0x80 != 0;
    let name = string(rest)?;
    Some(match name {
        b":method" => Field::Pseudo('m'),
        b":authority" => Field::Pseudo('a'),
        b":scheme" => Field::Pseudo('s'),
        b":path" => Field::Pseudo('p'),
        [first, ..] if huffman && first >> 1 == HUFFMAN_COLON => Field::Pseudo('?'),
        [b':', ..] if !huffman => Field::Pseudo('?'),
        _ => Field::Other,
    })
}

/// Section 5.1. Nothing here is longer than a few thousand bytes: larger numbers end the look.
fn integer(rest: &mut &[u8], prefix: u32) -> Option<usize> {
    let (first, mut bytes) = rest.split_first()?;
    let most = (1usize << prefix) - 1;
    let mut value = usize::from(*first) & most;
    if value == most {
        let mut shift = 0;
        loop {
            let (byte, more) = bytes.split_first()?;
            bytes = more;
            value += (usize::from(*byte) & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
            if shift > 14 {
                return None;
            }
        }
    }
    *rest = bytes;
    Some(value)
}

/// Section 5.2, not decoded.
fn string<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = integer(rest, 7)?;
    let (string, more) = rest.split_at_checked(length)?;
    *rest = more;
    Some(string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order() {
        let check = |block: &[u8], expected: &str| assert_eq!(pseudo_fields(block), expected, "{block:x?}");
        // RFC 7541, C.4.1: method, scheme, path indexed, authority as a literal.
        check(b"\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff", "m,s,p,a");
        check(b"\x3f\xe1\x1f\x82\x41\x01a\x87\x04\x02/x\x7a\x01x\x82", "m,a,s,p");
        check(b"\x00\x07:method\x03GET\x00\x05:path\x01/\x00\x01x\x01y\x86", "m,p");
        check(b"\x00\x83\xb8\xff\xff\x01x\x00\x02:x\x01x", "?,?");
        // sec-ch-ua, coded: an ordinary field.
        check(b"\x82\x40\x88\x41\x42\x43\x44\x45\x46\x47\x48\x01x\x84", "m");
        check(b"\x82\x41\x7f\xff\xff\xff\xff\xff", "m");
        check(b"\x82\x41\x05ab", "m");
        check(b"", "");
        check(&[0x82; 100], "m,m,m,m,m,m,m,m");
    }
}
