// `window.grecaptcha`, versions 2 and 3 and Enterprise, and `.g-recaptcha`.

import type { Challenge } from "../element.js";
import { containerOf, makeWidget, text, translateCommon, whenParsed, widgetIn, Widgets } from "./place.js";
import type { Foreign, Translated } from "./place.js";

export const MARKER = "g-recaptcha";

type Which = number | string | undefined;

export function createRecaptcha(language: string | undefined): Readonly<Record<string, unknown>> {
  /** By number, as its pages count them. */
  const widgets = new Widgets(
    (foreign) => translate(foreign, language),
    (count) => count,
  );

  const find = (which: Which): Challenge | undefined => widgets.get(Number(which ?? 0));

  const api = {
    ready: whenParsed,
    render(container: string | Element, given?: Foreign): number {
      const place = containerOf(container);
      if (place === null)
        throw new Error(`reCAPTCHA placeholder element must be an element or id: ${String(container)}`);
      if (widgets.id(widgetIn(place)) !== undefined)
        throw new Error("reCAPTCHA has already been rendered in this element");
      return widgets.render(place, given);
    },
    /** Version 2: an invisible widget by number; version 3: a site key and an action, a new token each time. */
    execute(which?: Which, given?: Foreign): Promise<string | null> {
      if (typeof which === "string" && !/^\d+$/.test(which))
        return executeKey(translate({ size: "invisible", sitekey: which, action: given?.["action"] }, language));
      return find(which)?.execute() ?? Promise.reject(new Error("No reCAPTCHA clients exist."));
    },
    reset: (which?: Which) => find(which)?.reset(),
    getResponse: (which?: Which) => find(which)?.getResponse() ?? "",
  };
  return { ...api, enterprise: api };
}

async function executeKey(options: Translated): Promise<string> {
  const widget = makeWidget({ ...options, "response-field": "false", "refresh-expired": "never" });
  await new Promise<void>(whenParsed);
  document.body.append(widget);
  try {
    return await widget.execute();
  } finally {
    widget.remove();
  }
}

function translate(foreign: Foreign, language: string | undefined): Translated {
  return {
    ...translateCommon(foreign, "g-recaptcha-response", text(foreign["hl"]) ?? language),
    // Its actions may hold a slash; ours may not.
    action: text(foreign["action"])
      ?.replace(/[^\w-]/g, "_")
      .slice(0, 32),
  };
}
