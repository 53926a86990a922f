import { api } from "./load.js";
import type { Place } from "./widget.js";

interface Captcha {
  appendTo(element: HTMLElement): Captcha;
  onSuccess(run: () => void): Captcha;
  onError(run: (error: unknown) => void): Captcha;
  getValidate(): Record<string, unknown> | false;
}

type Init = (options: Record<string, unknown>, run: (captcha: Captcha) => void) => void;

/** What the server needs of the widget's answer. */
const VALUES = ["lot_number", "captcha_output", "pass_token", "gen_time"];

export async function geetest({ element, widget, language }: Place): Promise<string> {
  const init = await api(widget.script, () => (window as { initGeetest4?: Init }).initGeetest4);
  return new Promise((resolve, reject) => {
    init({ captchaId: widget.site_key, product: "float", language }, (captcha) => {
      captcha
        .appendTo(element)
        .onSuccess(() => {
          const solved = captcha.getValidate() || {};
          resolve(JSON.stringify(Object.fromEntries(VALUES.map((name) => [name, String(solved[name])]))));
        })
        .onError(() => reject(new Error("geetest")));
    });
  });
}
