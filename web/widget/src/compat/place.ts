// What the three have in common: options from a call and from `data-` attributes, containers, pages that are scanned.

import { apply } from "../api.js";
import { TAG, type Challenge } from "../element.js";
import { named } from "../emit.js";
import type { Options } from "../types.js";

/** Another service's options, by its names. */
export type Foreign = Readonly<Record<string, unknown>>;

/** A container's `data-` attributes, and over them what the call says. */
export function optionsOf(container: Element, given: Foreign = {}): Foreign {
  const data = Array.from(container.attributes)
    .filter(({ name }) => name.startsWith("data-"))
    .map(({ name, value }) => [name.slice("data-".length), value]);
  return { ...(Object.fromEntries(data) as Foreign), ...given };
}

/** A function, or the name of one of the page's. Looked up when it is called: it may come later. */
export function callbackOf(value: unknown): ((...values: unknown[]) => void) | undefined {
  if (typeof value === "function") return value as (...values: unknown[]) => void;
  if (typeof value !== "string" || value === "") return undefined;
  return (...values) => named(value)?.(...(values as never[]));
}

export function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : undefined;
}

export function makeWidget(options: Partial<Options>): Challenge {
  const widget = document.createElement(TAG) as Challenge;
  apply(widget, options);
  return widget;
}

const ofButtons = new WeakMap<Element, Challenge>();

/** The widget in a container or beside a button, if there is one. */
export function widgetIn(container: Element | null): Challenge | null {
  const beside = container && ofButtons.get(container);
  return beside?.isConnected ? beside : (container?.querySelector<Challenge>(TAG) ?? null);
}

/** A button that is to be checked before it does what it does: the widget stands beside it and shows itself in a dialog
 * if it must; the page's callback gets the token. */
export function bindButton(button: Element, options: Partial<Options>): Challenge {
  const { callback, ...others } = options;
  const widget = makeWidget({ ...others, mode: "invisible", auto: "off", hold: "off" });
  button.before(widget);
  ofButtons.get(button)?.release();
  ofButtons.set(button, widget);
  let used = false;
  widget.bound.on(button, "click", (event: Event) => {
    // The page took it away; it may put it back.
    if (!widget.isConnected) return;
    event.preventDefault();
    // A token is good for one press.
    if (used) widget.reset();
    used = true;
    widget.execute().then(
      (token) => (callback as ((token: string) => void) | undefined)?.(token),
      () => {},
    );
  });
  return widget;
}

export const isButton = (element: Element): boolean =>
  element.matches("button, input[type=submit], input[type=button]");

export function whenParsed(call: () => void): void {
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", call, { once: true });
  else call();
}
