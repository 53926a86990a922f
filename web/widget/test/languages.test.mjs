import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { load } from "./load.mjs";

const { pickLanguage } = await load("src/languages.ts");
const { TAGS } = await load("src/tags.ts");
const FOLDER = new URL("../languages/", import.meta.url);
const read = (tag) => JSON.parse(readFileSync(new URL(`${tag}.json`, FOLDER), "utf8"));
const en = read("en");

test("every file is in the list", () => {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));
  assert.deepEqual([...TAGS], files.map((name) => name.replace(/\.json$/, "")).sort());
  assert.ok(TAGS.length >= 30);
});

for (const tag of TAGS) {
  test(`${tag}: the same keys in the same order, nothing empty, the same placeholders`, () => {
    const texts = read(tag);
    assert.deepEqual(Object.keys(texts), Object.keys(en));
    assert.equal(texts.dir, ["ar", "fa", "he", "ur"].includes(tag) ? "rtl" : "ltr");
    for (const [key, text] of Object.entries(texts)) {
      assert.ok(text.trim() !== "" && text === text.trim(), key);
      assert.deepEqual(text.match(/\{\w+\}/g), en[key].match(/\{\w+\}/g), key);
      if (tag !== "en" && text.length > 15) assert.notEqual(text, en[key], `${key} is English`);
    }
  });
}

test("what has no native review is marked", () => {
  const readme = readFileSync(new URL("README.md", FOLDER), "utf8");
  for (const tag of TAGS) assert.match(readme, new RegExp(`^\\| \`${tag}\` \\|`, "m"));
});

test("no text is left over", () => {
  const used = ["src/view/content.ts", "src/view/view.ts"].map((path) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8")).join();
  for (const key of Object.keys(en)) assert.ok(new RegExp(`texts\\.${key}\\b`).test(used), key);
});

/** What CaptchaLa's settings offer, by its tags. */
const CAPTCHALA =
  "ar bg bn cs da de el en es et fa fi fil fr gu he hi hr hu id it ja km kn ko lo ml mr ms my ne nl no pa pl pt pt-BR ro ru si sk sl sr sv sw ta te th tr uk ur vi zh-CN zh-TW";
const OURS = { no: "nb", "zh-CN": "zh", "zh-TW": "zh-Hant" };
for (const tag of CAPTCHALA.split(" ")) {
  test(`a page made for CaptchaLa in ${tag} gets that language`, () => assert.equal(pickLanguage([tag]), OURS[tag] ?? tag));
}

const picks = [
  [["de-AT", "en"], "de"],
  [["zh-TW"], "zh-Hant"],
  [["zh-Hant-HK"], "zh-Hant"],
  [["zh-Hans-CN"], "zh"],
  [["pt-BR"], "pt-BR"],
  [["pt-PT"], "pt"],
  [["pt_BR"], "pt-BR"],
  [["no"], "nb"],
  [["nn-NO"], "nb"],
  [["iw-IL"], "he"],
  [["xx", "fr-CA"], "fr"],
  [["xx"], "en"],
  [[], "en"],
  [["und", ""], "en"],
  [["constructor", "__proto__"], "en"],
];
for (const [wanted, picked] of picks) {
  test(`${JSON.stringify(wanted)} gets ${picked}`, () => assert.equal(pickLanguage(wanted), picked));
}
