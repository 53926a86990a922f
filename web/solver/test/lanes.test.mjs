// The pool with lanes that come late, die, or are all gone.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { pageLane } from "../dist/browser/page-lane.js";
import { Pool } from "../dist/browser/pool.js";
import { solvePuzzle } from "../dist/browser/solve.js";
import { createRunner } from "../dist/browser/task.js";
import { createSolver, keyWords } from "../dist/cachewalk.js";
import { createJsKernel } from "../dist/kernel-js.js";
import { refusal } from "./verifier.mjs";

const bytes = Uint8Array.from({ length: 100 }, (_, n) => n);
const text = Buffer.from(bytes).toString("base64url");
const cachewalk = { challenge: text, kind: "cachewalk", log2_n: 7, grind: 50, open: 3 };
const sha256 = { challenge: text, kind: "sha256", bits: 10 };

/** Dies at its `lives`-th task. */
function lane(lives = Infinity) {
  const runner = createRunner(undefined);
  return {
    kernel: "js",
    onPage: false,
    sliceMillis: 2,
    done: 0,
    async run(task) {
      await new Promise((resolve) => setTimeout(resolve));
      if (--lives < 0) throw new Error("gone");
      this.done++;
      return runner.run(task);
    },
    end() {},
  };
}

async function solves(pool, puzzle) {
  const shares = [];
  const { proof } = await solvePuzzle(puzzle, pool, (share) => shares.push(share));
  assert.ok(shares.every((share, n) => share > 0 && share <= 1 && (n === 0 || share >= shares[n - 1])));
  if (puzzle.kind === "sha256") {
    const digest = createHash("sha256").update(bytes).update(proof).digest();
    assert.equal(digest.readUInt16BE() >> 6, 0);
    assert.equal(proof.length, 8);
  } else {
    const params = { log2N: puzzle.log2_n, grind: puzzle.grind, open: puzzle.open };
    assert.equal(refusal(createSolver(), createJsKernel(), keyWords(bytes), params, proof), "ok");
  }
}

for (const puzzle of [cachewalk, sha256]) {
  test(`${puzzle.kind}: one lane`, async () => {
    const pool = new Pool(() => pageLane(undefined));
    pool.join(lane());
    await solves(pool, puzzle);
  });

  test(`${puzzle.kind}: several lanes, one late, all used, twice`, async () => {
    const pool = new Pool(() => pageLane(undefined));
    const lanes = [lane(), lane(), lane()];
    setTimeout(() => pool.join(lanes[2]), 1);
    pool.join(lanes[0]);
    pool.join(lanes[1]);
    await solves(pool, puzzle);
    await solves(pool, puzzle);
    assert.ok(lanes.every(({ done }) => done > 0));
  });

  for (const lives of [0, 1, 2, 3, 5]) {
    test(`${puzzle.kind}: a lane that dies after ${lives} tasks, beside another and alone`, async () => {
      const pool = new Pool(() => pageLane(undefined));
      pool.join(lane(lives));
      pool.join(lane());
      await solves(pool, puzzle);
      const alone = new Pool(() => pageLane(undefined));
      alone.join(lane(lives));
      await solves(alone, puzzle);
    });
  }
}

test("what the page itself cannot do is an error, not a loop", async () => {
  const pool = new Pool(() => pageLane(undefined));
  pool.join({ ...lane(0), run: lane(0).run, onPage: true });
  await assert.rejects(solvePuzzle(cachewalk, pool, () => {}));
});

test("a pool that is ended: its work rejects, its lanes end, and so does one that comes late", async () => {
  const pool = new Pool(() => pageLane(undefined));
  let ended = 0;
  const counted = () => ({ ...lane(), end: () => ended++ });
  pool.join(counted());
  const solving = solvePuzzle({ ...cachewalk, log2_n: 16 }, pool, () => pool.end());
  await assert.rejects(solving, /ended/);
  pool.join(counted());
  assert.equal(ended, 2);
  await assert.rejects(solvePuzzle(cachewalk, pool, () => {}), /ended/);
});
