// Where the service is, by the script's address.

import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { baseFrom, baseOf } = await load("src/base.ts");
const PAGE = "https://shop.example/a/b?c#d";

const scripts = [
  ["https://shop.example/.spigot/widget/widget.js?x=1#y", "https://shop.example/.spigot/widget/"],
  ["https://guard.example/below/.spigot/widget/compat.js", "https://guard.example/below/.spigot/widget/"],
  ["https://guard.example/turnstile/v0/api.js?render=explicit", "https://guard.example/.spigot/widget/"],
  [undefined, "https://shop.example/.spigot/widget/"],
];
for (const [script, base] of scripts) {
  test(`the script ${script}`, () => assert.equal(baseOf(script, PAGE), base));
}

for (const [text, base] of [["/x/widget", "https://shop.example/x/widget/"], ["https://guard.example/w/", "https://guard.example/w/"]]) {
  test(`written: ${text}`, () => assert.equal(baseFrom(text, PAGE), base));
}
