// The lane of last resort, on the page's own thread.

import type { Lane } from "./lanes.js";
import { createRunner } from "./task.js";

/** It lets the page breathe before every task. */
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
