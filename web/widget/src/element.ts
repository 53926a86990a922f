// The element `<spigot-challenge>`: its coming into the page, its going, and what it can be told.

import type { Handlers } from "./emit.js";
import { Live, type Home } from "./live.js";
import { Scope } from "./scope.js";

export const TAG = "spigot-challenge";

/** A change of these makes the token another's. */
const OF_THE_TOKEN = ["site-key", "action", "data", "server-token", "base", "mode"];
const OF_THE_VIEW = ["size", "language", "appearance"];

export function defineElement(home: Home): typeof HTMLElement {
  const known = customElements.get(TAG);
  // A page may load the script twice: the first stays.
  if (known !== undefined) return known as typeof HTMLElement;
  class SpigotChallenge extends Challenge {
    protected readonly home = home;
  }
  customElements.define(TAG, SpigotChallenge);
  return SpigotChallenge;
}

/** On a server, where a package may be loaded but no page is, there is nothing to extend. */
const PageElement = (typeof HTMLElement === "undefined" ? class {} : HTMLElement) as typeof HTMLElement;

export abstract class Challenge extends PageElement {
  static readonly formAssociated = true;
  static readonly observedAttributes = [...OF_THE_TOKEN, ...OF_THE_VIEW];

  /** Callbacks that are functions, by their attributes' names. */
  handlers: Handlers = {};
  /** The service's folder at any origin: only a script can say it. Before the element is in the page, or with `reset`. */
  declare base?: string;
  /** What others have bound to it, until it is released. */
  readonly bound = new Scope();
  protected abstract readonly home: Home;
  private readonly internals = attachInternals(this);
  private live: Live | undefined;

  connectedCallback(): void {
    // After the attributes of whoever makes it, and once for an element that is only moved.
    queueMicrotask(() => {
      if (!this.isConnected) return;
      if (this.live === undefined) this.start();
      else this.live.moved();
    });
  }

  disconnectedCallback(): void {
    queueMicrotask(() => {
      if (!this.isConnected) this.stop();
    });
  }

  attributeChangedCallback(name: string, before: string | null, now: string | null): void {
    if (before === now || this.live === undefined) return;
    if (OF_THE_TOKEN.includes(name)) this.reset();
    else this.live.refreshView();
  }

  /** The form was reset. */
  formResetCallback(): void {
    this.reset();
  }

  execute(): Promise<string> {
    // Called in the same turn as it was put into the page.
    if (this.live === undefined && this.isConnected) this.start();
    return this.live?.execute() ?? Promise.reject(new Error("spigot: the widget is not in the page"));
  }

  /** Closes the dialog, if there is one, as its button does. */
  close(): void {
    this.live?.close();
  }

  private start(): void {
    this.live = new Live(this, this.home, () => this.internals?.form);
  }

  reset(): void {
    this.live?.reset();
  }

  /** The token, or nothing while there is none. */
  getResponse(): string | undefined {
    return this.live?.controller.token();
  }

  isExpired(): boolean {
    return this.live?.controller.isExpired() ?? false;
  }

  /** Takes everything away that is not the element itself. */
  release(): void {
    this.stop();
    this.bound.end();
  }

  /** It may come back into the page. */
  private stop(): void {
    this.live?.end();
    this.live = undefined;
  }
}

/** Missing in browsers before 2023; then only the attribute `form` is not understood. */
function attachInternals(element: HTMLElement): ElementInternals | undefined {
  try {
    return element.attachInternals();
  } catch {
    return undefined;
  }
}
