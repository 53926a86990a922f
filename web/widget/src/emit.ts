// What a page hears of a widget: an event on the element, and the callback that it named for it.

import type { Options } from "./types.js";

type Callback = Extract<keyof Options, `${string}callback`>;

export type Handlers = { [name in Callback]?: (...values: never[]) => void };

/** What happened, the event's name after `spigot-`; and its callback. */
const CALLBACKS = {
  token: "callback",
  error: "error-callback",
  expired: "expired-callback",
  timeout: "timeout-callback",
  "before-interactive": "before-interactive-callback",
  "after-interactive": "after-interactive-callback",
  unsupported: "unsupported-callback",
  state: undefined,
} as const;

export type Happening = keyof typeof CALLBACKS;

export function emit(element: HTMLElement & { handlers: Handlers }, what: Happening, ...values: unknown[]): void {
  element.dispatchEvent(new CustomEvent(`spigot-${what}`, { bubbles: true, composed: true, detail: values[0] }));
  const name = CALLBACKS[what];
  if (name === undefined) return;
  const handler = element.handlers[name] ?? named(element.getAttribute(name));
  try {
    handler?.(...(values as never[]));
  } catch (error) {
    // The page's own trouble is not the widget's.
    setTimeout(() => {
      throw error;
    });
  }
}

/** A function of the page by its plain name: markup that may name a path as well could call too much. */
export function named(name: string | null): ((...values: never[]) => void) | undefined {
  const value = (window as unknown as Record<string, unknown>)[name ?? ""];
  return typeof value === "function" ? (value as (...values: never[]) => void) : undefined;
}
