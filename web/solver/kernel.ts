/** The puzzle's two primitives. Words are 32 bits; an array of them may be signed or unsigned inside a kernel, but
 * what crosses this interface is unsigned. */
export interface Kernel {
  /** What runs it: WebAssembly, or JavaScript by hand. */
  readonly kind: "wasm" | "js";
  /** Writes the eight words of leaf `i` of `key` (eight words) in domain `dom` to `out`. */
  leaf(key: Uint32Array, i: number, dom: number, out: Uint32Array): void;
  /** Writes the eight words of `B(message, tag)`, one BLAKE2s compression of sixteen words, to `out`. */
  block(message: Uint32Array, tag: number, out: Uint32Array): void;
}
