// What the worker that visitors' browsers run does in this engine: once with its WebAssembly, once without. `files` stands
// before this text; what is measured goes out as JSON.

/** The worker, as a browser starts it: it hears messages and answers each with one. */
function start(wasm) {
  const scope = { onmessage: null, postMessage: (message) => (scope.answer = message) };
  new Function("self", files.worker)(scope);
  scope.onmessage({ data: { wasm } });
  const { kernel } = scope.answer;
  const run = (task) => {
    scope.onmessage({ data: { task } });
    return scope.answer.result;
  };
  return { kernel, run };
}

const LEAVES = 200;
const ROUNDS = 15;
const SOLUTIONS = 3;

function millis(work) {
  const start = performance.now();
  work();
  return performance.now() - start;
}

const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];

/** One proof in one thread, from the first leaf to the names of those that are opened. */
function solve(run, key, params) {
  const count = 2 ** params.log2N;
  const leaves = run({ do: "leaves", leaf: "cachewalk", key, first: 0, count });
  const root = run({ do: "tree", leaves }).slice(4, 8);
  for (let first = 0; ; first += 256) {
    if (run({ do: "grind", leaf: "cachewalk", key, root, params, first, count: 256 }) !== undefined) return;
  }
}

const wasm = Uint8Array.from(Buffer.from(files.wasm, "base64")).buffer;
const kernels = [wasm, undefined].map((binary) => {
  const { kernel, run } = start(binary);
  const key = new Uint32Array(8);
  const leaves = () => run({ do: "leaves", leaf: "cachewalk", key, first: key[0]++, count: LEAVES });
  // Engines compile what has run for a while.
  leaves();
  const leafMicros = median(Array.from({ length: ROUNDS }, () => (millis(leaves) * 1000) / LEAVES));
  const solveMillis = files.levels.map((params) =>
    median(
      Array.from({ length: SOLUTIONS }, () => {
        key[1]++;
        return millis(() => solve(run, key, params));
      }),
    ),
  );
  return { kernel, leaf_micros: leafMicros, leaves_per_second: 1e6 / leafMicros, solve_millis: solveMillis };
});
console.log(JSON.stringify({ engine: `Node ${process.version}`, kernels }));
