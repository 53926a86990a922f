// `window.turnstile` and `.cf-turnstile`.

import type { Challenge } from "../element.js";
import { turnstileCode } from "./codes.js";
import { containerOf, text, translateCommon, whenParsed, widgetIn, Widgets } from "./place.js";
import type { Foreign, Translated } from "./place.js";

export const MARKER = "cf-turnstile";

type Which = string | Element | undefined;

/** `compatFields` as the element's attribute: reCAPTCHA's name, where the page asks for that. */
export function createTurnstile(compatFields: string | undefined): Readonly<Record<string, unknown>> {
  const widgets = new Widgets<string>(
    (foreign) => ({ ...translate(foreign), "compat-fields": compatFields }),
    (count) => `cf-chl-widget-${count + 1}`,
  );

  function placeOf(container: string | Element): Element | null {
    return (typeof container === "string" ? document.querySelector(container) : null) ?? containerOf(container);
  }

  /** By id, by container, or the first that there is. */
  function find(which: Which): Challenge | null {
    if (which === undefined) return widgets.first() ?? null;
    return widgets.get(which as string) ?? widgetIn(placeOf(which));
  }

  function render(container: string | Element, given?: Foreign): string | undefined {
    const place = placeOf(container);
    if (place === null) {
      console.error(`turnstile.render: nothing in the page matches ${String(container)}`);
      return undefined;
    }
    const there = widgetIn(place);
    return there === null ? widgets.render(place, given) : widgets.id(there);
  }

  return {
    ready: whenParsed,
    render,
    execute(which?: Which, given?: Foreign): void {
      if (find(which) === null && which !== undefined && given !== undefined) render(which, given);
      // Failures are told by the error callback.
      find(which)
        ?.execute()
        .catch(() => {});
    },
    reset: (which?: Which) => find(which)?.reset(),
    remove(which?: Which): void {
      const widget = find(which);
      if (widget !== null) widgets.remove(widget);
    },
    getResponse: (which?: Which) => find(which)?.getResponse(),
    isExpired: (which?: Which) => find(which)?.isExpired() ?? false,
  };
}

function translate(foreign: Foreign): Translated {
  const wanted = translateCommon(foreign, text(foreign["response-field-name"]) ?? "cf-turnstile-response");
  const errorCallback = wanted["error-callback"] as ((code: string) => void) | undefined;
  for (const name of ["language", "appearance", "retry", "refresh-expired", "refresh-timeout", "response-field"])
    wanted[name] = text(foreign[name]) ?? (foreign[name] === false ? "false" : undefined);
  return {
    ...wanted,
    data: text(foreign["cData"] ?? foreign["cdata"]),
    auto: foreign["execution"] === "execute" ? "off" : "load",
    "error-callback": errorCallback && ((code: string) => errorCallback(turnstileCode(code))),
  };
}
