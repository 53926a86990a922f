// BLAKE2s (RFC 7693), written for 32-bit integer arithmetic: every value is kept signed, as engines do fastest.

const IV = Int32Array.of(
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
);
/** First word of the parameter block: depth 1, fan-out 1, no key, 32 bytes of output. */
const PARAMETERS = 0x01010020;

/** RFC 7693, section 2.7, one row of sixteen per round. */
const SIGMA = Uint8Array.of(
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
  14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3,
  11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4,
  7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8,
  9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13,
  2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9,
  12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11,
  13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10,
  6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5,
  10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0,
);

type Words = Uint32Array | Int32Array;

const v = new Int32Array(16);

function mix(a: number, b: number, c: number, d: number, x: number, y: number): void {
  let va = v[a], vb = v[b], vc = v[c], vd = v[d];
  va = (va + vb + x) | 0;
  vd ^= va;
  vd = (vd >>> 16) | (vd << 16);
  vc = (vc + vd) | 0;
  vb ^= vc;
  vb = (vb >>> 12) | (vb << 20);
  va = (va + vb + y) | 0;
  vd ^= va;
  vd = (vd >>> 8) | (vd << 24);
  vc = (vc + vd) | 0;
  vb ^= vc;
  vb = (vb >>> 7) | (vb << 25);
  v[a] = va;
  v[b] = vb;
  v[c] = vc;
  v[d] = vd;
}

function compress(h: Int32Array, m: Int32Array, counter: number, last: boolean): void {
  for (let l = 0; l < 8; l++) {
    v[l] = h[l];
    v[l + 8] = IV[l];
  }
  v[12] ^= counter | 0;
  v[13] ^= Math.floor(counter / 0x100000000);
  if (last) v[14] = ~v[14];
  for (let s = 0; s < 160; s += 16) {
    mix(0, 4, 8, 12, m[SIGMA[s]], m[SIGMA[s + 1]]);
    mix(1, 5, 9, 13, m[SIGMA[s + 2]], m[SIGMA[s + 3]]);
    mix(2, 6, 10, 14, m[SIGMA[s + 4]], m[SIGMA[s + 5]]);
    mix(3, 7, 11, 15, m[SIGMA[s + 6]], m[SIGMA[s + 7]]);
    mix(0, 5, 10, 15, m[SIGMA[s + 8]], m[SIGMA[s + 9]]);
    mix(1, 6, 11, 12, m[SIGMA[s + 10]], m[SIGMA[s + 11]]);
    mix(2, 7, 8, 13, m[SIGMA[s + 12]], m[SIGMA[s + 13]]);
    mix(3, 4, 9, 14, m[SIGMA[s + 14]], m[SIGMA[s + 15]]);
  }
  for (let l = 0; l < 8; l++) h[l] ^= v[l] ^ v[l + 8];
}

function start(h: Int32Array): void {
  h.set(IV);
  h[0] ^= PARAMETERS;
}

const blockState = new Int32Array(8);
const blockMessage = new Int32Array(16);

/** `B(message, tag)`: one compression as the only and final block, with the byte counter set to `tag`. */
export function block(message: Words, tag: number, out: Words): void {
  start(blockState);
  blockMessage.set(message);
  compress(blockState, blockMessage, tag, true);
  out.set(blockState);
}

/** BLAKE2s-256 of `bytes`, unkeyed, as eight words in digest order. */
export function blake2sWords(bytes: Uint8Array): Uint32Array {
  const h = new Int32Array(8);
  const m = new Int32Array(16);
  start(h);
  let at = 0;
  // The last block carries the final flag, so a full block is only taken here when another follows.
  for (; bytes.length - at > 64; at += 64) {
    readBlock(bytes, at, m);
    compress(h, m, at + 64, false);
  }
  readBlock(bytes, at, m);
  compress(h, m, bytes.length, true);
  return new Uint32Array(h);
}

/** Sixteen little-endian words from `at` on, zeros past the end. */
function readBlock(bytes: Uint8Array, at: number, m: Int32Array): void {
  m.fill(0);
  const end = Math.min(64, bytes.length - at);
  for (let i = 0; i < end; i++) m[i >> 2] |= bytes[at + i] << (8 * (i & 3));
}
