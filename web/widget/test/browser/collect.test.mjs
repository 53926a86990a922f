// What the collectors find of a browser and of a page out of sight; and that docs/privacy.md names what is sent, no more and
// no less.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { closeBrowser, form, token, visit, widget } from "./stub.mjs";

after(closeBrowser);

const UNSTEERED = "--disable-blink-features=AutomationControlled";
const agent = (system, more = "") => `Mozilla/5.0 (${system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0${more} Safari/537.36`;
const LINUX = agent("X11; Linux x86_64");

/** Answers for a browser, where a script would look; nothing else of it is changed. */
const says = (name, value) => ({
  content: `Object.defineProperty(Navigator.prototype, ${JSON.stringify(name)}, { get: () => (${value}), configurable: true });`,
});
const HINTS = says("userAgentData", '{ brands: [{ brand: "Chromium" }], mobile: false }');

/** The sums of a browser in which nobody does anything. */
async function seenIn({ flags = [UNSTEERED], userAgent = LINUX, init = [] }) {
  let seen;
  await visit({ flags, context: userAgent === null ? {} : { userAgent }, init: [HINTS, init].flat(), body: form(widget()) }, async ({ page, stub }) => {
    await token(page);
    ({ seen } = stub.submissions[0]);
  });
  return seen;
}

const marks = {
  webdriver: { flags: [] },
  headless: { userAgent: null },
  // Of ChromeDriver, before version 108 and since.
  tool: [{ init: { content: "document.$cdc_abc_ = 1;" } }, { init: { content: "window.cdc_abc_Array = Array;" } }, { init: { content: "window.domAutomation = {};" } }],
  no_languages: { init: says("languages", "[]") },
  no_window: { init: { content: 'for (const name of ["outerWidth", "outerHeight"]) Object.defineProperty(window, name, { value: 0 });' } },
  brands: { init: says("userAgentData", '{ brands: [{ brand: "Other" }], mobile: false }') },
  mobile: { init: says("userAgentData", '{ brands: [{ brand: "Chromium" }], mobile: true }') },
  platform: { userAgent: agent("Windows NT 10.0; Win64; x64") },
  touch: { userAgent: agent("Linux; Android 10; K", " Mobile"), init: says("userAgentData", '{ brands: [{ brand: "Chromium" }], mobile: true }') },
  screen: [
    { init: { content: 'for (const name of ["width", "height"]) Object.defineProperty(Screen.prototype, name, { get: () => 0 });' } },
    { init: { content: 'for (const name of ["outerWidth", "outerHeight"]) Object.defineProperty(window, name, { value: 100 });' } },
  ],
  engine: { userAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", init: says("userAgentData", "undefined") },
  patched: { init: { content: 'Object.defineProperty(navigator, "webdriver", { get: () => false });' } },
};

const people = {
  "hides nothing": {},
  "downloads PDFs in place of showing them": { init: says("plugins", "[]") },
  "is on a phone and asks for the desktop's page": { init: [says("plugins", "[]"), says("maxTouchPoints", "5"), says("platform", '"Linux armv81"')] },
};
for (const [who, browser] of Object.entries(people)) {
  test(`a browser that ${who} has no mark`, async () => {
    assert.deepEqual((await seenIn(browser)).browser.marks, []);
  });
}

for (const [mark, browsers] of Object.entries(marks)) {
  for (const [n, browser] of [browsers].flat().entries()) {
    test(`a browser with the mark ${mark} and no other (${n + 1})`, async () => {
      assert.deepEqual((await seenIn(browser)).browser.marks, [mark]);
    });
  }
}

const HIDDEN = { content: `
  let hidden = true;
  Object.defineProperty(Document.prototype, "hidden", { get: () => hidden });
  Object.defineProperty(Document.prototype, "visibilityState", { get: () => (hidden ? "hidden" : "visible") });
  window.turn = (is) => {
    hidden = is;
    document.dispatchEvent(new Event("visibilitychange"));
  };
` };

test("a page out of sight: how often, how long, and whether it was ever in sight", async () => {
  await visit({ init: HIDDEN, body: form(widget('auto="off"')) }, async ({ page, stub }) => {
    await page.waitForFunction(() => document.querySelector("spigot-challenge").shadowRoot);
    const solve = async () => {
      await page.evaluate(() => spigot.execute());
      await page.evaluate(() => spigot.reset());
      return stub.submissions.at(-1).seen.visibility;
    };
    const passed = async (millis) => {
      const end = (await page.evaluate(() => performance.now())) + millis;
      await page.waitForFunction((end) => performance.now() >= end, end);
    };
    await passed(30);
    const never = await solve();
    assert.ok(never.hidden_millis >= 30, JSON.stringify(never));
    assert.deepEqual([never.hides, never.hidden_throughout], [0, true]);
    await page.evaluate(() => turn(false));
    const seen = await solve();
    assert.deepEqual([seen.hides, seen.hidden_throughout], [0, false]);
    await page.evaluate(() => turn(true));
    await passed(30);
    await page.evaluate(() => turn(false));
    const twice = await solve();
    assert.deepEqual([twice.hides, twice.hidden_throughout], [1, false]);
    assert.ok(twice.hidden_millis >= seen.hidden_millis + 30, JSON.stringify([seen, twice]));
  });
});

/** The rows of the table below "What the widget sees": names, and the words in code of the second column. */
function documented() {
  const text = readFileSync(new URL("../../../../docs/privacy.md", import.meta.url), "utf8");
  const section = text.split("### What the widget sees")[1].split("\n## ")[0];
  const words = (cell) => [...cell.matchAll(/`([\w.]+)`/g)].map(([, word]) => word);
  return section.split("\n").filter((line) => line.startsWith("| `")).map((line) => {
    const [, names, what] = line.split("|");
    const [first, ...others] = words(names);
    const group = first.includes(".") ? `${first.split(".")[0]}.` : "";
    return { names: [first, ...others.map((name) => group + name)], words: words(what) };
  });
}

test("docs/privacy.md names every sum that is sent, every mark, and nothing else", async () => {
  const { browser, ...sums } = await seenIn({});
  const sent = Object.entries({ browser, ...sums }).flatMap(([name, value]) => (typeof value === "object" ? Object.keys(value).map((key) => `${name}.${key}`) : [name]));
  const rows = documented();
  assert.deepEqual(rows.flatMap(({ names }) => names).sort(), sent.sort());
  const source = readFileSync(new URL("../../src/collect/browser.ts", import.meta.url), "utf8");
  const known = [...source.split("const MARKS")[1].split("\n};")[0].matchAll(/^ {2}(\w+): \(/gm)].map(([, name]) => name);
  assert.deepEqual(known.sort(), Object.keys(marks).sort());
  assert.deepEqual(rows.find(({ names }) => names.includes("browser.marks")).words.sort(), known.sort());
});
