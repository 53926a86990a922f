// The texts of all pages as one table per language. A page keeps its own in `src/pages/<page>/<language>.json`, and what
// several share stands in `src/shell/`; keys get the folder's name before them.

import { existsSync, readFileSync, readdirSync } from "node:fs";

const SOURCES = new URL("src/", import.meta.url);
export const LANGUAGES = ["en", "de", "es", "zh"];

/** Every folder with texts, and their file of a language. */
export function folders() {
  const pages = readdirSync(new URL("pages/", SOURCES), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const all = [["shell", "shell"], ...pages.map(({ name }) => [name, `pages/${name}`])];
  return all.filter(([, folder]) => existsSync(new URL(`${folder}/en.json`, SOURCES)));
}

export function texts(folder, language) {
  return JSON.parse(readFileSync(new URL(`${folder}/${language}.json`, SOURCES), "utf8"));
}

export function languages() {
  return Object.fromEntries(
    LANGUAGES.map((language) => {
      const entries = folders().flatMap(([name, folder]) =>
        Object.entries(texts(folder, language)).map(([key, text]) => [`${name}.${key}`, text]),
      );
      return [language, Object.fromEntries(entries)];
    }),
  );
}
