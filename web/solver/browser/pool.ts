// The lanes that work on a puzzle: hands out shares of the work, also those of lanes that are lost.

import type { Lane } from "./lanes.js";
import type { Kernel } from "./puzzle.js";
import type { Result, Task } from "./task.js";

/** `share` is how much of the expected work is done, 0 to 1. */
export type OnProgress = (share: number) => void;

/** The first share that a lane gets; then what fits its slice. */
const FIRST_COUNT = 16;
const COUNT_MAX = 1 << 20;

/** The lanes there are; they may join and leave during the work. */
export class Pool {
  private readonly lanes = new Map<Lane, { perMillis: number; busy: boolean }>();
  private work: ((lane: Lane) => void) | undefined;
  private giveUp: ((why: Error) => void) | undefined;
  private ended = false;

  /** `lastResort` opens a lane on the page, when all others are lost. */
  constructor(private readonly lastResort: () => Lane | Promise<Lane>) {}

  join(lane: Lane): void {
    if (this.ended) return lane.end();
    this.lanes.set(lane, { perMillis: FIRST_COUNT / lane.sliceMillis, busy: false });
    this.work?.(lane);
  }

  /** Ends all lanes, also those that join later; work that is under way rejects. */
  end(): void {
    this.ended = true;
    const lanes = [...this.lanes.keys()];
    this.lanes.clear();
    for (const lane of lanes) lane.end();
    this.giveUp?.(new Error("the pool was ended"));
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
      let over = this.ended;
      this.giveUp = (why) => {
        over = true;
        reject(why);
      };
      if (over) return this.giveUp(new Error("the pool was ended"));
      const feed = async (lane: Lane): Promise<void> => {
        const state = this.lanes.get(lane);
        if (state === undefined) return;
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
            if (over) return;
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
    if (this.lanes.size === 0) void this.openLast();
    else for (const other of this.lanes.keys()) this.work?.(other);
  }

  private async openLast(): Promise<void> {
    try {
      this.join(await this.lastResort());
    } catch (error) {
      this.giveUp?.(error as Error);
    }
  }
}

/** One task, by whichever lane is free. */
export async function single<T extends Result>(pool: Pool, task: Task): Promise<T> {
  let asked = false;
  let result: Result;
  await pool.run(
    () => (asked ? undefined : ((asked = true), task)),
    (_, given) => ((result = given), true),
  );
  return result as T;
}

/** Tries from 0 on until a task finds something. */
export async function search<T extends Result>(
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
export function likelyDone(tried: number, expected: number): number {
  return 1 - Math.exp(-tried / expected);
}
