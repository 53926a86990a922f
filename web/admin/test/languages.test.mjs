// Every language says everything, with the same values in it, and nothing else.

import assert from "node:assert/strict";
import { test } from "node:test";
import { LANGUAGES, folders, texts } from "../languages.mjs";

const values = (text) => {
  const forms = typeof text === "string" ? [text] : Object.values(text);
  return [...new Set(forms.flatMap((form) => form.match(/\{\w+\}/g) ?? []))].sort();
};

for (const [name, folder] of folders()) {
  test(`the texts of ${name}`, () => {
    const english = texts(folder, "en");
    for (const language of LANGUAGES.filter((one) => one !== "en")) {
      const other = texts(folder, language);
      assert.deepEqual(Object.keys(other).sort(), Object.keys(english).sort(), `${name}/${language}.json`);
      for (const [key, text] of Object.entries(english)) {
        assert.deepEqual(values(other[key]), values(text), `${name}/${language}.json: ${key}`);
        const forms = typeof other[key] === "string" ? [other[key]] : Object.values(other[key]);
        assert.ok(forms.every((form) => form.trim() !== ""), `${name}/${language}.json: ${key} says nothing`);
      }
    }
  });
}
