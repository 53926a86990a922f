//! BLAKE2s as RFC 7693 defines it: the compression function, the single-block form `B(m, tag)` that the puzzle is
//! built from, and the ordinary 256-bit hash that turns a challenge into a key.
//!
//! The rounds are a rolled loop on purpose: a leaf spends one hundredth of its time here, and the browser downloads
//! this code.

/// RFC 7693, section 2.6.
const IV: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// First word of the parameter block (section 2.5): depth 1, fan-out 1, no key, 32 bytes of output.
const PARAMETERS: u32 = 0x0101_0020;

/// RFC 7693, section 2.7: which message word each of a round's sixteen slots takes.
const SIGMA: [[u8; 16]; 10] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
    [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
    [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
    [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
    [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
    [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
    [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
    [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
    [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
];

/// `B(m, tag)`: one compression of `m` as the only and final block, unkeyed, with the byte counter set to `tag`.
///
/// The counter is free because the input always has sixteen words; it keeps the puzzle's uses of BLAKE2s apart.
#[must_use]
pub fn block(m: &[u32; 16], tag: u32) -> [u32; 8] {
    let mut h = start();
    compress(&mut h, m, u64::from(tag), true);
    h
}

/// BLAKE2s-256 of `bytes`, unkeyed, as eight words in digest order (word 0 is the digest's bytes 0–3, little-endian).
#[must_use]
pub fn blake2s_256_words(bytes: &[u8]) -> [u32; 8] {
    let mut h = start();
    let mut rest = bytes;
    let mut counted = 0u64;
    while let Some((chunk, after)) = rest.split_first_chunk::<64>() {
        // The last block carries the final flag, so a full block is only consumed here when another follows.
        if after.is_empty() {
            break;
        }
        counted += 64;
        compress(&mut h, &words(chunk), counted, false);
        rest = after;
    }
    let mut last = [0u8; 64];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    compress(&mut h, &words(&last), counted + rest.len() as u64, true);
    h
}

/// BLAKE2s-256 of `bytes`, unkeyed.
#[must_use]
pub fn blake2s_256(bytes: &[u8]) -> [u8; 32] {
    let mut digest = [0u8; 32];
    for (to, word) in digest.chunks_exact_mut(4).zip(blake2s_256_words(bytes)) {
        to.copy_from_slice(&word.to_le_bytes());
    }
    digest
}

fn start() -> [u32; 8] {
    let mut h = IV;
    h[0] ^= PARAMETERS;
    h
}

fn words(bytes: &[u8; 64]) -> [u32; 16] {
    let mut m = [0u32; 16];
    for (to, four) in m.iter_mut().zip(bytes.as_chunks::<4>().0) {
        *to = u32::from_le_bytes(*four);
    }
    m
}

/// `F` of RFC 7693, section 3.2.
fn compress(h: &mut [u32; 8], m: &[u32; 16], counter: u64, last: bool) {
    let mut v = [0u32; 16];
    v[..8].copy_from_slice(h);
    v[8..].copy_from_slice(&IV);
    v[12] ^= counter as u32;
    v[13] ^= (counter >> 32) as u32;
    if last {
        v[14] = !v[14];
    }
    for s in &SIGMA {
        let word = |slot: usize| m[usize::from(s[slot] & 15)];
        mix(&mut v, [0, 4, 8, 12], word(0), word(1));
        mix(&mut v, [1, 5, 9, 13], word(2), word(3));
        mix(&mut v, [2, 6, 10, 14], word(4), word(5));
        mix(&mut v, [3, 7, 11, 15], word(6), word(7));
        mix(&mut v, [0, 5, 10, 15], word(8), word(9));
        mix(&mut v, [1, 6, 11, 12], word(10), word(11));
        mix(&mut v, [2, 7, 8, 13], word(12), word(13));
        mix(&mut v, [3, 4, 9, 14], word(14), word(15));
    }
    for lane in 0..8 {
        h[lane] ^= v[lane] ^ v[lane + 8];
    }
}

/// `G` of RFC 7693, section 3.1.
#[inline(always)]
fn mix(v: &mut [u32; 16], [a, b, c, d]: [usize; 4], x: u32, y: u32) {
    v[a] = v[a].wrapping_add(v[b]).wrapping_add(x);
    v[d] = (v[d] ^ v[a]).rotate_right(16);
    v[c] = v[c].wrapping_add(v[d]);
    v[b] = (v[b] ^ v[c]).rotate_right(12);
    v[a] = v[a].wrapping_add(v[b]).wrapping_add(y);
    v[d] = (v[d] ^ v[a]).rotate_right(8);
    v[c] = v[c].wrapping_add(v[d]);
    v[b] = (v[b] ^ v[c]).rotate_right(7);
}
