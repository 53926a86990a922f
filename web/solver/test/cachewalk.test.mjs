import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createSolver, keyWords, rootOf, solve } from "../dist/cachewalk.js";
import { hex, hexWords, kernels, paramsOf, solveWhole, unhex, unhexWords, wasm } from "./common.mjs";
import { refusal } from "./verifier.mjs";

const vectors = JSON.parse(readFileSync(new URL("../vectors.json", import.meta.url), "utf8"));

test("keys", () => {
  for (const at of vectors.keys) assert.equal(hexWords(keyWords(unhex(at.bytes))), at.key);
});

for (const { kind, kernel, solver } of kernels()) {
  test(`${kind}: leaves`, () => {
    const out = new Uint32Array(8);
    for (const at of vectors.leaves) {
      kernel.leaf(unhexWords(at.key), at.i, at.dom, out);
      assert.equal(hexWords(out), at.leaf, `leaf ${at.i} of ${at.key} in ${at.dom}`);
    }
  });

  test(`${kind}: roots, with the leaves in two shares`, () => {
    for (const at of vectors.roots) {
      const key = unhexWords(at.key);
      const count = 2 ** at.log2_n;
      const leaves = new Uint32Array(4 * count);
      solver.leaves(key, 5, count - 5, leaves.subarray(20));
      solver.leaves(key, 0, 5, leaves);
      assert.equal(hexWords(rootOf(solver.tree(leaves))), at.root);
    }
  });

  test(`${kind}: proofs`, () => {
    for (const at of vectors.proofs) {
      const key = keyWords(unhex(at.challenge_and_mac));
      const params = paramsOf(at);
      const { proof } = solveWhole(solver, key, params);
      assert.equal(hex(proof), at.proof);
      const root = unhexWords(at.proof.slice(0, 32));
      assert.deepEqual(solver.grind(key, root, params, 0, at.g + 1), { g: at.g, names: at.names });
      assert.equal(solver.grind(key, root, params, 0, at.g), undefined);
      assert.equal(refusal(solver, kernel, key, params, proof), "ok");
    }
  });

  test(`${kind}: refusals`, () => {
    for (const at of vectors.malformed) {
      const key = keyWords(unhex(at.challenge_and_mac));
      assert.equal(refusal(solver, kernel, key, paramsOf(at), unhex(at.proof)), at.refusal, at.name);
    }
  });
}

test("progress counts the leaves, then what was tried", () => {
  const { challenge_and_mac, ...at } = vectors.proofs[3];
  const { progress } = solveWhole(createSolver(), keyWords(unhex(challenge_and_mac)), paramsOf(at), 50);
  assert.deepEqual(progress.slice(0, 3), [
    { phase: "leaves", done: 50, total: 128 },
    { phase: "leaves", done: 100, total: 128 },
    { phase: "leaves", done: 128, total: 128 },
  ]);
  assert.ok(progress.slice(3).every((slice, n) => slice.phase === "grind" && slice.tried === 50 * (n + 1)));
});

test("a slice is no more work than it says", () => {
  const calls = [];
  const solver = {
    ...createSolver(),
    leaves: (_key, first, count) => calls.push([first, count]),
  };
  const slices = solve(solver, new Uint32Array(8), { log2N: 4, grind: 1, open: 1 }, 6);
  slices.next();
  assert.deepEqual(calls, [[0, 6]]);
});

test("what cannot be compiled falls back to JavaScript", () => {
  assert.equal(createSolver({ wasm }).kind, "wasm");
  assert.equal(createSolver({ wasm: new Uint8Array([1, 2, 3]) }).kind, "js");
  assert.equal(createSolver().kind, "js");
});
