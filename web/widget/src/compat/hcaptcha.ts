// `window.hcaptcha` and `.h-captcha`.

import { Failure } from "../attempt.js";
import type { Challenge } from "../element.js";
import { hcaptchaCode } from "./codes.js";
import { containerOf, text, translateCommon, widgetIn, Widgets, type Foreign, type Translated } from "./place.js";

export const MARKER = "h-captcha";

type Which = string | undefined;

export function createHcaptcha(language: string | undefined): Readonly<Record<string, unknown>> {
  const widgets = new Widgets<string>(
    (foreign) => translate(foreign, language),
    (count) => `hc${count + 1}`,
  );

  const find = (which: Which): Challenge | undefined =>
    which === undefined ? widgets.first() : widgets.get(String(which));

  function need(which: Which): Challenge {
    const widget = find(which);
    if (widget === undefined) throw new Error(`[hCaptcha] invalid-captcha-id: ${String(which)}`);
    return widget;
  }

  const response = (which: Which): string => find(which)?.getResponse() ?? "";

  return {
    /** Without a container it is invisible, at the end of the page. */
    render(container: string | Element | Foreign, given?: Foreign): string {
      if (isForeign(container)) return widgets.render(document.body, { ...container, size: "invisible" });
      const place = containerOf(container);
      if (place === null) throw new Error(`[hCaptcha] there is no element "${String(container)}"`);
      const known = widgets.id(widgetIn(place));
      if (known !== undefined) return known;
      const id = widgets.render(place, given);
      widgets.get(id)!.dataset["hcaptchaWidgetId"] = id;
      return id;
    },
    /** Without an id it is the first. */
    execute(which?: Which | Foreign, given?: Foreign): Promise<unknown> | undefined {
      if (isForeign(which)) [which, given] = [undefined, which];
      const async = given?.["async"] === true;
      const widget = find(which);
      if (widget === undefined) return async ? Promise.reject("missing-captcha") : undefined;
      const token = widget.execute();
      if (!async) return void token.catch(() => {});
      return token.then(
        (response) => ({ response, key: response.slice(0, 32) }),
        // A bare code is what its clients compare with.
        (error: unknown) => Promise.reject(hcaptchaCode(error instanceof Failure ? error.code : "")),
      );
    },
    reset: (which?: Which) => need(which).reset(),
    remove: (which?: Which) => widgets.remove(need(which)),
    getResponse: response,
    getRespKey: (which?: Which) => response(which).slice(0, 32),
    close: (which?: Which) => find(which)?.close(),
    setData: (which: unknown, data?: Foreign) => {
      const rqdata = text((data ?? (which as Foreign))?.["rqdata"]);
      if (rqdata !== undefined)
        find(typeof which === "string" ? which : undefined)?.setAttribute("data", rqdata.slice(0, 255));
    },
  };
}

function isForeign(value: unknown): value is Foreign {
  return typeof value === "object" && value !== null && !(value instanceof Element);
}

function translate(foreign: Foreign, language: string | undefined): Translated {
  const wanted = translateCommon(foreign, "h-captcha-response", text(foreign["hl"]) ?? language);
  return {
    ...wanted,
    action: undefined,
    "compat-fields": "g-recaptcha-response",
    "timeout-callback": wanted["chalexpired-callback"] as never,
    "before-interactive-callback": wanted["open-callback"] as never,
    "error-callback": (code: string) => {
      const call = (name: string, ...values: string[]): void =>
        (wanted[name] as ((...values: string[]) => void) | undefined)?.(...values);
      if (code === "closed") call("close-callback");
      call("error-callback", hcaptchaCode(code));
    },
  };
}
