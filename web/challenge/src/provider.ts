// A third party's widget in place of the puzzle. What shows the widgets is a file of its own, loaded only then.

import { loadScript, loadStyle } from "./provider/load.js";
import type { Widget } from "./provider/widget.js";

export type Shown =
  | { readonly is: "token"; readonly token: string }
  /** The widget could not be loaded, or gave up. */
  | { readonly is: "blocked" };

/** Shows the widget inside an element until it gives a token. */
export async function showWidget(base: string, element: HTMLElement, widget: Widget, language: string): Promise<Shown> {
  const place = document.createElement("div");
  element.replaceChildren(place);
  if (widget.style !== null) loadStyle(widget.style);
  try {
    if (window.spigotProviders === undefined) await loadScript(new URL("provider.js", base).href);
    const show = window.spigotProviders?.[widget.name];
    if (show === undefined) throw new Error(`no widget "${widget.name}"`);
    return { is: "token", token: await show({ element: place, widget, language }) };
  } catch (error) {
    console.error(error);
    return { is: "blocked" };
  } finally {
    element.replaceChildren();
  }
}
