// Lanes do tasks one after the other: a worker each, or the page itself where there are no workers.

import type { Kernel } from "./protocol.js";
import { createRunner, type FromWorker, type Result, type Task, type ToWorker } from "./task.js";

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

/** More gain little: starting them costs what they save. */
const WORKERS_MAX = 4;
/** A worker that a policy or an in-app browser swallowed may never say so. */
const START_MILLIS_MAX = 5_000;
/** Without the WebAssembly by then, JavaScript is faster than waiting. */
const WASM_MILLIS_MAX = 3_000;

/** Opens the lanes; `join` gets each as it is ready, at least one. */
export async function openLanes(base: string, wantsWasm: boolean, join: (lane: Lane) => void): Promise<void> {
  const wasm = wantsWasm ? loadWasm(new URL("cachewalk.wasm", base).href) : Promise.resolve(undefined);
  const count = Math.max(1, Math.min(WORKERS_MAX, navigator.hardwareConcurrency || 1));
  const opened = Array.from({ length: count }, () => {
    return openWorker(new URL("worker.js", base).href, wasm).then(
      (lane) => (join(lane), true),
      () => false,
    );
  });
  if (!(await anyOf(opened))) join(pageLane(await wasm));
}

/** A lane on the page's own thread, which lets the page breathe before every task. */
export function pageLane(wasm: ArrayBuffer | undefined): Lane {
  const runner = createRunner(wasm);
  return {
    kernel: runner.kernel,
    onPage: true,
    sliceMillis: 10,
    async run(task) {
      await nextTurn();
      return runner.run(task);
    },
    end() {},
  };
}

async function openWorker(url: string, wasm: Promise<ArrayBuffer | undefined>): Promise<Lane> {
  const worker = new Worker(url);
  let settle: { resolve(message: FromWorker): void; reject(error: Error): void } | undefined;
  let gone = false;
  worker.onmessage = ({ data }: MessageEvent<FromWorker>) => settle?.resolve(data);
  worker.onerror = (event) => {
    event.preventDefault();
    end();
  };
  worker.onmessageerror = end;

  function end(): void {
    gone = true;
    worker.terminate();
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
  const ready = await ask({ wasm: binary });
  clearTimeout(timer);
  return {
    kernel: (ready as { kernel: Kernel }).kernel,
    onPage: false,
    sliceMillis: 25,
    async run(task) {
      return ((await ask({ task })) as { result: Result }).result;
    },
    end,
  };
}

async function loadWasm(url: string): Promise<ArrayBuffer | undefined> {
  if (typeof WebAssembly === "undefined") return undefined;
  const late = new Promise<undefined>((resolve) => setTimeout(resolve, WASM_MILLIS_MAX));
  const load = async (): Promise<ArrayBuffer | undefined> => {
    const response = await fetch(url, { credentials: "same-origin" });
    return response.ok ? response.arrayBuffer() : undefined;
  };
  return Promise.race([load().catch(() => undefined), late]);
}

/** True as soon as one is, false when all are. */
function anyOf(promises: readonly Promise<boolean>[]): Promise<boolean> {
  return new Promise((resolve) => {
    void Promise.all(promises.map((promise) => promise.then((is) => is && resolve(true)))).then(() => resolve(false));
  });
}

/** A turn of the event loop. Unlike a timer it is not slowed down in a hidden tab. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
