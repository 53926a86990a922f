//! The puzzle's two primitives for the browser: one leaf, and one BLAKE2s block. Everything else (tree, grinding,
//! proof) is little work and is shared TypeScript over these two; see `cachewalk.ts`.
//!
//! Calls are short on purpose, one leaf each: an engine replaces a function's baseline code between calls.
//!
//! `unsafe` is here for exactly two things. Exporting a symbol under a fixed name is an unsafe attribute, because two
//! of one name would clash; there is one crate. And the page reads and writes two buffers and the table through the
//! instance's memory, so they are statics that change; each access below says why it is alone.

#![no_std]

use spigot_cachewalk::blake2s;
use spigot_cachewalk::leaf::{self, Table};

static mut TABLE: Table = Table::new();
static mut INPUT: [u32; 16] = [0; 16];
static mut OUTPUT: [u32; 8] = [0; 8];

/// Address of the sixteen input words: a block's message, or a leaf's key in the first eight.
#[unsafe(no_mangle)]
pub extern "C" fn input() -> *mut u32 {
    (&raw mut INPUT).cast()
}

/// Address of the eight output words.
#[unsafe(no_mangle)]
pub extern "C" fn output() -> *mut u32 {
    (&raw mut OUTPUT).cast()
}

/// Writes leaf `i` of the key in the input, in the domain `dom`, to the output.
#[unsafe(no_mangle)]
pub extern "C" fn leaf(i: u32, dom: u32) {
    // SAFETY: an instance has one thread and no export calls another or the page, so nothing else holds these.
    let (table, input) = unsafe { (&mut *(&raw mut TABLE), *(&raw const INPUT)) };
    let [a, b, c, d, e, f, g, h, ..] = input;
    let leaf = leaf::leaf(table, &[a, b, c, d, e, f, g, h], i, dom);
    // SAFETY: as above.
    unsafe { *(&raw mut OUTPUT) = leaf };
}

/// Writes `B(input, tag)` to the output.
#[unsafe(no_mangle)]
pub extern "C" fn block(tag: u32) {
    // SAFETY: as in `leaf`.
    unsafe { *(&raw mut OUTPUT) = blake2s::block(&*(&raw const INPUT), tag) };
}

/// Nothing here can panic once optimised; a trap tells the page so if that ever changes.
#[cfg(target_family = "wasm")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
