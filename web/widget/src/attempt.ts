// One attempt at a token: ask for a challenge, solve it, perhaps have the visitor press, submit; and again, as long as
// the service asks for more.

import { toBase64Url } from "../../solver/browser/puzzle.js";
import type { Asking, Challenge, Issued, Pressed, Real, Refused } from "./protocol.js";
import type { Call } from "./service.js";

/** Challenges solved in one attempt: a few that ran out or met another network, and what the service asks on top. */
const ROUNDS_MAX = 6;
/** Submissions of one proof to a service that has no time. */
const SUBMITS_MAX = 3;
const BUSY_MILLIS = 1_000;
const BUSY_MILLIS_MAX = 10_000;
/** A challenge is not begun when it would run out meanwhile. */
const MARGIN_MILLIS = 5_000;

/** What an honest client may meet: another challenge is worth solving. */
const AGAIN = [
  "expired",
  "stale",
  "other_network",
  "other_context",
  "too_early",
  "unknown_key",
  "spent",
  "press_missing",
];
/** Nobody looked at it yet. */
const BUSY = ["busy", "unavailable", "throttled", "too_often", "unreachable"];

export interface Solved {
  /** The one that was solved: another than the one given where this browser needs another. */
  readonly challenge: Real;
  readonly proof: Uint8Array;
  readonly millis: number;
}

/** What an attempt needs of the world. */
export interface Ports {
  readonly call: Call;
  solve(
    challenge: Real,
    exchange: (challenge: Real) => Promise<Real | undefined>,
    signal: AbortSignal,
  ): Promise<Solved>;
  /** Shows the press and waits for it; `millis` is how long the challenge holds. Rejects when the visitor will not. */
  press(millis: number, signal: AbortSignal): Promise<Pressed>;
  /** The sums of behaviour, if they are wanted. */
  seen(): object | undefined;
  wait(millis: number, signal: AbortSignal): Promise<void>;
  /** Milliseconds. */
  now(): number;
}

export interface Wanted {
  readonly asking: Asking;
  readonly interactive: boolean;
  readonly language: string;
  /** The token that a form was sent with. */
  readonly again?: string | undefined;
  /** The visitor pressed before the challenge was asked for. */
  readonly pressed?: Pressed | undefined;
}

/** Why an attempt came to nothing. `passing` is trouble that another attempt may not meet. */
export class Failure extends Error {
  constructor(
    readonly code: string,
    readonly passing: boolean,
    readonly decision?: string,
    readonly retryAfterMillis = 0,
  ) {
    super(`no token: ${code}`);
  }
}

export function failure({ code, decision, retryAfterMillis }: Refused): Failure {
  return new Failure(
    code,
    AGAIN.includes(code) || BUSY.includes(code) || /^http_5/.test(code),
    decision,
    retryAfterMillis,
  );
}

export async function attempt(wanted: Wanted, ports: Ports, signal: AbortSignal): Promise<Issued> {
  let pressed = wanted.pressed;
  const first = await ask(wanted, ports, signal);
  if ("token" in first) return first;
  let { challenge, until } = first;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    if (challenge.interaction === "press" && pressed === undefined) {
      pressed = await ports.press(until - ports.now(), signal);
    }
    if (ports.now() > until - Math.min(MARGIN_MILLIS, challenge.expires_in_millis / 2)) {
      // The visitor took their time: what was pressed counts for the next.
      const next = await ask(wanted, ports, signal);
      if ("token" in next) return next;
      ({ challenge, until } = next);
    }
    if ("test" in challenge) return tested(challenge);
    const answer = await solveAndSubmit(challenge, pressed, wanted, ports, signal);
    if (answer.is === "issued") return answer.issued;
    if (answer.is === "refused") {
      if (answer.challenge === undefined || !AGAIN.includes(answer.code)) throw failure(answer);
      if (answer.code === "press_missing") pressed = undefined;
    }
    challenge = answer.challenge!;
    until = ports.now() + challenge.expires_in_millis;
  }
  throw new Failure("too_many_rounds", true);
}

/** A challenge; or, where a form came back with an error, the next token at once. */
async function ask(wanted: Wanted, ports: Ports, signal: AbortSignal): Promise<Given | Issued> {
  const { asking, interactive, language, again } = wanted;
  const now = ports.now();
  const answer = await ports.call("challenge", { ...asking, interactive, language, again }, signal);
  if (answer.is === "refused") throw failure(answer);
  if (answer.is === "issued") return answer.issued;
  return { challenge: answer.challenge, until: now + answer.challenge.expires_in_millis };
}

interface Given {
  readonly challenge: Challenge;
  /** Until when it holds, by the page's own clock. */
  readonly until: number;
}

function tested({ test, token, expires_in_millis }: Extract<Challenge, { test: string }>): Issued {
  if (test === "fail") throw new Failure("test_failed", false);
  return { token, expires_in_millis };
}

async function solveAndSubmit(
  challenge: Real,
  pressed: Pressed | undefined,
  { asking }: Wanted,
  ports: Ports,
  signal: AbortSignal,
): ReturnType<Call> {
  const exchange = async (old: Real): Promise<Real | undefined> => {
    if (!old.fallback) return undefined;
    const answer = await ports.call("fallback", { ...asking, challenge: old.challenge }, signal);
    const fresh = answer.is === "issued" ? undefined : answer.challenge;
    return fresh === undefined || "test" in fresh ? undefined : fresh;
  };
  const solved = await ports.solve(challenge, exchange, signal);
  const submission = {
    ...asking,
    challenge: solved.challenge.challenge,
    proof: toBase64Url(solved.proof),
    millis: Math.round(solved.millis),
    pressed,
    seen: ports.seen(),
  };
  for (let submits = 1; ; submits++) {
    const answer = await ports.call("solve", submission, signal);
    const unseen = answer.is === "refused" && BUSY.includes(answer.code);
    if (!unseen || submits === SUBMITS_MAX || (answer.retryAfterMillis ?? 0) > BUSY_MILLIS_MAX) return answer;
    await ports.wait(Math.max(BUSY_MILLIS, answer.retryAfterMillis ?? 0), signal);
  }
}
