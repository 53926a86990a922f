// What the widget says. English is built in; every other language is a file that is loaded when something is shown.

import en from "../languages/en.json";
import { parts } from "./parts.js";
import { TAGS } from "./tags.js";

export type Texts = typeof en;

/** Tags that people's browsers send for a language that has another tag here. */
const ALIASES: Readonly<Record<string, string>> = {
  iw: "he",
  in: "id",
  no: "nb",
  nn: "nb",
  tl: "fil",
  mo: "ro",
  "zh-tw": "zh-Hant",
  "zh-hk": "zh-Hant",
  "zh-mo": "zh-Hant",
};

const KNOWN = new Map(TAGS.map((tag) => [tag.toLowerCase(), tag]));

/** The first of the wanted languages (BCP 47) that there is, the longest part of each first; English where none is. */
export function pickLanguage(wanted: readonly string[]): string {
  for (const tag of wanted) {
    const parts = tag.toLowerCase().split(/[-_]/);
    for (let length = parts.length; length > 0; length--) {
      const part = parts.slice(0, length).join("-");
      const known = KNOWN.get(
        Object.prototype.hasOwnProperty.call(ALIASES, part) ? ALIASES[part]!.toLowerCase() : part,
      );
      if (known !== undefined) return known;
    }
  }
  return "en";
}

/** What the page asks for: the attribute, the nearest `lang` around the element, the browser's languages. */
export function languageFor(element: Element, asked: string | null): string {
  if (asked !== null && asked !== "" && asked !== "auto") return pickLanguage([asked]);
  const around = langAround(element);
  return pickLanguage(
    around === undefined ? (navigator.languages ?? [navigator.language]) : [around, ...navigator.languages],
  );
}

/** Also through the walls of shadow trees. */
function langAround(element: Element): string | undefined {
  for (let at: Element | null = element; at !== null;) {
    const said: Element | null = at.closest("[lang]");
    if (said !== null) return said.getAttribute("lang") || undefined;
    const root = at.getRootNode();
    at = root instanceof ShadowRoot ? root.host : null;
  }
  return undefined;
}

const loaded = new Map<string, Promise<Texts>>();

/** The texts of a known tag; English where its file cannot be had. */
export function loadTexts(base: string, tag: string): Promise<Texts> {
  const embedded = tag === "en" ? en : parts.languages?.[tag];
  if (embedded !== undefined) return Promise.resolve(embedded);
  const url = `${base}languages/${tag}.json`;
  // As many as there are languages: a page has one, seldom two.
  if (!loaded.has(url)) loaded.set(url, load(url));
  return loaded.get(url)!;
}

async function load(url: string): Promise<Texts> {
  try {
    const response = await fetch(url, { credentials: "omit" });
    // A file of another version may lack a text.
    return { ...en, ...((await response.json()) as Partial<Texts>) };
  } catch {
    loaded.delete(url);
    return en;
  }
}

export { en };
