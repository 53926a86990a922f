import { api } from "./load.js";
import type { Place, Widget } from "./widget.js";

interface Recaptcha {
  ready(run: () => void): void;
  render(element: HTMLElement, options: Record<string, unknown>): number;
  execute(key: string | null, options: { action: string }): PromiseLike<string>;
  enterprise?: Recaptcha;
}

const found = () => (window as { grecaptcha?: Recaptcha }).grecaptcha;

function ready(api: Recaptcha): Promise<Recaptcha> {
  return new Promise((resolve) => api.ready(() => resolve(api)));
}

/** Version 2: a box to tick, and pictures where that is not enough. */
export async function recaptcha({ element, widget, language }: Place): Promise<string> {
  const ours = await ready(await api(widget.script, found));
  return new Promise((resolve, reject) => {
    ours.render(element, {
      sitekey: widget.site_key,
      hl: language,
      callback: resolve,
      "error-callback": () => reject(new Error("recaptcha")),
    });
  });
}

/** Version 3 shows nothing. */
export async function recaptchaV3({ widget }: Place): Promise<string> {
  return execute(await ready(await api(widget.script, found)), widget);
}

export async function recaptchaEnterprise({ widget }: Place): Promise<string> {
  return execute(await ready(await api(widget.script, () => found()?.enterprise)), widget);
}

async function execute(ours: Recaptcha, { site_key, action }: Widget): Promise<string> {
  return ours.execute(site_key, { action });
}
