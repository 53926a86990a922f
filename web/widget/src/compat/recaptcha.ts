// `window.grecaptcha`, versions 2 and 3 and Enterprise, and `.g-recaptcha`.

import type { Challenge } from "../element.js";
import type { Options, Size, Theme } from "../types.js";
import {
  bindButton,
  callbackOf,
  isButton,
  makeWidget,
  optionsOf,
  text,
  whenParsed,
  widgetIn,
  type Foreign,
} from "./place.js";

export const MARKER = "g-recaptcha";

type Which = number | string | undefined;

export function createRecaptcha(language: string | undefined): Readonly<Record<string, unknown>> {
  /** By number, as its pages count them; one that is gone leaves a gap. */
  const widgets: (Challenge | undefined)[] = [];

  const find = (which: Which): Challenge | undefined => widgets[Number(which ?? 0)];

  const api = {
    ready: (call: () => void) => whenParsed(call),
    render(container: string | Element, given?: Foreign): number {
      const place = typeof container === "string" ? document.getElementById(container) : container;
      if (place === null)
        throw new Error(`reCAPTCHA placeholder element must be an element or id: ${String(container)}`);
      const there = widgetIn(place);
      if (there !== null && widgets.includes(there))
        throw new Error("reCAPTCHA has already been rendered in this element");
      const options = translate(optionsOf(place, given), language);
      widgets.forEach((widget, n) => widget?.isConnected || delete widgets[n]);
      if (isButton(place)) return widgets.push(bindButton(place, options)) - 1;
      const widget = makeWidget(options);
      place.append(widget);
      return widgets.push(widget) - 1;
    },
    /** Version 2: an invisible widget by number; version 3: a site key and an action, a new token each time. */
    execute(which?: Which, given?: Foreign): Promise<string | null> {
      if (typeof which === "string" && !/^\d+$/.test(which))
        return executeKey(which, text(given?.["action"]), language);
      return find(which)?.execute() ?? Promise.reject(new Error("No reCAPTCHA clients exist."));
    },
    reset: (which?: Which) => find(which)?.reset(),
    getResponse: (which?: Which) => find(which)?.getResponse() ?? "",
  };
  return { ...api, enterprise: api };
}

async function executeKey(siteKey: string, action: string | undefined, language: string | undefined): Promise<string> {
  const widget = makeWidget({
    "site-key": siteKey,
    // Its actions may hold a slash; ours may not.
    ...(action === undefined ? {} : { action: action.replace(/[^\w-]/g, "_").slice(0, 32) }),
    ...(language === undefined ? {} : { language }),
    mode: "invisible",
    auto: "off",
    "response-field": "false",
    "refresh-expired": "never",
  });
  await new Promise<void>((resolve) => whenParsed(resolve));
  document.body.append(widget);
  try {
    return await widget.execute();
  } finally {
    widget.remove();
  }
}

function translate(foreign: Foreign, language: string | undefined): Options {
  const size = text(foreign["size"]);
  const wanted: { [name in keyof Options]: Options[name] | undefined } = {
    "site-key": text(foreign["sitekey"]) ?? "",
    action: text(foreign["action"])
      ?.replace(/[^\w-]/g, "_")
      .slice(0, 32),
    mode: size === "invisible" ? "invisible" : "managed",
    auto: size === "invisible" ? "off" : "load",
    size: size as Size | undefined,
    theme: text(foreign["theme"]) as Theme | undefined,
    language: text(foreign["hl"]) ?? language,
    "response-field-name": "g-recaptcha-response",
    callback: callbackOf(foreign["callback"]) as never,
    "expired-callback": callbackOf(foreign["expired-callback"]) as never,
    "error-callback": callbackOf(foreign["error-callback"]) as never,
  };
  return wanted as Options;
}
