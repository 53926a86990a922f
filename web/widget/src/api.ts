// `window.spigot`: widgets for pages that make them by script.

import { Challenge, TAG } from "./element.js";
import type { Handlers } from "./emit.js";
import type { Options, Spigot } from "./types.js";

declare const SPIGOT_VERSION: string;

export function createApi(): Spigot {
  let last = 0;

  /** By id, by the widget or what it stands in; without, the page's first. */
  function find(which?: string | Element): Challenge | null {
    if (which instanceof Challenge) return which;
    if (which instanceof Element) return which.querySelector<Challenge>(TAG);
    if (which === undefined) return document.querySelector<Challenge>(TAG);
    const byId = widgets.get(which)?.deref();
    if (byId !== undefined) return byId;
    const element = document.getElementById(which.replace(/^#/, ""));
    return element instanceof Challenge ? element : (element?.querySelector<Challenge>(TAG) ?? null);
  }

  function need(which?: string | Element): Challenge {
    const widget = find(which);
    if (widget === null) throw new Error(`spigot: there is no widget ${String(which ?? "in this page")}`);
    return widget;
  }

  /** Held weakly: a page that throws its widgets away need not say so. */
  const widgets = new Map<string, { deref(): Challenge | undefined }>();

  return {
    version: SPIGOT_VERSION,
    render(container, options) {
      const place = typeof container === "string" ? document.querySelector(container) : container;
      if (place === null) throw new Error(`spigot: nothing in the page matches ${String(container)}`);
      const widget = document.createElement(TAG) as Challenge;
      apply(widget, options);
      const id = `spigot-${++last}`;
      widget.dataset["spigotId"] = id;
      for (const [old, held] of widgets) if (!held.deref()?.isConnected) widgets.delete(old);
      widgets.set(id, typeof WeakRef === "function" ? new WeakRef(widget) : { deref: () => widget });
      place.append(widget);
      return id;
    },
    execute(which) {
      const widget = find(which);
      return widget?.execute() ?? Promise.reject(new Error("spigot: there is no widget to execute"));
    },
    reset: (which) => need(which).reset(),
    remove(which) {
      const widget = find(which);
      widget?.release();
      widget?.remove();
    },
    getResponse: (which) => find(which)?.getResponse(),
    isExpired: (which) => find(which)?.isExpired() ?? false,
    ready(callback) {
      if (document.readyState === "loading")
        document.addEventListener("DOMContentLoaded", () => callback(), { once: true });
      else callback();
    },
  };
}

/** Functions become handlers, everything else attributes; but an attribute cannot say every `base`. */
export function apply(widget: Challenge, options: Partial<Options>): void {
  for (const [name, value] of Object.entries(options)) {
    if (typeof value === "function") widget.handlers[name as keyof Handlers] = value as never;
    else if (name === "base") widget.base = value as string;
    else if (value !== undefined && value !== null) widget.setAttribute(name, String(value));
  }
}
