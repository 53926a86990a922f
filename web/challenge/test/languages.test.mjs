import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { load } from "./load.mjs";

const { languages, pickLanguage } = await load("src/languages.ts");
const PLAIN = new URL("../languages/plain/", import.meta.url);
const FOLDER = new URL("../languages/", import.meta.url);
const read = (path) => readFileSync(new URL(path, import.meta.url), "utf8");

test("every file is in the table", () => {
  for (const folder of [FOLDER, PLAIN]) {
    const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
    assert.deepEqual(Object.keys(languages).sort(), files.map((name) => name.replace(/\.json$/, "")).sort());
  }
});

const plain = Object.fromEntries(
  Object.keys(languages).map((tag) => [tag, JSON.parse(readFileSync(new URL(`${tag}.json`, PLAIN), "utf8"))]),
);

for (const [tag, texts] of Object.entries(plain)) {
  test(`${tag}, without JavaScript: the same keys, nothing empty, the same placeholders`, () => {
    assert.deepEqual(Object.keys(texts), Object.keys(plain.en));
    for (const [key, text] of Object.entries(texts)) {
      assert.ok(text.trim() !== "", key);
      assert.deepEqual(text.match(/\{\w+\}/g)?.sort(), plain.en[key].match(/\{\w+\}/g)?.sort(), key);
    }
  });
}

for (const [tag, texts] of Object.entries(languages)) {
  test(`${tag}: the same keys in the same order, nothing empty, the same placeholders`, () => {
    assert.deepEqual(Object.keys(texts), Object.keys(languages.en));
    assert.match(texts.dir, /^(ltr|rtl)$/);
    for (const [key, text] of Object.entries(texts)) {
      assert.ok(text.trim() !== "", key);
      assert.deepEqual(text.match(/\{\w+\}/g), languages.en[key].match(/\{\w+\}/g), key);
    }
  });
}

test("the server fills the page with the texts that the script replaces", () => {
  const marked = [...read("../src/page.html").matchAll(/data-text="(\w+)">([^<]*)</g)];
  assert.ok(marked.length >= 5);
  for (const [, key, text] of marked) assert.equal(text, `{{text:${key}}}`, key);
});

test("no text is left over", () => {
  const used = read("../src/view.ts") + read("../src/page.html");
  for (const key of Object.keys(languages.en)) assert.ok(new RegExp(`(texts\\.|")${key}\\b`).test(used), key);
});

const picks = [
  [["de-AT", "en"], "de"],
  [["ZH-Hant-TW"], "zh"],
  [["pt-BR", "fr-CA", "en"], "fr"],
  [["xx"], "en"],
  [[], "en"],
  [["und", ""], "en"],
  [["constructor", "__proto__"], "en"],
];
for (const [wanted, picked] of picks) {
  test(`${JSON.stringify(wanted)} gets ${picked}`, () => assert.equal(pickLanguage(wanted), picked));
}
