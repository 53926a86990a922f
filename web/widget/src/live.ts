// A widget while it is in the page: attributes read, form, controller and view put together.

import { Failure } from "./attempt.js";
import { baseFrom, baseWritten } from "./base.js";
import { observe, type Seen } from "./collect/observe.js";
import { Controller, type State } from "./controller.js";
import { emit, type Handlers } from "./emit.js";
import { FormLink } from "./form.js";
import { en, languageFor, loadTexts, type Texts } from "./languages.js";
import { PROTOCOL } from "./protocol.js";
import { Scope } from "./scope.js";
import { serviceAt } from "./service.js";
import { solve } from "./solver.js";
import type { Auto, Mode, Refresh, Size } from "./types.js";
import { shadowOf } from "./view/styles.js";
import { View } from "./view/view.js";

/** The element, as far as this needs it. */
type Widget = HTMLElement & { readonly handlers: Handlers; readonly base?: string };

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

/** What an element has while it is in the page. */
export class Live {
  readonly controller: Controller;
  private readonly scope = new Scope();
  private readonly root: ShadowRoot;
  private form: FormLink;
  private observer: (() => Seen) | undefined;
  private readonly watching = new Scope();
  private readonly abort = new AbortController();
  private view: View | undefined;
  private texts: Texts = en;
  private language = "en";
  private textsAsked = false;
  private held: (() => void) | undefined;
  private heldLong = false;
  /** Once shown, a box stays: nothing in the page jumps away. */
  private wasShown = false;

  /** `formOf` is the form by the element's own rules, where the browser knows them. */
  constructor(
    private readonly element: Widget,
    private readonly home: Home,
    private readonly formOf: () => HTMLFormElement | null | undefined,
  ) {
    this.root = shadowOf(element, home.nonce);
    this.controller = new Controller(this.world());
    this.form = this.link();
    this.watch();
    this.scope.on(document, "visibilitychange", () => document.hidden || this.controller.wake());
    this.scope.on(window, "pageshow", (event: PageTransitionEvent) => event.persisted && this.comeBack());
    this.scope.on(window, "online", () => this.isOffline() && void this.begin());
    element.setAttribute("data-state", this.controller.state.is);
    this.refreshView();
    if (this.auto() === "load") this.whenSeen(() => void this.begin());
  }

  execute(): Promise<string> {
    if (this.attribute("site-key") === null) {
      this.controller.refuse("site_key_missing");
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
    this.watching.end();
    this.scope.end();
    this.view?.hide();
    this.element.removeAttribute("data-shown");
    this.element.removeAttribute("data-state");
  }

  /** The element stands somewhere else, perhaps in another form. */
  moved(): void {
    const { form } = this.form;
    this.form.end();
    this.form = this.link();
    this.form.fill(this.controller.token() ?? "");
    if (this.form.form !== form) this.watch();
  }

  /** What was seen of a form says nothing of another. */
  private watch(): void {
    this.watching.end();
    this.observer =
      this.attribute("collect") === "off"
        ? undefined
        : observe({
            page: this.element.ownerDocument,
            form: this.form.form,
            scope: this.watching,
            now: () => performance.now(),
          });
  }

  private link(): FormLink {
    return new FormLink(this.element, this.fieldNames(), {
      form: this.formOf(),
      mayPass: () => this.mayPass(),
      held: (release) => this.hold(release),
      touched: () => this.touched(),
    });
  }

  refreshView(): void {
    this.textsAsked = false;
    this.render();
  }

  private begin(): Promise<void> {
    // What went wrong is shown, and told by an event.
    return this.execute().then(
      () => {},
      () => {},
    );
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

  private refresh(name: "refresh-expired" | "refresh-timeout"): Refresh {
    const value = this.attribute(name);
    return value === "manual" || value === "never" ? value : "auto";
  }

  private fieldNames(): string[] {
    if (this.attribute("response-field") === "false") return [];
    const names = [this.attribute("response-field-name") || "spigot-response"];
    return [...new Set([...names, ...(this.attribute("compat-fields") ?? "").split(/\s+/)])].filter(
      (name) => name !== "",
    );
  }

  private base(): string {
    const { base } = this.home;
    const page = document.baseURI;
    return this.element.base
      ? baseFrom(this.element.base, page)
      : baseWritten(this.attribute("base") ?? base, page, base, location.origin);
  }

  private world(): ConstructorParameters<typeof Controller>[0] {
    const { element, scope } = this;
    return {
      wanted: () => {
        const action = this.attribute("action");
        const data = this.attribute("data");
        const serverToken = this.attribute("server-token");
        const asking = {
          protocol: PROTOCOL as typeof PROTOCOL,
          site_key: this.attribute("site-key") ?? "",
          ...(action === null ? {} : { action }),
          ...(data === null ? {} : { data }),
          ...(serverToken === null ? {} : { server_token: serverToken }),
        };
        return {
          asking,
          interactive: this.mode() === "visible",
          language: languageFor(element, this.attribute("language")),
        };
      },
      settings: () => ({
        retry: this.attribute("retry") === "never" ? "never" : "auto",
        refreshExpired: this.refresh("refresh-expired"),
        refreshTimeout: this.refresh("refresh-timeout"),
      }),
      call: (path, body, signal) => serviceAt(this.base())(path, body, signal),
      solve: (challenge, exchange, signal) =>
        solve(challenge, {
          base: this.base(),
          exchange,
          signal,
          onProgress: (share) => this.controller.progress(share, false),
          onSlow: () => this.controller.progress(0, true),
        }),
      seen: () => this.observer?.(),
      after: (millis, call) => scope.after(millis, call),
      wait: (millis, signal) =>
        new Promise((resolve, reject) => {
          const cancel = scope.after(millis, resolve);
          signal.addEventListener("abort", () => (cancel(), reject(new Failure("aborted", false))), { once: true });
        }),
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
    // Whoever sent the form is led to what is left to do.
    if (this.held !== undefined) this.view?.focus();
    emit(element, "state", state.is);
    if (state.is === "done") {
      emit(element, "token", state.token);
      this.release(true);
    } else if (state.is === "failed") {
      emit(element, "error", state.code, state.decision);
      if (state.code === "unsupported") emit(element, "unsupported");
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
      this.heldLong = this.held !== undefined;
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
    if (controller.state.is === "expired" && this.refresh("refresh-expired") === "auto") void this.begin();
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
    const mode = this.mode();
    if (mode === "visible" || state.is === "press" || (this.held !== undefined && this.heldLong)) return true;
    const troubled = state.is === "failed" || (state.is === "working" && state.slow);
    if (mode === "invisible") return troubled && this.held !== undefined;
    const appearance = this.attribute("appearance");
    if (troubled || appearance === "always" || (appearance === "execute" && state.is !== "idle")) return true;
    return state.is === "expired" ? !this.renewsByItself() : this.wasShown;
  }

  private renewsByItself(): boolean {
    return !this.wasShown && this.refresh("refresh-expired") !== "manual";
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
    const { controller } = this;
    return new View(this.root, {
      go(by) {
        const { state } = controller;
        if (state.is === "press") state.press(by);
        else controller.again(by);
      },
      cancel: () => this.cancel(),
    });
  }

  close(): void {
    if (this.mode() === "invisible" && this.element.hasAttribute("data-shown")) this.cancel();
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
