// What the page says, in every language it has: one file each in `languages/`, one line each here.

import ar from "../languages/ar.json";
import de from "../languages/de.json";
import en from "../languages/en.json";
import es from "../languages/es.json";
import fr from "../languages/fr.json";
import zh from "../languages/zh.json";

export type Texts = typeof en;

export const languages: Readonly<Record<string, Texts>> = { ar, de, en, es, fr, zh };

/** The first of the visitor's languages (BCP 47, most wanted first) that we have; English where we have none. */
export function pickLanguage(wanted: readonly string[]): string {
  for (const tag of wanted) {
    const primary = tag.toLowerCase().split("-")[0]!;
    if (Object.prototype.hasOwnProperty.call(languages, primary)) return primary;
  }
  return "en";
}
