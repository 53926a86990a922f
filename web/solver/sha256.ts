// SHA-256 (FIPS 180-4) and the second challenge kind, `sha256`: find a nonce such that
// SHA-256(challenge bytes ‖ MAC ‖ nonce as 8 bytes, little-endian) begins with at least `bits` zero bits.
//
// By hand and synchronous: WebCrypto is asynchronous, slower by an order for short messages, and missing on plain http.

const K = Int32Array.of(
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
);
const INITIAL = Int32Array.of(
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
);
const BLOCK = 64;
const NONCE_BYTES = 8;

const w = new Int32Array(64);

/** `h` after one more block, which is sixteen big-endian words of `m` from `at` on. */
function compress(h: Int32Array, m: Int32Array, at: number): void {
  for (let t = 0; t < 16; t++) w[t] = m[at + t];
  for (let t = 16; t < 64; t++) {
    const p = w[t - 15], q = w[t - 2];
    const s0 = ((p >>> 7) | (p << 25)) ^ ((p >>> 18) | (p << 14)) ^ (p >>> 3);
    const s1 = ((q >>> 17) | (q << 15)) ^ ((q >>> 19) | (q << 13)) ^ (q >>> 10);
    w[t] = (w[t - 16] + s0 + w[t - 7] + s1) | 0;
  }
  let a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], i = h[7];
  for (let t = 0; t < 64; t++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (i + s1 + (g ^ (e & (f ^ g))) + K[t] + w[t]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) | (c & (a | b)))) | 0;
    i = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  h[0] += a;
  h[1] += b;
  h[2] += c;
  h[3] += d;
  h[4] += e;
  h[5] += f;
  h[6] += g;
  h[7] += i;
}

/** `bytes` and FIPS 180-4's padding, as big-endian words; `total` is the whole message's length in bytes. */
function padded(bytes: Uint8Array, total: number): Int32Array {
  const blocks = Math.ceil((bytes.length + 9) / BLOCK);
  const m = new Int32Array(blocks * 16);
  bytes.forEach((byte, at) => setByte(m, at, byte));
  setByte(m, bytes.length, 0x80);
  m[m.length - 2] = Math.floor(total / 0x20000000);
  m[m.length - 1] = total << 3;
  return m;
}

/** Writes one byte of a big-endian word array, whatever was there. */
function setByte(m: Int32Array, at: number, byte: number): void {
  const shift = 24 - 8 * (at & 3);
  m[at >> 2] = (m[at >> 2] & ~(0xff << shift)) | (byte << shift);
}

/** SHA-256 of `bytes`. */
export function sha256(bytes: Uint8Array): Uint8Array {
  const h = INITIAL.slice();
  const m = padded(bytes, bytes.length);
  for (let at = 0; at < m.length; at += 16) compress(h, m, at);
  const digest = new DataView(new ArrayBuffer(32));
  h.forEach((word, n) => digest.setInt32(4 * n, word));
  return new Uint8Array(digest.buffer);
}

/** A search for a nonce, in slices and divisible: workers take different ranges. */
export interface Sha256Solver {
  /** Tries the nonces `first` up to `first + count` (all below 2^53) for `bits` leading zero bits, 0 to 256; the
   * first that has them, or nothing. Any passing nonce will do, not only the smallest. */
  search(bits: number, first: number, count: number): number | undefined;
}

/** Prepares the search over one challenge: its bytes followed by its MAC. All full blocks are hashed once, here. */
export function createSha256Solver(challengeAndMac: Uint8Array): Sha256Solver {
  const whole = challengeAndMac.length - (challengeAndMac.length % BLOCK);
  const rest = challengeAndMac.subarray(whole);
  const tail = new Uint8Array(rest.length + NONCE_BYTES);
  tail.set(rest);
  const m = padded(tail, challengeAndMac.length + NONCE_BYTES);
  const prefix = INITIAL.slice();
  const full = padded(challengeAndMac.subarray(0, whole), whole);
  for (let at = 0; at < whole / 4; at += 16) compress(prefix, full, at);

  const h = new Int32Array(8);
  return {
    search(bits, first, count) {
      for (let nonce = first; nonce < first + count; nonce++) {
        for (let n = 0; n < NONCE_BYTES; n++) setByte(m, rest.length + n, nonceByte(nonce, n));
        h.set(prefix);
        for (let at = 0; at < m.length; at += 16) compress(h, m, at);
        if (leadingZeros(h) >= bits) return nonce;
      }
      return undefined;
    },
  };
}

function leadingZeros(h: Int32Array): number {
  let zeros = 0;
  for (const word of h) {
    zeros += Math.clz32(word);
    if (word !== 0) break;
  }
  return zeros;
}

/** The nonce as it is submitted and hashed: 8 bytes, little-endian. */
export function nonceBytes(nonce: number): Uint8Array {
  return Uint8Array.from({ length: NONCE_BYTES }, (_, n) => nonceByte(nonce, n));
}

/** Byte `n` of a nonce below 2^53, whose upper half integer operators do not see. */
function nonceByte(nonce: number, n: number): number {
  return ((n < 4 ? nonce : nonce / 0x100000000) >>> (8 * (n & 3))) & 0xff;
}
