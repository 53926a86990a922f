// What the server says of a widget, and what shows one.

export interface Widget {
  /** The kind of provider. */
  readonly name: string;
  /** What visitors know it as. */
  readonly title: string;
  readonly script: string;
  /** Its style sheet, where the script does not bring its own. */
  readonly style: string | null;
  readonly site_key: string | null;
  readonly action: string;
  /** What the widget hands to the vendor and the vendor to the server, where it can. */
  readonly carry: string;
  /** Where ALTCHA's widget fetches its challenge. */
  readonly altcha_url: string | null;
  /** Where Friendly Captcha's widget is served from. */
  readonly endpoint: string | null;
}

export interface Place {
  readonly element: HTMLElement;
  readonly widget: Widget;
  readonly language: string;
}

/** Shows a widget and gives its token; fails when it cannot be shown. */
export type Show = (place: Place) => Promise<string>;

declare global {
  interface Window {
    spigotProviders?: Readonly<Record<string, Show | undefined>>;
  }
}

/** True for what the server says of a widget. */
export function isWidget(value: unknown): value is Widget {
  if (typeof value !== "object" || value === null) return false;
  const fields = value as Record<string, unknown>;
  return ["name", "title", "script", "action", "carry"].every((name) => typeof fields[name] === "string");
}
