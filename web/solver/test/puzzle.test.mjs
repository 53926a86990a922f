import assert from "node:assert/strict";
import { test } from "node:test";
import { fromBase64Url, isPuzzle, toBase64Url } from "../dist/browser/puzzle.js";

const cachewalk = { challenge: "AAEC", kind: "cachewalk", log2_n: 13, grind: 1000, open: 3 };
const puzzles = [
  [cachewalk, true],
  [{ ...cachewalk, kind: "pbkdf2", unknown: 1 }, true],
  [{ challenge: "AAEC", kind: "sha256", bits: 10 }, true],
  [{ ...cachewalk, kind: "sha256" }, false],
  [{ ...cachewalk, grind: "1000" }, false],
  [{ ...cachewalk, challenge: undefined }, false],
  [{ ...cachewalk, kind: "constructor" }, false],
  [{ ...cachewalk, kind: "__proto__" }, false],
  [null, false],
  ["cachewalk", false],
];
for (const [value, is] of puzzles) {
  test(`${JSON.stringify(value)} is ${is ? "" : "no "}puzzle`, () => assert.equal(isPuzzle(value), is));
}

test("base64url, with and without padding", () => {
  for (let length = 0; length < 70; length++) {
    const bytes = Uint8Array.from({ length }, (_, n) => (n * 37 + 251) & 0xff);
    const text = Buffer.from(bytes).toString("base64url");
    assert.equal(toBase64Url(bytes), text);
    assert.deepEqual(fromBase64Url(text), bytes);
    assert.deepEqual(fromBase64Url(text.padEnd(Math.ceil(text.length / 4) * 4, "=")), bytes);
  }
});
