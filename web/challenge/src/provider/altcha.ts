import { loadScript } from "./load.js";
import type { Place } from "./widget.js";

/** Its versions call the address of the challenge differently, and tell of the end differently. */
export async function altcha({ element, widget, language }: Place): Promise<string> {
  if (customElements.get("altcha-widget") === undefined) await loadScript(widget.script, true);
  const box = document.createElement("altcha-widget");
  for (const name of ["challenge", "challengeurl"]) box.setAttribute(name, widget.altcha_url ?? "");
  box.setAttribute("auto", "onload");
  box.setAttribute("language", language);
  return new Promise((resolve, reject) => {
    const ended = (event: Event) => {
      const { state, payload } = (event as CustomEvent<{ state?: string; payload?: string } | null>).detail ?? {};
      if (typeof payload === "string" && payload !== "") resolve(payload);
      else if (state === "error") reject(new Error("altcha"));
    };
    box.addEventListener("statechange", ended);
    box.addEventListener("verified", ended);
    element.append(box);
  });
}
