// The kernel in WebAssembly: `cachewalk.wasm`, built from `src/lib.rs`.

import type { Kernel } from "./kernel.js";

interface Exports {
  readonly memory: WebAssembly.Memory;
  input(): number;
  output(): number;
  leaf(i: number, dom: number): void;
  block(tag: number): void;
}

/** Compiles and instantiates in this thread. Throws where WebAssembly is missing, forbidden by the page's policy, or
 * not compiled synchronously at this size (some engines outside a worker). */
export function createWasmKernel(binary: BufferSource): Kernel {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(binary));
  const exports = instance.exports as unknown as Exports;
  // The memory never grows, so these views stay attached. WebAssembly is little-endian, as is every engine's host.
  const input = new Uint32Array(exports.memory.buffer, exports.input(), 16);
  const output = new Uint32Array(exports.memory.buffer, exports.output(), 8);
  return {
    kind: "wasm",
    leaf(key, i, dom, out) {
      input.set(key);
      exports.leaf(i, dom);
      out.set(output);
    },
    block(message, tag, out) {
      input.set(message);
      exports.block(tag);
      out.set(output);
    },
  };
}
