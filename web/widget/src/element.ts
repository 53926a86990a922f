// The element `<spigot-challenge>`: its attributes, its place in the page and in a form.

import { baseFrom } from "./base.js";
import { observe, type Observer } from "./collect/observe.js";
import { Controller, type State } from "./controller.js";
import { emit, type Handlers } from "./emit.js";
import { FormLink } from "./form.js";
import { en, languageFor, loadTexts, type Texts } from "./languages.js";
import { PROTOCOL } from "./protocol.js";
import { Scope } from "./scope.js";
import { serviceAt } from "./service.js";
import { solve } from "./solver.js";
import type { Auto, Mode, Refresh, Size } from "./types.js";
import { View } from "./view/view.js";

export const TAG = "spigot-challenge";

/** A change of these makes the token another's. */
const OF_THE_TOKEN = ["site-key", "action", "data", "base", "mode"];
const OF_THE_VIEW = ["size", "language"];
/** A second submission that soon is the same press twice, and goes with the same token. */
const TWICE_MILLIS = 1_000;
/** A form that waits shorter than this is not spoken of. */
const QUIET_MILLIS = 400;

/** Where the service is when the element does not say. */
export interface Home {
  readonly base: string;
  /** Of the page's script, for browsers that need it for styles. */
  readonly nonce: string | undefined;
}

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

export abstract class Challenge extends HTMLElement {
  static readonly formAssociated = true;
  static readonly observedAttributes = [...OF_THE_TOKEN, ...OF_THE_VIEW];

  /** Callbacks that are functions, by their attributes' names. */
  handlers: Handlers = {};
  protected abstract readonly home: Home;
  private readonly internals = attachInternals(this);
  private live: Live | undefined;

  connectedCallback(): void {
    // After the attributes of whoever makes it, and once for an element that is only moved.
    queueMicrotask(() => {
      if (this.isConnected && this.live === undefined) this.live = new Live(this, this.home, () => this.internals?.form);
    });
  }

  disconnectedCallback(): void {
    queueMicrotask(() => {
      if (!this.isConnected) this.release();
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
    this.live ??= this.isConnected ? new Live(this, this.home, () => this.internals?.form) : undefined;
    return this.live?.execute() ?? Promise.reject(new Error("spigot: the widget is not in the page"));
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
    this.live?.end();
    this.live = undefined;
  }
}

/** What an element has while it is in the page. */
class Live {
  readonly controller: Controller;
  private readonly scope = new Scope();
  private readonly form: FormLink;
  private readonly observer: Observer | undefined;
  private readonly abort = new AbortController();
  private view: View | undefined;
  private texts: Texts = en;
  private language = "en";
  private textsAsked = false;
  private held: (() => void) | undefined;
  private heldLong = false;
  /** Once shown, a box stays: nothing in the page jumps away. */
  private wasShown = false;

  constructor(private readonly element: Challenge, private readonly home: Home, form: () => HTMLFormElement | null | undefined) {
    const live = this;
    this.controller = new Controller(this.world());
    this.form = new FormLink(element, this.fieldNames(), {
      get form() { return form(); },
      mayPass: () => live.mayPass(),
      held: (release) => live.hold(release),
      touched: () => live.touched(),
    });
    if (this.attribute("collect") !== "off") this.observer = observe(element.ownerDocument, this.form.form, this.scope);
    this.scope.on(document, "visibilitychange", () => document.hidden || this.controller.wake());
    this.scope.on(window, "pageshow", (event: PageTransitionEvent) => event.persisted && this.comeBack());
    this.scope.on(window, "online", () => this.isOffline() && void this.begin());
    this.refreshView();
    if (this.auto() === "load") this.whenSeen(() => void this.begin());
  }

  execute(): Promise<string> {
    if (this.attribute("site-key") === null) {
      this.changed({ is: "failed", code: "site_key_missing", decision: undefined });
      return Promise.reject(new Error("spigot: the widget has no site-key"));
    }
    return this.controller.execute();
  }

  reset(): void {
    this.release(false);
    this.controller.reset();
    if (this.auto() === "load") void this.begin();
  }

  end(): void {
    this.held = undefined;
    this.abort.abort();
    this.controller.end();
    this.form.end();
    this.scope.end();
    this.view?.hide();
    this.element.removeAttribute("data-shown");
    this.element.removeAttribute("data-state");
  }

  refreshView(): void {
    this.textsAsked = false;
    this.render();
  }

  private begin(): Promise<void> {
    // What went wrong is shown, and told by an event.
    return this.execute().then(() => {}, () => {});
  }

  private attribute(name: string): string | null {
    return this.element.getAttribute(name);
  }

  private mode(): Mode {
    const mode = this.attribute("mode");
    return mode === "invisible" || mode === "visible" ? mode : "managed";
  }

  private auto(): Auto {
    const auto = this.attribute("auto");
    return auto === "focus" || auto === "submit" || auto === "off" ? auto : "load";
  }

  private fieldNames(): string[] {
    if (this.attribute("response-field") === "false") return [];
    const names = [this.attribute("response-field-name") || "spigot-response"];
    return [...new Set([...names, ...(this.attribute("compat-fields") ?? "").split(/\s+/)])].filter((name) => name !== "");
  }

  private base(): string {
    const own = this.attribute("base");
    return own === null ? this.home.base : baseFrom(own, document.baseURI);
  }

  private world(): ConstructorParameters<typeof Controller>[0] {
    const { element, scope } = this;
    const refresh = (name: string): Refresh => {
      const value = this.attribute(name);
      return value === "manual" || value === "never" ? value : "auto";
    };
    return {
      wanted: () => {
        const action = this.attribute("action");
        const data = this.attribute("data");
        const asking = {
          protocol: PROTOCOL as typeof PROTOCOL,
          site_key: this.attribute("site-key") ?? "",
          ...(action === null ? {} : { action }),
          ...(data === null ? {} : { data }),
        };
        return { asking, interactive: this.mode() === "visible", language: languageFor(element, this.attribute("language")) };
      },
      settings: () => ({
        retry: this.attribute("retry") === "never" ? "never" : "auto",
        refreshExpired: refresh("refresh-expired"),
        refreshTimeout: refresh("refresh-timeout"),
      }),
      call: (path, body, signal) => serviceAt(this.base())(path, body, signal),
      solve: (challenge, exchange, signal) => solve(challenge, {
        base: this.base(),
        exchange,
        signal,
        onProgress: (share) => this.controller.progress(share, false),
        onSlow: () => this.controller.progress(0, true),
      }),
      seen: () => this.observer?.(),
      after: (millis, call) => scope.after(millis, call),
      wait: (millis) => new Promise((resolve) => void scope.after(millis, resolve)),
      now: () => Date.now(),
      random: () => Math.random(),
      isHidden: () => document.hidden,
      changed: (state) => this.changed(state),
      happened: (what) => emit(element, what),
    };
  }

  private changed(state: State): void {
    const { element } = this;
    if (element.getAttribute("data-state") !== state.is) element.setAttribute("data-state", state.is);
    this.form.fill(this.controller.token() ?? "");
    this.render();
    if (state.is === "working") return;
    if (state.is === "press" && this.held !== undefined) this.view?.focus();
    emit(element, "state", state.is);
    if (state.is === "done") {
      emit(element, "token", state.token);
      this.release(true);
    } else if (state.is === "failed") {
      emit(element, "error", state.code, state.decision);
    }
  }

  /** Lets a form go that has waited, when its token is there. */
  private release(go: boolean): void {
    const { held } = this;
    this.held = undefined;
    this.heldLong = false;
    if (go) held?.();
    if (held !== undefined) this.render();
  }

  private mayPass(): boolean {
    const { controller } = this;
    if (this.attribute("hold") === "off" || this.fieldNames().length === 0) return true;
    if (controller.freshToken() !== undefined) {
      controller.present();
      return true;
    }
    return controller.token() !== undefined && (controller.presentedFor() ?? Infinity) < TWICE_MILLIS;
  }

  private hold(release: () => void): void {
    this.held = release;
    this.scope.after(QUIET_MILLIS, () => {
      this.heldLong = true;
      this.render();
    });
    void this.begin();
    this.render();
    this.view?.focus();
  }

  /** The form's next touch after it was sent means that it came back with an error. */
  private touched(): void {
    const { controller } = this;
    if (this.auto() === "focus" && controller.state.is === "idle") void this.begin();
    if (this.auto() === "off") return;
    controller.renew();
    if (controller.state.is === "expired" && this.attribute("refresh-expired") === null) void this.begin();
  }

  /** From the browser's history, as it was left: the form was sent, or time has passed. */
  private comeBack(): void {
    this.controller.wake();
    this.controller.renew();
  }

  private isOffline(): boolean {
    const { state } = this.controller;
    return state.is === "failed" && state.code === "unreachable" && this.attribute("retry") !== "never";
  }

  /** A page that is only being prepared, perhaps in vain, solves nothing. */
  private whenSeen(begin: () => void): void {
    const page = document as Document & { prerendering?: boolean };
    if (page.prerendering) this.scope.on(document, "prerenderingchange", begin, { once: true });
    else begin();
  }

  private isShown(): boolean {
    const { state } = this.controller;
    if (this.mode() === "visible" || state.is === "press") return true;
    if (state.is === "failed" || (state.is === "working" && state.slow)) return this.mode() === "managed" || this.held !== undefined;
    if (this.held !== undefined && this.heldLong) return true;
    if (state.is === "expired") return this.mode() === "managed" && !this.renewsByItself();
    return this.wasShown && this.mode() === "managed";
  }

  private renewsByItself(): boolean {
    return !this.wasShown && this.attribute("refresh-expired") !== "manual";
  }

  private render(): void {
    const shown = this.isShown();
    const { element } = this;
    if (shown !== element.hasAttribute("data-shown")) element.toggleAttribute("data-shown", shown);
    if (!shown) return this.view?.hide();
    this.wasShown = true;
    this.loadTexts();
    this.view ??= this.makeView();
    this.view.show({
      state: this.controller.state,
      held: this.held !== undefined,
      size: size(this.attribute("size")),
      texts: this.texts,
      language: this.language,
      dialog: this.mode() === "invisible",
    });
  }

  private loadTexts(): void {
    if (this.textsAsked) return;
    this.textsAsked = true;
    const language = languageFor(this.element, this.attribute("language"));
    void loadTexts(this.base(), language).then((texts) => {
      if (this.abort.signal.aborted) return;
      this.texts = texts;
      this.language = texts === en ? "en" : language;
      this.render();
    });
  }

  private makeView(): View {
    const { element, controller } = this;
    const root = element.shadowRoot ?? element.attachShadow({ mode: "open" });
    root.replaceChildren();
    return new View(root, this.home.nonce, {
      go(by) {
        const { state } = controller;
        if (state.is === "press") state.press(by);
        else controller.again(by);
      },
      cancel: () => this.cancel(),
    });
  }

  private cancel(): void {
    const { state } = this.controller;
    this.held = undefined;
    if (state.is === "press") state.close();
    else this.controller.reset();
    this.wasShown = false;
    this.render();
  }
}

function size(text: string | null): Size {
  return text === "flexible" || text === "compact" ? text : "normal";
}

/** Missing in browsers before 2023; then only the attribute `form` is not understood. */
function attachInternals(element: HTMLElement): ElementInternals | undefined {
  try {
    return element.attachInternals();
  } catch {
    return undefined;
  }
}
