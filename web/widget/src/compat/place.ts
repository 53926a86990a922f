// What the three have in common: options from a call and from `data-` attributes, containers, the widgets that they count.

import { apply } from "../api.js";
import { TAG, type Challenge } from "../element.js";
import { named } from "../emit.js";
import type { Options } from "../types.js";

/** Another service's options, by its names. */
export type Foreign = Readonly<Record<string, unknown>>;

/** Ours, made of them; callbacks of other names than ours are there and never called. */
export type Translated = { [name in keyof Options]?: Options[name] | undefined } & Record<string, unknown>;

/** A container's `data-` attributes, and over them what the call says. */
function optionsOf(container: Element, given: Foreign = {}): Foreign {
  const data = Array.from(container.attributes)
    .filter(({ name }) => name.startsWith("data-"))
    .map(({ name, value }) => [name.slice("data-".length), value]);
  return { ...(Object.fromEntries(data) as Foreign), ...given };
}

/** A function, or the name of one of the page's. Looked up when it is called: it may come later. */
function callbackOf(value: unknown): ((...values: unknown[]) => void) | undefined {
  if (typeof value === "function") return value as (...values: unknown[]) => void;
  if (typeof value !== "string" || value === "") return undefined;
  return (...values) => named(value)?.(...(values as never[]));
}

export function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : undefined;
}

/** What all three call the same. */
export function translateCommon(foreign: Foreign, field: string, language?: string): Translated {
  const isInvisible = foreign["size"] === "invisible";
  const wanted: Translated = {
    "site-key": text(foreign["sitekey"]) ?? "",
    action: text(foreign["action"]),
    mode: isInvisible ? "invisible" : "managed",
    auto: isInvisible ? "off" : "load",
    size: text(foreign["size"]) as Options["size"],
    theme: text(foreign["theme"]) as Options["theme"],
    language,
    "response-field-name": field,
  };
  for (const name in foreign) if (name.endsWith("callback")) wanted[name] = callbackOf(foreign[name]);
  return wanted;
}

export function makeWidget(options: object): Challenge {
  const widget = document.createElement(TAG) as Challenge;
  apply(widget, options);
  return widget;
}

export function containerOf(container: unknown): Element | null {
  return typeof container === "string" ? document.getElementById(container) : (container as Element);
}

const ofButtons = new WeakMap<Element, Challenge>();

/** The widget in a container or beside a button, if there is one. */
export function widgetIn(container: Element | null): Challenge | null {
  const beside = container && ofButtons.get(container);
  return beside?.isConnected ? beside : (container?.querySelector<Challenge>(TAG) ?? null);
}

/** A button that is to be checked before it does what it does: the widget stands beside it and shows itself in a dialog
 * if it must; the page's callback gets the token. */
function bindButton(button: Element, { callback, ...others }: Translated): Challenge {
  const widget = makeWidget({ ...others, mode: "invisible", auto: "off", hold: "off" });
  button.before(widget);
  ofButtons.get(button)?.release();
  ofButtons.set(button, widget);
  let used = false;
  widget.bound.on(button, "click", (event: Event) => {
    // The page took it away; it may put it back.
    if (!widget.isConnected) return;
    event.preventDefault();
    // A token is good for one press.
    if (used) widget.reset();
    used = true;
    widget.execute().then(
      (token) => (callback as ((token: string) => void) | undefined)?.(token),
      () => {},
    );
  });
  return widget;
}

/** The widgets that were rendered under one service's names, by the ids that it knows them by. */
export class Widgets<Id extends string | number> {
  private readonly byId = new Map<Id, Challenge>();
  private count = 0;

  constructor(
    private readonly translate: (foreign: Foreign) => Translated,
    private readonly idOf: (count: number) => Id,
  ) {}

  render(place: Element, given: Foreign | undefined): Id {
    const { byId } = this;
    const options = this.translate(optionsOf(place, given));
    for (const [id, widget] of byId) if (!widget.isConnected) byId.delete(id);
    const id = this.idOf(this.count++);
    if (place.matches("button, input[type=submit], input[type=button]")) byId.set(id, bindButton(place, options));
    else {
      const widget = makeWidget(options);
      byId.set(id, widget);
      place.append(widget);
    }
    return id;
  }

  get(id: Id): Challenge | undefined {
    return this.byId.get(id);
  }

  first(): Challenge | undefined {
    return [...this.byId.values()].find((widget) => widget.isConnected);
  }

  id(widget: Challenge | null): Id | undefined {
    return [...this.byId].find(([, other]) => other === widget)?.[0];
  }

  remove(widget: Challenge): void {
    this.byId.delete(this.id(widget)!);
    widget.release();
    widget.remove();
  }
}

export function whenParsed(call: () => void): void {
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", call, { once: true });
  else call();
}
