import { api } from "./load.js";
import type { Place } from "./widget.js";

interface Turnstile {
  render(element: HTMLElement, options: Record<string, unknown>): string | undefined;
}

/** Expired tokens never meet us: each is submitted at once. */
export async function turnstile({ element, widget, language }: Place): Promise<string> {
  const found = await api(widget.script, () => (window as { turnstile?: Turnstile }).turnstile);
  return new Promise((resolve, reject) => {
    found.render(element, {
      sitekey: widget.site_key,
      action: widget.action,
      cData: widget.carry,
      language,
      "response-field": false,
      callback: resolve,
      "error-callback": (code: unknown) => (reject(new Error(`turnstile ${String(code)}`)), true),
      "unsupported-callback": () => reject(new Error("turnstile does not support this browser")),
    });
  });
}
