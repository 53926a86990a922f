// Lanes do tasks one after the other: a worker each, or the page itself where there are no workers.

import type { Kernel } from "./puzzle.js";
import type { FromWorker, Result, Task, ToWorker } from "./task.js";

export interface Lane {
  readonly kernel: Kernel;
  /** The last resort: nobody can take over from it. */
  readonly onPage: boolean;
  /** How long one task should take, in milliseconds: short where the page has to stay alive. */
  readonly sliceMillis: number;
  /** Rejects when the lane is gone; the task was then not done. */
  run(task: Task): Promise<Result>;
  end(): void;
}

/** Starts a worker with the solver's script, or throws. */
export type StartWorker = () => Worker;

export interface LanesOptions {
  /** Where the WebAssembly is; nothing where JavaScript is to do it. */
  readonly wasmUrl: string | undefined;
  /** Ways to start a worker, the best first; the next is tried when no worker of the one before came up. */
  readonly ways: readonly (() => StartWorker | Promise<StartWorker>)[];
  /** The last resort: a lane on the page itself. */
  readonly page: (wasm: ArrayBuffer | undefined) => Lane | Promise<Lane>;
  /** Gets each lane as it is ready, at least one. */
  readonly join: (lane: Lane) => void;
  /** Ends workers that are still starting. What has joined is its owner's. */
  readonly signal?: AbortSignal;
}

/** More gain little: starting them costs what they save. */
const WORKERS_MAX = 4;
/** A worker that a policy or an in-app browser swallowed may never say so. */
const START_MILLIS_MAX = 5_000;
/** Without the WebAssembly by then, JavaScript is faster than waiting. */
const WASM_MILLIS_MAX = 3_000;

/** Opens the lanes; done when no further one will join. */
export async function openLanes(options: LanesOptions): Promise<void> {
  const { join, signal } = options;
  const wasm = options.wasmUrl === undefined ? Promise.resolve(undefined) : loadWasm(options.wasmUrl);
  const count = Math.max(1, Math.min(WORKERS_MAX, navigator.hardwareConcurrency || 1));
  for (const way of options.ways) {
    try {
      const start = await way();
      const opened = Array.from({ length: count }, () => {
        return openWorker(start, wasm, signal).then(
          (lane) => (join(lane), true),
          () => false,
        );
      });
      if (await anyOf(opened)) return;
    } catch {
      // This way is closed; there is another, and the page at last.
    }
    if (signal?.aborted) return;
  }
  join(await options.page(await wasm));
}

async function openWorker(
  start: StartWorker,
  wasm: Promise<ArrayBuffer | undefined>,
  signal: AbortSignal | undefined,
): Promise<Lane> {
  const worker = start();
  let settle: { resolve(message: FromWorker): void; reject(error: Error): void } | undefined;
  let gone = false;
  worker.onmessage = ({ data }: MessageEvent<FromWorker>) => settle?.resolve(data);
  worker.onerror = (event) => {
    event.preventDefault();
    end();
  };
  worker.onmessageerror = end;
  signal?.addEventListener("abort", end);

  function end(): void {
    gone = true;
    worker.terminate();
    signal?.removeEventListener("abort", end);
    settle?.reject(new Error("the worker is gone"));
  }

  function ask(message: ToWorker): Promise<FromWorker> {
    return new Promise((resolve, reject) => {
      settle = { resolve, reject };
      if (gone) end();
      else worker.postMessage(message);
    });
  }

  const binary = await wasm;
  const timer = setTimeout(end, START_MILLIS_MAX);
  try {
    const ready = await ask({ wasm: binary });
    return {
      kernel: (ready as { kernel: Kernel }).kernel,
      onPage: false,
      sliceMillis: 25,
      async run(task) {
        return ((await ask({ task })) as { result: Result }).result;
      },
      end,
    };
  } finally {
    clearTimeout(timer);
  }
}

async function loadWasm(url: string): Promise<ArrayBuffer | undefined> {
  if (typeof WebAssembly === "undefined") return undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(resolve, WASM_MILLIS_MAX)));
  const load = async (): Promise<ArrayBuffer | undefined> => {
    const response = await fetch(url, { credentials: "same-origin" });
    return response.ok ? response.arrayBuffer() : undefined;
  };
  const binary = await Promise.race([load().catch(() => undefined), late]);
  clearTimeout(timer);
  return binary;
}

/** True as soon as one is, false when all are. */
function anyOf(promises: readonly Promise<boolean>[]): Promise<boolean> {
  return new Promise((resolve) => {
    void Promise.all(promises.map((promise) => promise.then((is) => is && resolve(true)))).then(() => resolve(false));
  });
}
