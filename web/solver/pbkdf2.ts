// The leaf of the kind `pbkdf2`: PBKDF2-HMAC-SHA-256 of 300 iterations by WebCrypto, for browsers that do not compile.
// The password is the key, 32 bytes; the salt is "spigot leaf" ‖ i ‖ dom, words little-endian. Everything around the
// leaf is `cachewalk.ts`.

const ITERATIONS = 300;
const SALT = Uint8Array.from("spigot leaf", (letter) => letter.charCodeAt(0));

/** Computes leaves of one key. */
export interface Pbkdf2Leaves {
  /** Leaves `first`, `first + 1`, … in the domain `dom`: eight words each, one after the other. */
  leaves(first: number, count: number, dom: number): Promise<Uint32Array>;
}

/** How many WebCrypto is asked for at once: enough to keep its own threads busy, few enough to hold in memory. */
const AT_ONCE = 16;

/** Rejects where there is no WebCrypto: on plain http, except on localhost. */
export async function createPbkdf2Leaves(key: Uint32Array): Promise<Pbkdf2Leaves> {
  const password = await crypto.subtle.importKey("raw", littleEndian(key), "PBKDF2", false, ["deriveBits"]);

  async function leaf(i: number, dom: number): Promise<Uint32Array> {
    const salt = new Uint8Array(SALT.length + 8);
    salt.set(SALT);
    salt.set(littleEndian(Uint32Array.of(i, dom)), SALT.length);
    const algorithm = { name: "PBKDF2", hash: "SHA-256", salt, iterations: ITERATIONS };
    const derived = new DataView(await crypto.subtle.deriveBits(algorithm, password, 256));
    return Uint32Array.from({ length: 8 }, (_, n) => derived.getUint32(4 * n, true));
  }

  return {
    async leaves(first, count, dom) {
      const words = new Uint32Array(8 * count);
      for (let done = 0; done < count; done += AT_ONCE) {
        const many = Math.min(AT_ONCE, count - done);
        const leaves = await Promise.all(Array.from({ length: many }, (_, n) => leaf(first + done + n, dom)));
        leaves.forEach((words8, n) => words.set(words8, 8 * (done + n)));
      }
      return words;
    },
  };
}

function littleEndian(words: Uint32Array): Uint8Array<ArrayBuffer> {
  const bytes = new DataView(new ArrayBuffer(4 * words.length));
  words.forEach((word, n) => bytes.setUint32(4 * n, word, true));
  return new Uint8Array(bytes.buffer);
}
