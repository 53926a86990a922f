// The solver's worker: one task in, one result out. It loads nothing itself.

import { createRunner, type FromWorker, type Result, type Runner, type ToWorker } from "./task.js";

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
  const answer = (result: Result): void => {
    scope.postMessage({ result }, result instanceof Uint32Array ? [result.buffer] : []);
  };
  const result = runner!.run(data.task);
  if (!(result instanceof Promise)) return answer(result);
  // A rejection is no error event of the worker; one that is thrown later is, and the lane is then gone.
  result.then(answer, (error: unknown) => {
    setTimeout(() => {
      throw error;
    });
  });
};
