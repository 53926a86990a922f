// The cachewalk solver: one interface over WebAssembly and JavaScript.
//
// Leaves cost nearly all the time and divide freely: workers call `leaves` for their ranges, the page puts the ranges
// side by side and gives them to `tree`; then anyone calls `grind` in slices, and `assemble`. `solve` does it all in
// one thread, in slices. The format is stated in the module pages of the Rust crate (crates/cachewalk).

import { blake2sWords } from "./blake2s.js";
import { createJsKernel } from "./kernel-js.js";
import { createWasmKernel } from "./kernel-wasm.js";
import type { Kernel } from "./kernel.js";

export type { Kernel } from "./kernel.js";

/** What the challenge asks for. */
export interface Params {
  /** Base-two logarithm of the number of leaves; 4 to 20. */
  readonly log2N: number;
  /** G, the expected number of grinding leaves; 1 to 1,000,000. */
  readonly grind: number;
  /** t, the number of leaves to open; 1 to 16. */
  readonly open: number;
}

/** A `g` that passes, and the leaves it names. */
export interface Ground {
  readonly g: number;
  readonly names: readonly number[];
}

/** How far `solve` is. Leaves are a known amount of work; grinding takes `grind` leaves on average. */
export type Progress =
  | { readonly phase: "leaves"; readonly done: number; readonly total: number }
  | { readonly phase: "grind"; readonly tried: number };

export interface Solver {
  /** What computes the leaves. */
  readonly kind: "wasm" | "js";
  /** Computes `count` leaves from leaf `first` on into `out`, four words each. */
  leaves(keyWords: Uint32Array, first: number, count: number, out: Uint32Array): void;
  /** Builds the tree over all leaves: a heap of four-word nodes, node 1 the root, node `n` above `2n` and `2n + 1`. */
  tree(leaves: Uint32Array): Uint32Array;
  /** Tries `count` values of g from `first` on; the first that passes, or nothing. Try them in order from 0. */
  grind(keyWords: Uint32Array, root: Uint32Array, params: Params, first: number, count: number): Ground | undefined;
  /** The key of the grinding leaves; with `passes`, what a leaf computed elsewhere needs. */
  grindKey(keyWords: Uint32Array, root: Uint32Array, params: Params): Uint32Array;
  /** What a grinding leaf, eight words, names, when it passes. */
  passes(leaf: Uint32Array, g: number, params: Params): Ground | undefined;
}

const NODE = 4;
/** Domains of the committed leaves and of the grinding ones. */
export const DOMAIN_LEAF = 0;
export const DOMAIN_GRIND = 1;
const TAG_PARENT = 32;
const TAG_GRIND_KEY = 52;
const TAG_MORE_NAMES = 53;
const TWO_32 = 0x100000000;

/** The puzzle's key: BLAKE2s-256 of the challenge's bytes followed by its MAC, as eight words. */
export function keyWords(challengeAndMac: Uint8Array): Uint32Array {
  return blake2sWords(challengeAndMac);
}

/** Prefers `wasm` when it is given and allowed; otherwise JavaScript, about half as fast. See `Solver.kind`. */
export function createSolver(options: { readonly wasm?: BufferSource } = {}): Solver {
  return solverOver(kernelFor(options.wasm));
}

function kernelFor(wasm: BufferSource | undefined): Kernel {
  if (wasm === undefined) return createJsKernel();
  try {
    return createWasmKernel(wasm);
  } catch {
    // Whatever the reason (no WebAssembly, a policy, a synchronous limit), JavaScript solves the same puzzle.
    return createJsKernel();
  }
}

/** A solver over any kernel. */
export function solverOver(kernel: Kernel): Solver {
  const digest = new Uint32Array(8);
  const message = new Uint32Array(16);

  function parentInto(nodes: Uint32Array, at: number): void {
    message.fill(0);
    message.set(nodes.subarray(2 * at * NODE, (2 * at + 2) * NODE));
    kernel.block(message, TAG_PARENT, digest);
    nodes.set(digest.subarray(0, NODE), at * NODE);
  }

  function grindKey(key: Uint32Array, root: Uint32Array, params: Params): Uint32Array {
    message.fill(0);
    message.set(key);
    message.set(root, 8);
    message[12] = 2 ** params.log2N;
    kernel.block(message, TAG_GRIND_KEY, digest);
    return digest.slice();
  }

  function names(ground: Uint32Array, params: Params): number[] {
    const words = Array.from(ground.subarray(1));
    message.fill(0);
    message.set(ground);
    for (message[8] = 1; words.length < params.open; message[8]++) {
      kernel.block(message, TAG_MORE_NAMES, digest);
      words.push(...digest);
    }
    return words.slice(0, params.open).map((word) => word & (2 ** params.log2N - 1));
  }

  function passes(leaf: Uint32Array, g: number, params: Params): Ground | undefined {
    return leaf[0] <= Math.floor(TWO_32 / params.grind) ? { g, names: names(leaf.slice(), params) } : undefined;
  }

  return {
    kind: kernel.kind,
    leaves(key, first, count, out) {
      for (let n = 0; n < count; n++) {
        kernel.leaf(key, first + n, DOMAIN_LEAF, digest);
        out.set(digest.subarray(0, NODE), n * NODE);
      }
    },
    tree(leaves) {
      const nodes = new Uint32Array(2 * leaves.length);
      nodes.set(leaves, leaves.length);
      for (let at = leaves.length / NODE - 1; at > 0; at--) parentInto(nodes, at);
      return nodes;
    },
    grind(key, root, params, first, count) {
      const f = grindKey(key, root, params);
      for (let g = first; g < first + count; g++) {
        kernel.leaf(f, g, DOMAIN_GRIND, digest);
        const ground = passes(digest, g, params);
        if (ground !== undefined) return ground;
      }
      return undefined;
    },
    grindKey,
    passes,
  };
}

/** The root of a tree that `Solver.tree` built, four words. */
export function rootOf(tree: Uint32Array): Uint32Array {
  return tree.slice(NODE, 2 * NODE);
}

/** The proof's bytes. */
export function assemble(tree: Uint32Array, ground: Ground, params: Params): Uint8Array {
  const words = [...tree.subarray(NODE, 2 * NODE), ground.g];
  for (const name of ground.names) {
    for (let at = 2 ** params.log2N + name; at > 1; at >>= 1) {
      const sibling = (at ^ 1) * NODE;
      words.push(...tree.subarray(sibling, sibling + NODE));
    }
  }
  const bytes = new DataView(new ArrayBuffer(4 * words.length));
  words.forEach((word, n) => bytes.setUint32(4 * n, word, true));
  return new Uint8Array(bytes.buffer);
}

/** Solves in this thread, `sliceLeaves` leaves at a time: each `next()` does one slice and yields how far it is; the
 * generator returns the proof's bytes. */
export function* solve(
  solver: Solver,
  key: Uint32Array,
  params: Params,
  sliceLeaves: number,
): Generator<Progress, Uint8Array, void> {
  const total = 2 ** params.log2N;
  const leaves = new Uint32Array(total * NODE);
  for (let done = 0; done < total; ) {
    const count = Math.min(sliceLeaves, total - done);
    solver.leaves(key, done, count, leaves.subarray(done * NODE));
    done += count;
    yield { phase: "leaves", done, total };
  }
  const tree = solver.tree(leaves);
  const root = rootOf(tree);
  for (let tried = 0; ; tried += sliceLeaves) {
    const ground = solver.grind(key, root, params, tried, sliceLeaves);
    if (ground !== undefined) return assemble(tree, ground, params);
    yield { phase: "grind", tried: tried + sliceLeaves };
  }
}
