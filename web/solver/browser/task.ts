// A share of the work, done in a worker or on the page. Tasks hold all they need, so that a lost one is given to
// somebody else.

import { createSolver, keyWords, type Ground, type Params, type Solver } from "../cachewalk.js";
import { createSha256Solver } from "../sha256.js";
import { grind, leaves } from "./kind/pbkdf2.js";
import type { Kernel } from "./puzzle.js";

/** What a leaf is: the walk, or WebCrypto's. */
export type Leaf = "cachewalk" | "pbkdf2";

export type Task =
  /** How many milliseconds a walk's leaf takes; `quick` is quick enough to look no further. */
  | { readonly do: "calibrate"; readonly quick: number }
  /** The puzzle's key, which every walk needs. */
  | { readonly do: "key"; readonly challenge: Uint8Array }
  | { readonly do: "leaves"; readonly leaf: Leaf; readonly key: Uint32Array; readonly first: number; readonly count: number }
  | { readonly do: "tree"; readonly leaves: Uint32Array }
  | {
      readonly do: "grind";
      readonly leaf: Leaf;
      readonly key: Uint32Array;
      readonly root: Uint32Array;
      readonly params: Params;
      readonly first: number;
      readonly count: number;
    }
  | {
      readonly do: "sha256";
      readonly challenge: Uint8Array;
      readonly bits: number;
      readonly first: number;
      readonly count: number;
    };

/** `calibrate` gives milliseconds, `key`, `leaves` and `tree` give words, `grind` perhaps its find, `sha256` perhaps its nonce. */
export type Result = Uint32Array | Ground | number | undefined;

export interface Runner {
  readonly kernel: Kernel;
  run(task: Task): Result | Promise<Result>;
}

export function createRunner(wasm: ArrayBuffer | undefined): Runner {
  const solver: Solver = createSolver(wasm === undefined ? {} : { wasm });
  return {
    kernel: solver.kind,
    run(task) {
      switch (task.do) {
        case "calibrate":
          return leafMillis(solver, task.quick);
        case "key":
          return keyWords(task.challenge);
        case "leaves": {
          if (task.leaf === "pbkdf2") return leaves(task.key, task.first, task.count);
          const out = new Uint32Array(4 * task.count);
          solver.leaves(task.key, task.first, task.count, out);
          return out;
        }
        case "tree":
          return solver.tree(task.leaves);
        case "grind":
          if (task.leaf === "pbkdf2") {
            return grind(solver, task.key, task.root, task.params, task.first, task.count);
          }
          return solver.grind(task.key, task.root, task.params, task.first, task.count);
        case "sha256":
          return createSha256Solver(task.challenge).search(task.bits, task.first, task.count);
      }
    },
  };
}

/** Engines compile what has run for a while: the quickest of some leaves counts, not the first. */
function leafMillis(solver: Solver, quick: number): number {
  const LEAVES_MAX = 12;
  const key = new Uint32Array(8);
  const out = new Uint32Array(4);
  let best = Infinity;
  for (let n = 0; n < LEAVES_MAX && best > quick; n++) {
    const start = performance.now();
    solver.leaves(key, n, 1, out);
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

/** To a worker: first the WebAssembly, if there is any; then tasks, one at a time. */
export type ToWorker = { readonly wasm: ArrayBuffer | undefined } | { readonly task: Task };
/** From a worker: first its kernel; then each task's result. */
export type FromWorker = { readonly kernel: Kernel } | { readonly result: Result };
