import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { parseChallenge, readAnswer, withPuzzle } = await load("src/protocol.ts");

const challenge = {
  challenge: "AAEC",
  kind: "cachewalk",
  log2_n: 13,
  grind: 1000,
  open: 3,
  expires_in_millis: 120000,
  solve_url: "/.spigot/solve",
  return_to: "/path?query",
  method: "POST",
  stash: "kept",
  decision: "0123456789abcdef",
  too_large: false,
  form: null,
  max_upload_bytes: 8388608,
};
const { log2_n: _, grind: __, open: ___, ...rest } = challenge;
const sha256 = { ...rest, kind: "sha256", bits: 16 };

const answers = [
  ["solved", 200, { ok: true }, { is: "solved" }],
  ["200 without ok", 200, {}, { is: "refused", code: "http_200" }],
  ["a page instead of JSON", 200, undefined, { is: "refused", code: "http_200" }],
  ["ok with another status", 403, { ok: true }, { is: "refused", code: "http_403" }],
  ["expired with a new one", 409, { code: "expired", challenge }, { is: "again", code: "expired", challenge }],
  ["spent with a new one", 409, { code: "spent", challenge: sha256 }, { is: "again", code: "spent", challenge: sha256 }],
  ["another network with a new one", 400, { code: "other_network", challenge }, { is: "again", code: "other_network", challenge }],
  ["stale with a new one", 409, { code: "stale", challenge }, { is: "again", code: "stale", challenge }],
  ["expired without one", 409, { code: "expired" }, { is: "refused", code: "expired" }],
  ["expired with a broken one", 409, { code: "expired", challenge: { kind: "cachewalk" } }, { is: "refused", code: "expired" }],
  ["an unknown kind", 409, { code: "stale", challenge: { ...challenge, kind: "x" } }, { is: "refused", code: "stale" }],
  ["wrong with a new one", 403, { code: "wrong", challenge }, { is: "refused", code: "wrong", challenge }],
  ["a problem without a code", 500, { title: "x" }, { is: "refused", code: "http_500" }],
  ["busy", 503, { code: "busy" }, { is: "busy", code: "busy" }],
  ["a proxy's 503", 503, undefined, { is: "refused", code: "http_503" }],
  ["a kind of the prototype", 409, { code: "stale", challenge: { ...challenge, kind: "constructor" } }, { is: "refused", code: "stale" }],
  ["null", 502, null, { is: "refused", code: "http_502" }],
  ["text", 502, "no", { is: "refused", code: "http_502" }],
];
for (const [name, status, body, answer] of answers) {
  test(`answer: ${name}`, () => assert.deepEqual(readAnswer(status, body), answer));
}

test("a fresh puzzle keeps the page's errand", () => {
  const fresh = { ...sha256, challenge: "new", return_to: "/else", method: "GET", stash: null, decision: "x", too_large: true };
  const next = withPuzzle(challenge, fresh);
  assert.deepEqual(next, { ...sha256, challenge: "new" });
  assert.equal(withPuzzle(challenge, { ...fresh, stash: "newer" }).stash, "newer");
});

test("the page's challenge", () => {
  assert.deepEqual(parseChallenge(JSON.stringify(challenge)), challenge);
  assert.throws(() => parseChallenge("{}"));
  assert.throws(() => parseChallenge("{{challenge_json}}"));
});
