// Solves a puzzle over lanes: hands out shares of the work, and puts the proof together.

import { createSolver, keyWords, type Ground } from "../../solver/cachewalk.js";
import { nonceBytes } from "../../solver/sha256.js";
import { pageLane, type Lane } from "./lanes.js";
import { fromBase64Url, type Kernel, type Puzzle } from "./protocol.js";
import type { Result, Task } from "./task.js";

export interface Solution {
  readonly proof: Uint8Array;
  readonly kernel: Kernel;
}

/** `share` is how much of the expected work is done, 0 to 1. */
export type OnProgress = (share: number) => void;

/** The first share that a lane gets; then what fits its slice. */
const FIRST_COUNT = 16;
const COUNT_MAX = 1 << 20;

/** The lanes there are; they may join and leave during the work. */
export class Pool {
  private readonly lanes = new Map<Lane, { perMillis: number; busy: boolean }>();
  private work: ((lane: Lane) => void) | undefined;

  join(lane: Lane): void {
    this.lanes.set(lane, { perMillis: FIRST_COUNT / lane.sliceMillis, busy: false });
    this.work?.(lane);
  }

  end(): void {
    for (const lane of this.lanes.keys()) lane.end();
    this.lanes.clear();
  }

  kernel(): Kernel {
    return [...this.lanes.keys()].every((lane) => lane.kernel === "wasm") ? "wasm" : "js";
  }

  /** Runs what `next` hands out until `accept` says that this was all. `next` gets how many units would fit the lane's
   * slice, and gives nothing when all is handed out. */
  run<T extends Task>(
    next: (fits: number) => T | undefined,
    accept: (task: T, result: Result) => boolean,
  ): Promise<void> {
    const lost: T[] = [];
    return new Promise((resolve, reject) => {
      let over = false;
      const feed = async (lane: Lane): Promise<void> => {
        const state = this.lanes.get(lane)!;
        // A lane may still have a task of the work before, which it finishes first.
        while (!over && !state.busy) {
          const fits = Math.max(1, Math.min(COUNT_MAX, Math.round(state.perMillis * lane.sliceMillis)));
          const task = lost.pop() ?? next(fits);
          if (task === undefined) return;
          state.busy = true;
          try {
            const start = performance.now();
            const result = await lane.run(task);
            if ("count" in task) state.perMillis = task.count / Math.max(0.2, performance.now() - start);
            if (!over && accept(task, result)) {
              over = true;
              this.work = undefined;
              resolve();
            }
          } catch (error) {
            if (lane.onPage) reject(error);
            lost.push(task);
            this.leave(lane);
            return;
          } finally {
            state.busy = false;
          }
        }
        if (over && this.lanes.has(lane)) this.work?.(lane);
      };
      this.work = (lane) => void feed(lane);
      for (const lane of this.lanes.keys()) void feed(lane);
    });
  }

  /** What the lane had is done by the others, or by the page. */
  private leave(lane: Lane): void {
    this.lanes.delete(lane);
    if (lane.onPage) return;
    if (this.lanes.size === 0) this.join(pageLane(undefined));
    else for (const other of this.lanes.keys()) this.work?.(other);
  }
}

export async function solvePuzzle(puzzle: Puzzle, pool: Pool, onProgress: OnProgress): Promise<Solution> {
  const challenge = fromBase64Url(puzzle.challenge);
  const proof =
    puzzle.kind === "sha256"
      ? await searchNonce(challenge, puzzle.bits, pool, onProgress)
      : await walk(challenge, puzzle, pool, onProgress);
  return { proof, kernel: puzzle.kind === "sha256" ? "js" : pool.kernel() };
}

async function walk(
  challenge: Uint8Array,
  puzzle: Puzzle & { kind: "cachewalk" },
  pool: Pool,
  onProgress: OnProgress,
): Promise<Uint8Array> {
  const params = { log2N: puzzle.log2_n, grind: puzzle.grind, open: puzzle.open };
  const key = keyWords(challenge);
  const total = 2 ** params.log2N;
  const work = total + params.grind;

  const leaves = new Uint32Array(4 * total);
  let given = 0;
  let done = 0;
  await pool.run(
    (fits) => {
      const count = Math.min(fits, total - given);
      if (count === 0) return undefined;
      given += count;
      return { do: "leaves" as const, key, first: given - count, count };
    },
    ({ first, count }, result) => {
      leaves.set(result as Uint32Array, 4 * first);
      done += count;
      onProgress(done / work);
      return done === total;
    },
  );

  let tree: Uint32Array | undefined;
  let asked = false;
  await pool.run(
    () => (asked ? undefined : ((asked = true), { do: "tree" as const, leaves })),
    (_, result) => ((tree = result as Uint32Array), true),
  );

  const solver = createSolver();
  const root = solver.root(tree!);
  const ground = await search<Ground>(
    pool,
    (first, count) => ({ do: "grind", key, root, params, first, count }),
    (tried) => onProgress((total + likelyDone(tried, params.grind) * params.grind) / work),
  );
  return solver.assemble(tree!, ground, params);
}

async function searchNonce(
  challenge: Uint8Array,
  bits: number,
  pool: Pool,
  onProgress: OnProgress,
): Promise<Uint8Array> {
  const nonce = await search<number>(
    pool,
    (first, count) => ({ do: "sha256", challenge, bits, first, count }),
    (tried) => onProgress(likelyDone(tried, 2 ** bits)),
  );
  return nonceBytes(nonce);
}

/** Tries from 0 on until a task finds something. */
async function search<T extends Result>(
  pool: Pool,
  task: (first: number, count: number) => Task & { count: number },
  onTried: (tried: number) => void,
): Promise<T> {
  let given = 0;
  let tried = 0;
  let found: Result;
  await pool.run(
    (fits) => {
      given += fits;
      return task(given - fits, fits);
    },
    ({ count }, result) => {
      found = result;
      tried += count;
      onTried(tried);
      return result !== undefined;
    },
  );
  return found as T;
}

/** The chance that a search which takes `expected` tries on average is over after `tried`: nobody knows more. */
function likelyDone(tried: number, expected: number): number {
  return 1 - Math.exp(-tried / expected);
}
