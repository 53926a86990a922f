// What a leaf costs here in WebAssembly and in JavaScript (medians), and what the default puzzle does in one thread.
// The native figures are `cargo run -p spigot-cachewalk --release --example measure`.

import { createSha256Solver } from "./dist/sha256.js";
import { kernels, solveWhole } from "./test/common.mjs";

const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];

function microseconds(rounds, calls, work) {
  const times = Array.from({ length: rounds }, () => {
    const start = performance.now();
    work();
    return ((performance.now() - start) * 1000) / calls;
  });
  const best = Math.min(...times);
  return `${median(times).toFixed(1)} µs median, ${best.toFixed(1)} µs best`;
}

const key = new Uint32Array(8);
const out = new Uint32Array(4 * 200);
for (const { kind, solver } of kernels()) {
  solver.leaves(key, 0, 200, out);
  console.log(`${kind}: leaf ${microseconds(25, 200, () => solver.leaves(key, key[0]++, 200, out))}`);
  const params = { log2N: 13, grind: 1000, open: 3 };
  const whole = microseconds(5, 1000, () => {
    key[1]++;
    solveWhole(solver, key, params, 64);
  });
  console.log(`${kind}: whole default puzzle, in ms: ${whole.replaceAll("µs", "ms")}`);
  const leaves = new Uint32Array(4 * 8192);
  console.log(`${kind}: tree over 8192 leaves ${microseconds(5, 1, () => solver.tree(leaves))}`);
}

const solver = createSha256Solver(new Uint8Array(100));
console.log(`js: SHA-256 attempt ${microseconds(9, 100_000, () => solver.search(256, 0, 100_000))}`);
