// The marks of a browser: each of them on something that has it, none on browsers that people use, whatever these hide.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { load } from "./load.mjs";

const { marksOf } = await load("src/collect/browser.ts");
const ENGINES = JSON.parse(readFileSync(new URL("../src/collect/engines.json", import.meta.url), "utf8"));

const CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";
const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:135.0) Gecko/20100101 Firefox/135.0";
const SAFARI = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15";
const IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1";
const ANDROID = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36";
const BLINK = ENGINES[0].has;
const GECKO = ENGINES[1].has;
const WEBKIT = ENGINES[2].has;

/** A desktop's browser in a window of its own, changed as said. */
function view(userAgent, engine, { agent = {}, screen = {}, page = {}, framed = false, webdriver = false, own, getter, ...rest } = {}) {
  class Navigator {}
  // A bound function is native code, as a browser's own getter is.
  const native = ((value) => value).bind(undefined, webdriver);
  Object.defineProperty(Navigator.prototype, "webdriver", { get: getter ?? native });
  Object.assign(Navigator.prototype, {
    userAgent,
    platform: "Linux x86_64",
    language: "en",
    languages: ["en"],
    plugins: [1, 2, 3, 4, 5],
    maxTouchPoints: 0,
    ...agent,
  });
  const navigator = new Navigator();
  for (const [name, value] of Object.entries(own ?? {})) Object.defineProperty(navigator, name, { value });
  const seen = {
    navigator,
    screen: { width: 1920, height: 1080, colorDepth: 24, ...screen },
    outerWidth: 1200,
    outerHeight: 900,
    innerWidth: 1200,
    innerHeight: 780,
    ...Object.fromEntries(engine.map((name) => [name, null])),
    ...rest,
  };
  seen.parent = framed ? {} : seen;
  return [seen, { hidden: false, ...page }];
}

const mac = { agent: { platform: "MacIntel" } };
const PEOPLE = {
  Chrome: view(CHROME, BLINK),
  "Chrome of three years ahead, without half of what it had": view(CHROME.replace("131", "190"), BLINK.slice(0, 1)),
  "a page made as small as it goes": view(CHROME, BLINK, { innerWidth: 4800, innerHeight: 3120 }),
  "a tab that was never in front": view(CHROME, BLINK, {
    outerWidth: 0,
    outerHeight: 0,
    innerWidth: 0,
    innerHeight: 0,
    page: { hidden: true },
  }),
  "Chrome that downloads PDFs, and Vivaldi": view(CHROME, BLINK, { agent: { plugins: [] } }),
  "a phone that asks for the desktop's page": view(CHROME, BLINK, {
    agent: { platform: "Linux armv81", maxTouchPoints: 5, plugins: [] },
    outerWidth: 190,
    outerHeight: 400,
    innerWidth: 980,
    innerHeight: 2060,
  }),
  "a long frame": view(CHROME, BLINK, { innerHeight: 9000, framed: true }),
  "Chrome from before the engines are told apart": view(CHROME.replace("131", "72"), []),
  "Brave, with numbers of its own": view(CHROME, BLINK, {
    outerWidth: 1207,
    outerHeight: 783,
    screen: { width: 1203, height: 785 },
    agent: { plugins: [1, 2] },
  }),
  Firefox: view(FIREFOX, GECKO, { agent: { plugins: [] } }),
  "Tor Browser: the window is the screen": view(FIREFOX.replace("X11; Linux x86_64", "Windows NT 10.0; Win64; x64"), GECKO, {
    outerWidth: 1000,
    outerHeight: 900,
    innerWidth: 1000,
    innerHeight: 900,
    screen: { width: 1000, height: 900 },
    agent: { platform: "Win32", plugins: [] },
  }),
  "an extension for privacy that replaces properties": view(FIREFOX, GECKO, { own: { hardwareConcurrency: 2 } }),
  Safari: view(SAFARI, WEBKIT, mac),
  "a tablet that says Macintosh, in an app": view(SAFARI, WEBKIT, {
    agent: { platform: "MacIntel", maxTouchPoints: 5 },
    outerWidth: 0,
    outerHeight: 0,
  }),
  "an iPhone, in an app": view(IPHONE, WEBKIT, {
    agent: { platform: "iPhone", maxTouchPoints: 5 },
    outerWidth: 0,
    outerHeight: 0,
    screen: { width: 390, height: 844 },
  }),
  "Chrome on an iPhone": view(IPHONE.replace("Version/18.0", "CriOS/131.0.0.0"), WEBKIT, {
    agent: { platform: "iPhone", maxTouchPoints: 5 },
  }),
  "Chrome on a phone, and a page that was not made for phones": view(ANDROID, BLINK, {
    agent: { platform: "Linux armv81", maxTouchPoints: 5, plugins: [] },
    outerWidth: 190,
    outerHeight: 400,
    innerWidth: 980,
    innerHeight: 2060,
  }),
  "a television": view(ANDROID.replace(" Mobile", "").replace("K)", "BRAVIA 4K)"), BLINK, {
    agent: { platform: "Linux armv7l", plugins: [] },
  }),
  "electronic paper": view(ANDROID, BLINK, { agent: { platform: "Linux armv7l", maxTouchPoints: 2, plugins: [] }, screen: { colorDepth: 8 } }),
  "a telephone with keys": view("Mozilla/5.0 (Mobile; Nokia_2720_Flip; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5", [], {
    agent: { platform: "", plugins: [] },
  }),
  "the first Edge, with an engine of its own": view(`${CHROME.replace("131", "70")} Edge/18.17763`, []),
};

for (const [who, seen] of Object.entries(PEOPLE)) {
  test(`no mark: ${who}`, () => assert.deepEqual(marksOf(...seen), []));
}

const replaced = () => false;
const PROGRAMS = [
  ["webdriver", view(CHROME, BLINK, { webdriver: true })],
  ["headless", view(CHROME.replace("Chrome", "HeadlessChrome"), BLINK)],
  ["tool", view(CHROME, BLINK, { __playwright__binding__: 1 })],
  ["no_languages", view(CHROME, BLINK, { agent: { languages: [] } })],
  ["no_window", view(CHROME, BLINK, { outerWidth: 0, outerHeight: 0 })],
  ["brands", view(CHROME, BLINK, { agent: { userAgentData: { brands: [{ brand: "Other" }] } } })],
  ["mobile", view(CHROME, BLINK, { agent: { userAgentData: { mobile: true } } })],
  ["platform", view(CHROME.replace("X11; Linux x86_64", "Windows NT 10.0; Win64; x64"), BLINK)],
  ["touch", view(ANDROID, BLINK, { agent: { platform: "Linux armv81" } })],
  ["patched", view(CHROME, BLINK, { getter: replaced })],
  ["patched", view(CHROME, BLINK, { own: { webdriver: false } })],
  ["screen", view(CHROME, BLINK, { screen: { width: 0, height: 0 } })],
  ["screen", view(CHROME, BLINK, { screen: { width: -1 } })],
  ["screen", view(CHROME, BLINK, { screen: { colorDepth: 0 } })],
  ["screen", view(CHROME, BLINK, { screen: { colorDepth: undefined } })],
  ["screen", view(CHROME, BLINK, { outerWidth: 200, outerHeight: 100 })],
  ["engine", view(CHROME, [])],
  ["engine", view(CHROME, GECKO)],
  ["engine", view(FIREFOX, BLINK)],
  ["engine", view(SAFARI, BLINK, mac)],
  ["engine", view(IPHONE, BLINK, { agent: { platform: "iPhone", maxTouchPoints: 5 } })],
];

for (const [mark, seen] of PROGRAMS) {
  test(`the mark ${mark}`, () => assert.deepEqual(marksOf(...seen), [mark]));
}

test("every mark has its case", () => {
  const server = readFileSync(new URL("../../../crates/decision/src/behaviour/browser.rs", import.meta.url), "utf8");
  const known = [...server.matchAll(/Self::\w+ => "(\w+)"/g)].map(([, name]) => name);
  assert.deepEqual([...new Set(PROGRAMS.map(([mark]) => mark))].sort(), known.sort());
});
