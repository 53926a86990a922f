/// The content of an element of DER (X.690) with this tag, and what follows it. Lengths of up to two bytes: what is read
/// here is bounded below that.
pub(crate) fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, bytes) = bytes.split_first()?;
    let (&first, bytes) = bytes.split_first()?;
    let (length, bytes) = match first {
        0..=0x7f => (usize::from(first), bytes),
        0x81 => bytes.split_first().map(|(length, rest)| (usize::from(*length), rest))?,
        0x82 => {
            let (length, rest) = bytes.split_at_checked(2)?;
            (usize::from(length[0]) << 8 | usize::from(length[1]), rest)
        }
        _ => return None,
    };
    (found == tag).then(|| bytes.split_at_checked(length)).flatten()
}
