// What a vendor's widget leaves behind that ends badly, or well.

import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { captchala } = await load("src/provider/captchala.ts");

for (const [name, init, ends] of [
  ["throws", () => { throw new Error("no"); }, assert.rejects],
  ["fails", ({ onError }) => onError(), assert.rejects],
  ["gives a token", ({ onSuccess }) => onSuccess("t"), assert.doesNotReject],
]) {
  test(`${name}: nobody looks for its field any more`, async (context) => {
    const looking = new Set();
    context.mock.method(globalThis, "setInterval", () => {
      const id = {};
      looking.add(id);
      return id;
    });
    context.mock.method(globalThis, "clearInterval", (id) => looking.delete(id));
    globalThis.window = { loadCaptchala: () => ({ init }) };
    context.after(() => delete globalThis.window);
    await ends(captchala({ element: {}, widget: {}, language: "en" }));
    assert.equal(globalThis.setInterval.mock.callCount(), 1);
    assert.equal(looking.size, 0);
  });
}
