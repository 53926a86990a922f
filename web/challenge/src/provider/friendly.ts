import { api } from "./load.js";
import type { Place } from "./widget.js";

interface Friendly {
  createWidget(options: Record<string, unknown>): unknown;
}

export async function friendly({ element, widget, language }: Place): Promise<string> {
  const found = await api(widget.script, () => (window as { frcaptcha?: Friendly }).frcaptcha);
  return new Promise((resolve, reject) => {
    const detail = (event: Event) => (event as CustomEvent<Record<string, unknown>>).detail;
    element.addEventListener("frc:widget.complete", (event) => resolve(String(detail(event)["response"])));
    element.addEventListener("frc:widget.error", () => reject(new Error("friendly captcha")));
    found.createWidget({
      element,
      sitekey: widget.site_key,
      language,
      startMode: "auto",
      apiEndpoint: widget.endpoint ?? undefined,
    });
  });
}
