// The leaf in JavaScript by hand; the format is stated in the module pages of the Rust crate (crates/cachewalk).
//
// Signed words throughout: an unsigned one above 2^31 would leave an engine's integer range.

import { block } from "./blake2s.js";
import type { Kernel } from "./kernel.js";

const LOG2_WORDS = 14;
const WORDS = 1 << LOG2_WORDS;
const STEPS = 2048;
const LANES = 8;
const SEEDED = 64;
const TAG_HEAD = 64;
const TAG_LEAF = 65;

const C = Int32Array.of(
  0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f, 0x165667b1, 0xd3a2646d, 0xfd7046c5, 0xb55a4f09,
);

/** The table, 64 KiB, shared by all kernels of this thread (a leaf never outlives its call). It stands here rather than
 * in each kernel because an engine takes a module's constant as known and drops checks: an eighth of the time. */
const table = new Int32Array(WORDS);

/** A kernel in plain JavaScript. */
export function createJsKernel(): Kernel {
  const message = new Int32Array(16);
  const h = new Int32Array(LANES);
  const x = new Int32Array(LANES);

  function leaf(key: Uint32Array, i: number, dom: number, out: Uint32Array): void {
    message.fill(0);
    message.set(key);
    message[8] = i;
    message[9] = LOG2_WORDS;
    message[10] = STEPS;
    message[11] = dom;
    block(message, TAG_HEAD, h);
    x.set(h);
    seed(h, x);
    for (let p = 6; p < LOG2_WORDS; p++) walk(x, p, 1 << p, 2 << p);
    walk(x, LOG2_WORDS, 0, WORDS);
    message.set(x);
    for (let l = 0; l < LANES; l++) message[LANES + l] = table[h[l] & (WORDS - 1)];
    block(message, (TAG_LEAF + dom) >>> 0, out);
  }

  return { kind: "js", leaf, block };
}

function seed(h: Int32Array, x: Int32Array): void {
  for (let at = 0; at < SEEDED; at += LANES) {
    for (let l = 0; l < LANES; l++) {
      const sum = x[l] + h[(l + 4) & 7];
      x[l] = Math.imul((sum << 7) | (sum >>> 25), C[l]) ^ x[(l + 1) & 7];
    }
    table.set(x, at);
  }
}

/** Walk steps over the first `2^p` words, writing the words `from` up to `to`. The lanes are variables, not an array,
 * so that they stay in registers. */
function walk(x: Int32Array, p: number, from: number, to: number): void {
  const s = table;
  const shift = 32 - p;
  const mask = (1 << p) - 1;
  let a = x[0], b = x[1], c = x[2], d = x[3], e = x[4], f = x[5], g = x[6], h = x[7];
  for (let at = from; at < to; at += LANES) {
    const old = a;
    a = (Math.imul(a ^ s[a >>> shift], s[(a >>> 5) & mask] | 1) + ((b << 9) | (b >>> 23))) | 0;
    b = (Math.imul(b ^ s[b >>> shift], s[(b >>> 5) & mask] | 1) + ((c << 9) | (c >>> 23))) | 0;
    c = (Math.imul(c ^ s[c >>> shift], s[(c >>> 5) & mask] | 1) + ((d << 9) | (d >>> 23))) | 0;
    d = (Math.imul(d ^ s[d >>> shift], s[(d >>> 5) & mask] | 1) + ((e << 9) | (e >>> 23))) | 0;
    e = (Math.imul(e ^ s[e >>> shift], s[(e >>> 5) & mask] | 1) + ((f << 9) | (f >>> 23))) | 0;
    f = (Math.imul(f ^ s[f >>> shift], s[(f >>> 5) & mask] | 1) + ((g << 9) | (g >>> 23))) | 0;
    g = (Math.imul(g ^ s[g >>> shift], s[(g >>> 5) & mask] | 1) + ((h << 9) | (h >>> 23))) | 0;
    h = (Math.imul(h ^ s[h >>> shift], s[(h >>> 5) & mask] | 1) + ((old << 9) | (old >>> 23))) | 0;
    s[at] = a;
    s[at + 1] = b;
    s[at + 2] = c;
    s[at + 3] = d;
    s[at + 4] = e;
    s[at + 5] = f;
    s[at + 6] = g;
    s[at + 7] = h;
  }
  x[0] = a;
  x[1] = b;
  x[2] = c;
  x[3] = d;
  x[4] = e;
  x[5] = f;
  x[6] = g;
  x[7] = h;
}
