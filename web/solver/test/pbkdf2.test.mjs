// The shared vectors through WebCrypto, and the leaf against another implementation of PBKDF2.

import assert from "node:assert/strict";
import { pbkdf2Sync } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { DOMAIN_GRIND, DOMAIN_LEAF, assemble, createSolver, keyWords, rootOf } from "../dist/cachewalk.js";
import { createPbkdf2Leaves } from "../dist/pbkdf2.js";
import { hex, hexWords, unhex, unhexWords } from "./common.mjs";

const vectors = JSON.parse(readFileSync(new URL("../pbkdf2.vectors.json", import.meta.url), "utf8"));

test("leaves", async () => {
  for (const at of vectors.leaves) {
    const leaves = await createPbkdf2Leaves(unhexWords(at.key));
    assert.equal(hexWords(await leaves.leaves(at.i, 1, at.dom)), at.leaf, `leaf ${at.i} of ${at.key}`);
    const salt = Buffer.concat([Buffer.from("spigot leaf"), Buffer.alloc(8)]);
    salt.writeUInt32LE(at.i, 11);
    salt.writeUInt32LE(at.dom, 15);
    assert.equal(pbkdf2Sync(Buffer.from(at.key, "hex"), salt, 300, 32, "sha256").toString("hex"), at.leaf);
  }
});

test("many at once are the same as one after the other", async () => {
  const leaves = await createPbkdf2Leaves(new Uint32Array(8));
  const many = await leaves.leaves(5, 40, 0);
  for (const n of [0, 15, 16, 39]) {
    assert.equal(hexWords(many.subarray(8 * n, 8 * n + 8)), hexWords(await leaves.leaves(5 + n, 1, 0)), `${n}`);
  }
});

test("a proof", async () => {
  const { challenge, log2_n, grind, open, proof } = vectors.proof;
  const params = { log2N: log2_n, grind, open };
  const solver = createSolver();
  const key = keyWords(unhex(challenge));
  const total = 2 ** log2_n;
  const computed = await (await createPbkdf2Leaves(key)).leaves(0, total, DOMAIN_LEAF);
  const nodes = new Uint32Array(4 * total);
  for (let n = 0; n < total; n++) nodes.set(computed.subarray(8 * n, 8 * n + 4), 4 * n);
  const tree = solver.tree(nodes);
  const grinding = await createPbkdf2Leaves(solver.grindKey(key, rootOf(tree), params));
  for (let g = 0; ; g++) {
    const ground = solver.passes(await grinding.leaves(g, 1, DOMAIN_GRIND), g, params);
    if (ground === undefined) continue;
    assert.equal(hex(assemble(tree, ground, params)), proof);
    return;
  }
});
