// Where the service is, by the script's address.

import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { baseFrom, baseOf, baseWritten } = await load("src/base.ts");
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

const HOME = "https://guard.example/.spigot/widget/";
const ORIGIN = "https://shop.example";
const written = [
  ["/x", PAGE, "https://shop.example/x/"],
  ["https://guard.example/w", PAGE, "https://guard.example/w/"],
  ["/x?file=1#y", PAGE, "https://shop.example/x/"],
  ["https://other.example/w/", PAGE, HOME],
  ["//other.example/w/", PAGE, HOME],
  ["http://shop.example/", PAGE, HOME],
  ["https://shop.example.other.example/", PAGE, HOME],
  ["https://shop.example@other.example/", PAGE, HOME],
  ["https://shop.example:8443/", PAGE, HOME],
  ["data:text/javascript,//", PAGE, HOME],
  ["blob:https://shop.example/5a2751d2#", PAGE, HOME],
  // A `<base>` in the page may be of whoever wrote the attribute.
  ["/x", "https://other.example/", HOME],
];
for (const [text, page, base] of written) {
  test(`by an attribute: ${text} in ${page}`, (context) => {
    const told = context.mock.method(console, "error", () => {});
    assert.equal(baseWritten(text, page, HOME, ORIGIN), base);
    assert.equal(told.mock.callCount(), base === HOME ? 1 : 0);
  });
}
