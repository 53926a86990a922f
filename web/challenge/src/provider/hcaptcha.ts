import { api } from "./load.js";
import type { Place } from "./widget.js";

interface Hcaptcha {
  render(element: HTMLElement, options: Record<string, unknown>): string;
}

export async function hcaptcha({ element, widget, language }: Place): Promise<string> {
  const found = await api(widget.script, () => (window as { hcaptcha?: Hcaptcha }).hcaptcha);
  return new Promise((resolve, reject) => {
    found.render(element, {
      sitekey: widget.site_key,
      hl: language,
      callback: resolve,
      "error-callback": (code: unknown) => reject(new Error(`hcaptcha ${String(code)}`)),
    });
  });
}
