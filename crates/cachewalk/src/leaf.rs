//! The leaf: a walk in a table that fits a core's cache and nothing smaller.
//!
//! Precisely, with 32-bit words, all arithmetic modulo 2³², `W = 2^14`, eight lanes `x[0..8]` and a table `S[0..W]`:
//!
//! 1. `h = B(key[0..8] ‖ i ‖ 14 ‖ 2048 ‖ dom ‖ 0 0 0 0, 64)`, sixteen words in this order, and `x = h`.
//! 2. For `r = 0 … 7`: for `l = 0 … 7` in this order and in place (lane 7 sees the new lane 0),
//!    `x[l] = (rotl(x[l] + h[(l+4) mod 8], 7) * C[l]) ^ x[(l+1) mod 8]`; then `S[8r+l] = x[l]`.
//! 3. For `p = 6 … 13`: `2^(p-3)` walk steps over the first `2^p` words; step `n` writes `S[2^p + 8n + l] = x[l]`.
//! 4. 2048 walk steps over all `2^14` words; step `n` writes `S[8n + l] = x[l]`, so each word is written once.
//! 5. `leaf = B(x[0..8] ‖ S[h[0] mod W] … S[h[7] mod W], 65 + dom)`, eight words.
//!
//! One walk step over `2^p` words, with `y` the lanes before it: for every lane
//! `x[l] = ((y[l] ^ S[y[l] >> (32-p)]) * (S[(y[l] >> 5) mod 2^p] | 1)) + rotl(y[(l+1) mod 8], 9)`.
//! All sixteen reads come before the eight writes.
//!
//! Every word is written before it is read, so a table may be reused for any number of leaves without clearing.

use crate::blake2s::block;

/// Base-two logarithm of the table's size in words.
pub const LOG2_WORDS: u32 = 14;
/// The table's size in 32-bit words; 64 KiB.
pub const WORDS: usize = 1 << LOG2_WORDS;
/// Walk steps over the whole table.
pub const STEPS: usize = 2048;

const LANES: usize = 8;
/// Words that step 2 seeds.
const SEEDED: usize = 64;
const TAG_HEAD: u32 = 64;
const TAG_LEAF: u32 = 65;

/// Odd, so that a multiplication by one of them loses nothing.
const C: [u32; LANES] =
    [0x9e37_79b1, 0x85eb_ca77, 0xc2b2_ae3d, 0x27d4_eb2f, 0x1656_67b1, 0xd3a2_646d, 0xfd70_46c5, 0xb55a_4f09];

/// Working memory for one leaf at a time, 64 KiB; keep one per thread and reuse it.
#[repr(align(64))]
pub struct Table {
    words: [u32; WORDS],
}

impl Table {
    /// A table by value, for a `static` or for memory of the caller's own.
    #[must_use]
    pub const fn new() -> Self {
        Table { words: [0; WORDS] }
    }

    /// A table on the heap.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn boxed() -> alloc::boxed::Box<Self> {
        alloc::boxed::Box::new(Table::new())
    }
}

impl Default for Table {
    fn default() -> Self {
        Table::new()
    }
}

/// What computes leaves. The commitment, the grinding and the openings are the same over any: the walk below, or the
/// gentler leaf that a server may set for browsers without a compiler.
pub trait Leaf {
    /// The leaf number `i` of `key`, in the domain `dom`.
    #[must_use]
    fn leaf(&mut self, key: &[u32; 8], i: u32, dom: u32) -> [u32; 8];
}

impl Leaf for Table {
    fn leaf(&mut self, key: &[u32; 8], i: u32, dom: u32) -> [u32; 8] {
        leaf(self, key, i, dom)
    }
}

#[cfg(feature = "alloc")]
impl<L: Leaf> Leaf for alloc::boxed::Box<L> {
    fn leaf(&mut self, key: &[u32; 8], i: u32, dom: u32) -> [u32; 8] {
        (**self).leaf(key, i, dom)
    }
}

/// Computes the leaf number `i` of `key`, in the domain `dom`: 0 for the leaves that are committed to, 1 for grinding.
#[must_use]
pub fn leaf(table: &mut Table, key: &[u32; 8], i: u32, dom: u32) -> [u32; 8] {
    let s = &mut table.words;
    let mut head = [0u32; 16];
    head[..8].copy_from_slice(key);
    head[8] = i;
    head[9] = LOG2_WORDS;
    head[10] = STEPS as u32;
    head[11] = dom;
    let h = block(&head, TAG_HEAD);

    let mut x = seed(s, &h);
    // One instance per size: with the shift known, the compiler sees every index in bounds and checks none.
    x = double::<6>(s, x);
    x = double::<7>(s, x);
    x = double::<8>(s, x);
    x = double::<9>(s, x);
    x = double::<10>(s, x);
    x = double::<11>(s, x);
    x = double::<12>(s, x);
    x = double::<13>(s, x);
    x = walk::<LOG2_WORDS>(s, x, 0, STEPS);

    let mut tail = [0u32; 16];
    tail[..8].copy_from_slice(&x);
    for l in 0..LANES {
        tail[8 + l] = s[h[l] as usize % WORDS];
    }
    block(&tail, TAG_LEAF.wrapping_add(dom))
}

fn seed(s: &mut [u32; WORDS], h: &[u32; LANES]) -> [u32; LANES] {
    let mut x = *h;
    for at in (0..SEEDED).step_by(LANES) {
        for l in 0..LANES {
            let mixed = x[l].wrapping_add(h[(l + 4) % LANES]).rotate_left(7).wrapping_mul(C[l]);
            x[l] = mixed ^ x[(l + 1) % LANES];
        }
        s[at..at + LANES].copy_from_slice(&x);
    }
    x
}

/// Doubles the filled part of the table from `2^P` words.
fn double<const P: u32>(s: &mut [u32; WORDS], x: [u32; LANES]) -> [u32; LANES] {
    walk::<P>(s, x, 1 << P, (1 << P) / LANES)
}

/// `steps` walk steps over the first `2^P` words, writing from word `start` on.
#[inline(always)]
fn walk<const P: u32>(s: &mut [u32; WORDS], mut x: [u32; LANES], start: usize, steps: usize) -> [u32; LANES] {
    for step in 0..steps {
        let y = x;
        for l in 0..LANES {
            let first = s[(y[l] >> (32 - P)) as usize];
            let second = s[(y[l] >> 5) as usize % (1 << P)];
            x[l] = (y[l] ^ first).wrapping_mul(second | 1).wrapping_add(y[(l + 1) % LANES].rotate_left(9));
        }
        // The mask changes nothing (the caller's range ends inside the table); it shows the compiler so.
        let at = (start + step * LANES) & (WORDS - LANES);
        s[at..at + LANES].copy_from_slice(&x);
    }
    x
}
