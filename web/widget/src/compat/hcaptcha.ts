// `window.hcaptcha` and `.h-captcha`.

import { Failure } from "../attempt.js";
import type { Challenge } from "../element.js";
import type { Options, Size, Theme } from "../types.js";
import { hcaptchaCode } from "./codes.js";
import { bindButton, callbackOf, isButton, makeWidget, optionsOf, text, widgetIn, type Foreign } from "./place.js";

export const MARKER = "h-captcha";

type Which = string | undefined;

export function createHcaptcha(language: string | undefined): Readonly<Record<string, unknown>> {
  const widgets = new Map<string, Challenge>();
  let last = 0;

  function find(which: Which): Challenge | undefined {
    return which === undefined
      ? [...widgets.values()].find((widget) => widget.isConnected)
      : widgets.get(String(which));
  }

  function need(which: Which): Challenge {
    const widget = find(which);
    if (widget === undefined) throw new Error(`[hCaptcha] invalid-captcha-id: ${String(which)}`);
    return widget;
  }

  const response = (which: Which): string => find(which)?.getResponse() ?? "";

  return {
    render(container: string | Element, given?: Foreign): string {
      const place = typeof container === "string" ? document.getElementById(container) : container;
      if (place === null) throw new Error(`[hCaptcha] there is no element "${String(container)}"`);
      const there = widgetIn(place);
      const known = [...widgets].find(([, widget]) => widget === there)?.[0];
      if (known !== undefined) return known;
      const options = translate(optionsOf(place, given), language);
      for (const [id, widget] of widgets) if (!widget.isConnected) widgets.delete(id);
      const id = `hc${++last}`;
      if (isButton(place)) widgets.set(id, bindButton(place, options));
      else {
        const widget = makeWidget(options);
        widgets.set(id, widget);
        widget.dataset["hcaptchaWidgetId"] = id;
        place.append(widget);
      }
      return id;
    },
    execute(which?: Which, { async = false }: { async?: boolean } = {}): Promise<unknown> | undefined {
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
    remove(which?: Which): void {
      const widget = need(which);
      widgets.delete([...widgets].find(([, other]) => other === widget)![0]);
      widget.release();
      widget.remove();
    },
    getResponse: response,
    getRespKey: (which?: Which) => response(which).slice(0, 32),
    close: () => {},
    setData: (which: unknown, data?: Foreign) => {
      const rqdata = text((data ?? (which as Foreign))?.["rqdata"]);
      if (rqdata !== undefined)
        find(typeof which === "string" ? which : undefined)?.setAttribute("data", rqdata.slice(0, 255));
    },
  };
}

function translate(foreign: Foreign, language: string | undefined): Options {
  const errorCallback = callbackOf(foreign["error-callback"]);
  const closeCallback = callbackOf(foreign["close-callback"]);
  const size = text(foreign["size"]);
  const wanted: { [name in keyof Options]: Options[name] | undefined } = {
    "site-key": text(foreign["sitekey"]) ?? "",
    mode: size === "invisible" ? "invisible" : "managed",
    auto: size === "invisible" ? "off" : "load",
    size: size as Size | undefined,
    theme: text(foreign["theme"]) as Theme | undefined,
    language: text(foreign["hl"]) ?? language,
    "response-field-name": "h-captcha-response",
    "compat-fields": "g-recaptcha-response",
    callback: callbackOf(foreign["callback"]) as never,
    "expired-callback": callbackOf(foreign["expired-callback"]) as never,
    "timeout-callback": callbackOf(foreign["chalexpired-callback"]) as never,
    "before-interactive-callback": callbackOf(foreign["open-callback"]) as never,
    "error-callback": (code: string) => {
      if (code === "closed") closeCallback?.();
      errorCallback?.(hcaptchaCode(code));
    },
  };
  return wanted as Options;
}
