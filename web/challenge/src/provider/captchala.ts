import { api } from "./load.js";
import type { Place } from "./widget.js";

interface Captchala {
  init(options: Record<string, unknown>): unknown;
}

type Loader = () => Captchala | PromiseLike<Captchala | undefined> | undefined;

const LOOK_MILLIS = 100;

/** The token is taken from the callback or from the hidden field, whichever has it first. */
export async function captchala({ element, widget, language }: Place): Promise<string> {
  const globals = window as { loadCaptchala?: Loader; Captchala?: Captchala };
  const load = await api(widget.script, () => globals.loadCaptchala);
  const found = (await load()) ?? globals.Captchala;
  if (found === undefined) throw new Error("captchala");
  let look: ReturnType<typeof setInterval> | undefined;
  try {
    return await new Promise((resolve, reject) => {
      look = setInterval(() => {
        const field = element.querySelector<HTMLInputElement>("[name=captchala_token]");
        if (field?.value) resolve(field.value);
      }, LOOK_MILLIS);
      found.init({
        container: element,
        appKey: widget.site_key,
        action: widget.action,
        lang: language,
        onSuccess: (result: string | { token?: string }) =>
          resolve(typeof result === "string" ? result : (result.token ?? "")),
        onError: () => reject(new Error("captchala")),
      });
    });
  } finally {
    clearInterval(look);
  }
}
