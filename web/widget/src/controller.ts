// A widget's state: which token there is, what is being done for the next, and what becomes of it in time.

import { attempt, Failure, type Ports, type Wanted } from "./attempt.js";
import type { Issued, Pressed } from "./protocol.js";
import type { Refresh } from "./types.js";

export type State =
  /** Nothing asked for yet. */
  | { readonly is: "idle" }
  | { readonly is: "working"; readonly share: number; readonly slow: boolean }
  /** The visitor is asked to press; `press` is called when they do. */
  | { readonly is: "press"; readonly press: (by: Pressed["by"]) => void; readonly close: () => void }
  | { readonly is: "done"; readonly token: string }
  | { readonly is: "expired" }
  | { readonly is: "failed"; readonly code: string; readonly decision: string | undefined };

export interface Settings {
  readonly retry: "auto" | "never";
  readonly refreshExpired: Refresh;
  readonly refreshTimeout: Refresh;
}

/** What a controller needs of the world. */
export interface World extends Pick<Ports, "call" | "solve" | "seen" | "wait" | "now"> {
  wanted(): Wanted;
  settings(): Settings;
  /** Calls back once after so many milliseconds; the answer takes it back. */
  after(millis: number, call: () => void): () => void;
  /** Between 0 and 1. */
  random(): number;
  isHidden(): boolean;
  changed(state: State): void;
  /** `timeout`: the press was not made while its challenge held. */
  happened(what: "expired" | "timeout" | "before-interactive" | "after-interactive"): void;
}

/** A token is replaced so long before its end: a form that is sent meanwhile still arrives. */
const REFRESH_MILLIS = 30_000;
/** A page that nobody touches is not worth more solves than this; the next touch of the form begins again. */
const REFRESHES_MAX = 10;
/** Attempts after the first; the waits between double from a second on. */
const RETRIES_MAX = 3;
const RETRY_MILLIS = 1_000;
const RETRY_MILLIS_MAX = 30_000;

interface Running {
  readonly abort: AbortController;
  readonly token: Promise<string>;
  /** Nothing is shown, and if the service wants a press, that waits until somebody waits for the token. */
  quiet: boolean;
}

export class Controller {
  state: State = { is: "idle" };
  private issued: (Issued & { readonly until: number }) | undefined;
  /** The form has been sent with the token: the next needs another. */
  private presentedAt: number | undefined;
  private running: Running | undefined;
  private cancelTimer: (() => void) | undefined;
  private refreshes = 0;
  private wasPressed = false;
  private shownAt: number;

  constructor(private readonly world: World) {
    this.shownAt = world.now();
  }

  /** The token, while it holds. */
  token(): string | undefined {
    return this.issued !== undefined && this.world.now() < this.issued.until ? this.issued.token : undefined;
  }

  isExpired(): boolean {
    return this.issued !== undefined && this.world.now() >= this.issued.until;
  }

  /** A token that no form was sent with yet. */
  freshToken(): string | undefined {
    return this.presentedAt === undefined ? this.token() : undefined;
  }

  /** How long ago a form was sent with the token, in milliseconds. */
  presentedFor(): number | undefined {
    return this.presentedAt === undefined ? undefined : this.world.now() - this.presentedAt;
  }

  /** The form is being sent with the token. */
  present(): void {
    this.presentedAt ??= this.world.now();
  }

  /** The token, or the attempt at it that is under way, or a new one. Rejects with a `Failure`. */
  execute(pressed?: Pressed): Promise<string> {
    const token = this.freshToken();
    if (token !== undefined) return Promise.resolve(token);
    this.refreshes = 0;
    if (this.running === undefined) return this.run(false, pressed);
    if (this.running.quiet) {
      this.running.quiet = false;
      this.show({ is: "working", share: 0, slow: false });
    }
    return this.running.token;
  }

  /** The visitor pressed where it failed or ran out. */
  again(by: Pressed["by"]): void {
    void this.execute(this.pressed(by, this.shownAt)).catch(() => {});
  }

  /** The page's clock may have been set meanwhile. */
  private pressed(by: Pressed["by"], since: number): Pressed {
    return { by, after_millis: Math.max(0, Math.round(this.world.now() - since)) };
  }

  /** There is nothing to ask for. */
  refuse(code: string): void {
    this.show({ is: "failed", code, decision: undefined });
  }

  /** Replaces a token that a form was sent with, unseen. */
  renew(): void {
    if (this.presentedAt !== undefined && this.running === undefined) this.refresh();
  }

  /** Forgets everything. */
  reset(): void {
    this.stop();
    this.forget();
    this.show({ is: "idle" });
  }

  end(): void {
    this.stop();
    this.forget();
  }

  /** The page is seen again, came back from the history, or the machine woke up: timers may have stood still. */
  wake(): void {
    if (this.issued !== undefined && this.running === undefined) this.watch();
  }

  private stop(): void {
    this.running?.abort.abort();
    this.running = undefined;
  }

  private forget(): void {
    this.cancelTimer?.();
    this.issued = undefined;
    this.presentedAt = undefined;
  }

  private show(state: State): void {
    if (state.is !== this.state.is) this.shownAt = this.world.now();
    this.state = state;
    this.world.changed(state);
  }

  private run(quiet: boolean, pressed?: Pressed): Promise<string> {
    this.stop();
    this.cancelTimer?.();
    const abort = new AbortController();
    const token = this.tryFor(pressed, abort.signal).then(
      (issued) => {
        if (abort.signal.aborted) throw new Failure("aborted", false);
        this.succeed(issued);
        return issued.token;
      },
      (error: unknown) => {
        if (!abort.signal.aborted) this.fail(asFailure(error));
        throw asFailure(error);
      },
    );
    // Whoever waits for it hears of it; nobody has to.
    token.catch(() => {});
    this.running = { abort, token, quiet };
    if (!quiet) {
      this.wasPressed = pressed !== undefined;
      this.show({ is: "working", share: 0, slow: false });
    }
    return token;
  }

  private async tryFor(pressed: Pressed | undefined, signal: AbortSignal): Promise<Issued> {
    for (let retries = 0; ; retries++) {
      try {
        return await attempt({ ...this.world.wanted(), pressed, again: this.spentToken() }, this.ports(), signal);
      } catch (error) {
        const { passing, retryAfterMillis } = asFailure(error);
        if (signal.aborted || !passing || retries === RETRIES_MAX || this.world.settings().retry === "never")
          throw error;
        if (retryAfterMillis > RETRY_MILLIS_MAX) throw error;
        const backOff = RETRY_MILLIS * 2 ** retries * (0.75 + this.world.random() / 2);
        await this.world.wait(Math.max(backOff, retryAfterMillis), signal);
      }
    }
  }

  private spentToken(): string | undefined {
    return this.presentedAt === undefined ? undefined : this.issued?.token;
  }

  private ports(): Ports {
    const { call, solve, seen, wait, now } = this.world;
    return {
      call,
      seen,
      wait,
      now,
      solve: (challenge, exchange, signal) => solve(challenge, exchange, signal),
      press: (millis, signal) => this.askForPress(millis, signal),
    };
  }

  progress(share: number, slow: boolean): void {
    const { state } = this;
    if (state.is === "working") this.show({ is: "working", share, slow: slow || state.slow });
  }

  private askForPress(millis: number, signal: AbortSignal): Promise<Pressed> {
    const { world } = this;
    if (this.running?.quiet) return Promise.reject(new Failure("press_wanted", false));
    const start = world.now();
    const timeout = world.after(Math.max(0, millis), () => this.pressTimedOut());
    world.happened("before-interactive");
    return new Promise<Pressed>((resolve, reject) => {
      signal.addEventListener("abort", () => reject(new Failure("aborted", false)));
      this.show({
        is: "press",
        press: (by) => {
          this.wasPressed = true;
          this.show({ is: "working", share: 0, slow: false });
          resolve(this.pressed(by, start));
        },
        close: () => reject(new Failure("closed", false)),
      });
    }).finally(() => {
      timeout();
      world.happened("after-interactive");
    });
  }

  /** With `auto` the button stays: a press after that is for a new challenge. */
  private pressTimedOut(): void {
    this.world.happened("timeout");
    const refresh = this.world.settings().refreshTimeout;
    if (refresh === "auto" || this.state.is !== "press") return;
    this.stop();
    this.show(refresh === "manual" ? { is: "expired" } : { is: "failed", code: "timeout", decision: undefined });
  }

  private succeed(issued: Issued): void {
    this.running = undefined;
    this.presentedAt = undefined;
    this.issued = { ...issued, until: this.world.now() + issued.expires_in_millis };
    this.show({ is: "done", token: issued.token });
    this.watch();
  }

  private fail(failure: Failure): void {
    const quiet = this.running?.quiet;
    this.running = undefined;
    if (failure.code === "press_wanted") this.wasPressed = true;
    // The token that there is holds a while yet; its end is told then.
    if (quiet && (this.token() !== undefined || failure.code === "press_wanted")) return this.watch();
    this.forget();
    this.show({ is: "failed", code: failure.code, decision: failure.decision });
  }

  /** Sets the timer for the next thing that happens to the token. */
  private watch(): void {
    this.cancelTimer?.();
    const { issued, world } = this;
    if (issued === undefined) return;
    const left = issued.until - world.now();
    const margin = Math.min(REFRESH_MILLIS, issued.expires_in_millis / 5);
    if (left <= 0) return this.expire();
    const early = left > margin && this.renews() ? left - margin : left;
    this.cancelTimer = world.after(early, () => {
      if (this.renews() && !world.isHidden() && this.token() !== undefined) this.refresh();
      else this.watch();
    });
  }

  /** Whether a token is replaced without anybody asking. One that took a press would take another: then it waits. */
  private renews(): boolean {
    return this.world.settings().refreshExpired === "auto" && !this.wasPressed && this.refreshes < REFRESHES_MAX;
  }

  private refresh(): void {
    this.refreshes++;
    void this.run(true).catch(() => {});
  }

  private expire(): void {
    if (this.state.is !== "expired") {
      this.show({ is: "expired" });
      this.world.happened("expired");
    }
    // Whoever was called back may have begun something else.
    if (this.state.is === "expired" && this.renews() && !this.world.isHidden()) this.refresh();
  }
}

function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  console.error(error);
  return new Failure("solve_failed", false);
}
