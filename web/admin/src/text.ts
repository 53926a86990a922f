// What the panel says, in the language of whoever reads it. A page says `const t = words<typeof en>("lists")` and then
// `t("title")`; the compiler knows the keys.

import { useEffect, useState } from "preact/hooks";

/** A text, or one for each number (CLDR plural categories). `{name}` stands for a value. */
type Text = string | Partial<Record<Intl.LDMLPluralRule, string>>;
type Values = Record<string, string | number>;

export const LANGUAGES = { en: "English", de: "Deutsch", es: "Español", zh: "中文" } as const;
export type Language = keyof typeof LANGUAGES;

const KEPT = "spigot-language";
let texts: Record<string, Text> = {};
let language: Language = "en";
const listeners = new Set<() => void>();

/** Texts of one folder. */
export function words<Texts extends object>(folder: string): (key: keyof Texts & string, values?: Values) => string {
  return (key, values) => say(texts[`${folder}.${key}`], values) ?? key;
}

/** For keys that are put together, such as names of actions: the text when there is one. */
export function maybe(key: string, values?: Values): string | undefined {
  return say(texts[key], values);
}

function say(text: Text | undefined, values: Values = {}): string | undefined {
  if (text === undefined) return undefined;
  const count = typeof values["count"] === "number" ? values["count"] : 0;
  const chosen = typeof text === "string" ? text : (text[new Intl.PluralRules(language).select(count)] ?? text.other ?? "");
  return chosen.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : typeof value === "number" ? number(value) : value;
  });
}

export function number(value: number, options?: Intl.NumberFormatOptions): string {
  return new Intl.NumberFormat(language, options).format(value);
}

/** A moment of the API (RFC 3339, UTC) as people read it, in the browser's own time zone. */
export function moment(time: string, options: Intl.DateTimeFormatOptions = { dateStyle: "medium", timeStyle: "short" }): string {
  return new Intl.DateTimeFormat(language, options).format(new Date(time));
}

export function currentLanguage(): Language {
  return language;
}

/** The language that was chosen, or the first of the browser's that there is. */
export function preferredLanguage(): Language {
  const known = (name: string): name is Language => name in LANGUAGES;
  const kept = localStorage.getItem(KEPT) ?? "";
  if (known(kept)) return kept;
  return navigator.languages.map((name) => name.split("-")[0] ?? "").find(known) ?? "en";
}

export async function chooseLanguage(name: Language, remember = true): Promise<void> {
  const response = await fetch(`/languages/${name}.json`);
  texts = (await response.json()) as Record<string, Text>;
  language = name;
  if (remember) localStorage.setItem(KEPT, name);
  document.documentElement.lang = name;
  for (const listener of listeners) listener();
}

/** Renders anew when the language changes. */
export function useLanguage(): Language {
  const [, turn] = useState(0);
  useEffect(() => {
    const listener = (): void => turn((count) => count + 1);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
  return language;
}
