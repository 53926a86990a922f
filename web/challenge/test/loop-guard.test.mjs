import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { createLoopGuard } = await load("src/loop-guard.ts");

function fixture() {
  const kept = new Map();
  const clock = { now: 1_000_000 };
  const storage = {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
    removeItem: (key) => kept.delete(key),
  };
  return { clock, kept, guard: createLoopGuard(() => storage, () => clock.now) };
}

test("four returns within a minute are a loop, for that address only", () => {
  const { clock, guard } = fixture();
  for (let n = 0; n < 4; n++) {
    assert.equal(guard.isLooping("/a"), false);
    guard.note("/a");
    clock.now += 1_000;
  }
  assert.equal(guard.isLooping("/a"), true);
  assert.equal(guard.isLooping("/b"), false);
  clock.now += 57_000;
  assert.equal(guard.isLooping("/a"), false);
});

test("four returns in more than a minute are not", () => {
  const { clock, guard } = fixture();
  for (let n = 0; n < 10; n++) {
    guard.note("/a");
    clock.now += 20_001;
    assert.equal(guard.isLooping("/a"), false);
  }
});

test("forgetting starts over; what is old or broken is dropped", () => {
  const { clock, kept, guard } = fixture();
  for (let n = 0; n < 9; n++) guard.note("/a");
  guard.forget();
  assert.equal(guard.isLooping("/a"), false);
  guard.note("/a");
  clock.now += 60_001;
  guard.note("/b");
  assert.deepEqual(Object.keys(JSON.parse([...kept.values()][0])), ["/b"]);
  for (const broken of ["{", "null", '{"/a":1}', "[]"]) {
    kept.set("spigot-returns", broken);
    assert.equal(guard.isLooping("/a"), false);
  }
});

test("forbidden storage is no storage", () => {
  const guard = createLoopGuard(() => {
    throw new Error("SecurityError");
  }, Date.now);
  guard.note("/a");
  guard.forget();
  assert.equal(guard.isLooping("/a"), false);
});
