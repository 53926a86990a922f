import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createSha256Solver, nonceBytes, sha256 } from "../dist/sha256.js";
import { hex, unhex } from "./common.mjs";

const vectors = JSON.parse(readFileSync(new URL("../vectors.json", import.meta.url), "utf8"));

test("digests are node's, for every length around a block's end", () => {
  for (let length = 0; length < 200; length++) {
    const bytes = Uint8Array.from({ length }, (_, n) => n ^ length);
    assert.equal(hex(sha256(bytes)), createHash("sha256").update(bytes).digest("hex"), `${length} bytes`);
  }
});

test("nonces", () => {
  for (const at of vectors.sha256) {
    const challenge = unhex(at.challenge_and_mac);
    const solver = createSha256Solver(challenge);
    assert.equal(solver.search(at.bits, 0, at.nonce), undefined);
    assert.equal(solver.search(at.bits, 0, at.nonce + 1000), at.nonce);
    assert.equal(hex(sha256(Buffer.concat([challenge, nonceBytes(at.nonce)]))), at.digest);
  }
});

test("a nonce above 32 bits is hashed as it is written", () => {
  const challenge = unhex("00112233");
  for (const first of [2 ** 32 - 500, 2 ** 40, 2 ** 52 + 12345]) {
    const nonce = createSha256Solver(challenge).search(6, first, 1000);
    const written = nonceBytes(nonce);
    assert.equal(new DataView(written.buffer).getBigUint64(0, true), BigInt(nonce));
    assert.ok(sha256(Buffer.concat([challenge, written]))[0] < 4);
  }
});

test("all 256 bits can be asked for, and none are found", () => {
  assert.equal(createSha256Solver(new Uint8Array(0)).search(256, 0, 10), undefined);
});
