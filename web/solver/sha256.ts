// SHA-256 (FIPS 180-4) and the second challenge kind, `sha256`: find a nonce such that
// SHA-256(challenge bytes ‖ MAC ‖ nonce as 8 bytes, little-endian) begins with at least `bits` zero bits.
//
// By hand and synchronous: WebCrypto is asynchronous, slower by an order for short messages, and missing on plain http.

// The first 32 bits behind the point of the cube roots of the first 64 primes, and of the square roots of the first eight
// (FIPS 180-4, 4.2.2 and 5.3.3). Written out they would weigh more than any other function: digits do not compress. Of a
// double's 53 bits 35 are asked for, so that no browser's `Math` is too coarse; the tests know FIPS' own values.
const PRIMES = Array.from({ length: 312 }, (_, n) => n).filter((n) => {
  for (let by = 2; by < n; by++) if (n % by === 0) return false;
  return n > 1;
});
const K = Int32Array.from(PRIMES, (prime) => (Math.cbrt(prime) % 1) * 2 ** 32);
const INITIAL = Int32Array.from(PRIMES.slice(0, 8), (prime) => (Math.sqrt(prime) % 1) * 2 ** 32);
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
