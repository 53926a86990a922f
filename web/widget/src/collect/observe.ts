// Sums of behaviour and of the browser's consistency, sent with a submission: one collector per file, one line each
// here. Every field is listed in docs/privacy.md. Nothing is kept, and nothing says what was typed or pasted.

import type { Scope } from "../scope.js";
import { browser } from "./browser.js";
import { fill } from "./fill.js";
import { focus } from "./focus.js";
import { keys } from "./keys.js";
import { paste } from "./paste.js";
import { pointer } from "./pointer.js";
import { visibility } from "./visibility.js";

export interface Place {
  readonly page: Document;
  /** The whole page where there is no form. */
  readonly form: HTMLFormElement | undefined;
  /** Ends with the widget, or when it moves to another form. */
  readonly scope: Scope;
  /** Milliseconds. */
  now(): number;
}

type Sums = Readonly<Record<string, number | boolean | readonly string[]>>;

export type Collect = (place: Place) => () => Sums;

const COLLECTORS = { pointer, keys, focus, fill, paste, visibility, browser };

export type Seen = { readonly since_millis: number } & { readonly [name in keyof typeof COLLECTORS]: Sums };

/** Begins to collect; the answer gives the sums so far. */
export function observe(place: Place): () => Seen {
  const start = place.now();
  const read = Object.entries(COLLECTORS).map(([name, collect]) => [name, collect(place)] as const);
  return () =>
    ({
      since_millis: Math.round(place.now() - start),
      ...Object.fromEntries(read.map(([name, sums]) => [name, sums()])),
    }) as unknown as Seen;
}
