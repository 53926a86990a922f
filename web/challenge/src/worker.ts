// The solver's worker: one task in, one result out. It loads nothing itself.

import { createRunner, type FromWorker, type Runner, type ToWorker } from "./task.js";

interface Scope {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker, transfer: Transferable[]): void;
}

const scope = self as unknown as Scope;
let runner: Runner | undefined;

scope.onmessage = ({ data }) => {
  if ("wasm" in data) {
    runner = createRunner(data.wasm);
    scope.postMessage({ kernel: runner.kernel }, []);
    return;
  }
  const result = runner!.run(data.task);
  scope.postMessage({ result }, result instanceof Uint32Array ? [result.buffer] : []);
};
