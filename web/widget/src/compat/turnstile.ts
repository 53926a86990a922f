// `window.turnstile` and `.cf-turnstile`.

import type { Challenge } from "../element.js";
import type { Options, Refresh, Size, Theme } from "../types.js";
import { turnstileCode } from "./codes.js";
import { callbackOf, makeWidget, optionsOf, text, whenParsed, widgetIn, type Foreign } from "./place.js";

export const MARKER = "cf-turnstile";

type Which = string | Element | undefined;

export function createTurnstile(): Readonly<Record<string, unknown>> {
  const widgets = new Map<string, Challenge>();
  let last = 0;

  function containerOf(container: string | Element): Element | null {
    if (typeof container !== "string") return container;
    return document.querySelector(container) ?? document.getElementById(container);
  }

  /** By id, by container, or the first that there is. */
  function find(which: Which): Challenge | null {
    if (which === undefined) return [...widgets.values()].find((widget) => widget.isConnected) ?? null;
    return (typeof which === "string" ? widgets.get(which) : undefined) ?? widgetIn(containerOf(which as string));
  }

  function idOf(widget: Challenge): string | undefined {
    return [...widgets].find(([, other]) => other === widget)?.[0];
  }

  return {
    ready: (call: () => void) => whenParsed(call),
    render(container: string | Element, given?: Foreign): string | undefined {
      const place = containerOf(container);
      if (place === null) {
        console.error(`turnstile.render: nothing in the page matches ${String(container)}`);
        return undefined;
      }
      const there = widgetIn(place);
      if (there !== null) return idOf(there);
      for (const [id, widget] of widgets) if (!widget.isConnected) widgets.delete(id);
      const widget = makeWidget(translate(optionsOf(place, given)));
      const id = `cf-chl-widget-${++last}`;
      widgets.set(id, widget);
      place.append(widget);
      return id;
    },
    execute(which?: Which, given?: Foreign): void {
      let widget = find(which);
      if (widget === null && which !== undefined && given !== undefined) {
        widget = widgets.get((this as { render(of: unknown, with_: Foreign): string }).render(which, given)) ?? null;
      }
      // Failures are told by the error callback.
      widget?.execute().catch(() => {});
    },
    reset: (which?: Which) => find(which)?.reset(),
    remove(which?: Which): void {
      const widget = find(which);
      if (widget === null) return;
      widgets.delete(idOf(widget) ?? "");
      widget.release();
      widget.remove();
    },
    getResponse: (which?: Which) => find(which)?.getResponse(),
    isExpired: (which?: Which) => find(which)?.isExpired() ?? false,
  };
}

function translate(foreign: Foreign): Options {
  const errorCallback = callbackOf(foreign["error-callback"]);
  const size = text(foreign["size"]);
  const wanted: { [name in keyof Options]: Options[name] | undefined } = {
    "site-key": text(foreign["sitekey"]) ?? "",
    action: text(foreign["action"]),
    data: text(foreign["cData"] ?? foreign["cdata"]),
    mode: size === "invisible" ? "invisible" : "managed",
    auto: foreign["execution"] === "execute" ? "off" : "load",
    size: size as Size | undefined,
    theme: text(foreign["theme"]) as Theme | undefined,
    language: text(foreign["language"]),
    "response-field": String(foreign["response-field"]) !== "false",
    "response-field-name": text(foreign["response-field-name"]) ?? "cf-turnstile-response",
    retry: foreign["retry"] === "never" ? "never" : "auto",
    "refresh-expired": text(foreign["refresh-expired"]) as Refresh | undefined,
    "refresh-timeout": text(foreign["refresh-timeout"]) as Refresh | undefined,
    "error-callback": errorCallback && ((code: string) => errorCallback(turnstileCode(code))),
  };
  for (const name of [
    "callback",
    "expired-callback",
    "timeout-callback",
    "before-interactive-callback",
    "after-interactive-callback",
    "unsupported-callback",
  ] as const) {
    wanted[name] = callbackOf(foreign[name]) as never;
  }
  return wanted as Options;
}
