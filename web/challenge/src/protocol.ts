// What the server puts into the page, what it is sent, and what it answers.

import { isPuzzle, type Kernel, type Puzzle } from "../../solver/browser/puzzle.js";
import { isWidget, type Widget } from "./provider/widget.js";

/** Where a solution goes. */
export interface Submitting {
  readonly solve_url: string;
  /** Where another puzzle is asked for, when this one cannot be done here. */
  readonly fallback_url?: string;
}

/** What happens after the solve. */
export interface Errand {
  readonly return_to: string;
  readonly method: string;
  /** The kept body's id. */
  readonly stash: string | null;
  /** The form itself, in its fields' order, where no kept body can be put into its place. */
  readonly form: readonly (readonly [string, string])[] | null;
  readonly decision: string;
  /** The body was more than `max_upload_bytes`, and was not kept. */
  readonly too_large: boolean;
  readonly max_upload_bytes: number;
}

/** A third party stands in for the puzzle. */
export interface Vouching {
  readonly kind: "provider";
  readonly challenge: string;
  readonly provider: Widget;
}

export type Challenge = (Puzzle | Vouching) & Submitting & Errand;
/** A challenge that is computed. */
export type PuzzleChallenge = Puzzle & Submitting & Errand;

export interface Submission {
  readonly challenge: string;
  /** base64url: the proof for cachewalk, the eight bytes of the nonce for sha256, the token of a provider. */
  readonly proof: string;
  readonly millis: number;
  readonly kernel?: Kernel;
}

export type Answer =
  | { readonly is: "solved" }
  /** Not our fault and not the visitor's: another challenge is worth solving. */
  | { readonly is: "again"; readonly code: string; readonly challenge: Challenge }
  /** Nobody looked at it yet: the same may be submitted again. */
  | { readonly is: "busy"; readonly code: string }
  | { readonly is: "refused"; readonly code: string; readonly challenge?: Challenge }
  | { readonly is: "unreachable" };

const AGAIN = ["expired", "spent", "stale", "other_network", "provider_away"];
const BUSY = ["busy", "unavailable"];

/** Reads the answer to a submission. `body` is whatever came, parsed, or nothing. */
export function readAnswer(status: number, body: unknown): Answer {
  const fields = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  if (status === 200 && fields["ok"] === true) return { is: "solved" };
  const code = typeof fields["code"] === "string" ? fields["code"] : `http_${status}`;
  if (status === 503 && BUSY.includes(code)) return { is: "busy", code };
  const challenge = fields["challenge"];
  if (!isChallenge(challenge)) return { is: "refused", code };
  return { is: AGAIN.includes(code) ? "again" : "refused", code, challenge };
}

/** The page's errand with a fresh puzzle. What the page was made for stays: only the kept body's id may be newer. */
export function withPuzzle(page: Challenge, fresh: Challenge): Challenge {
  const { return_to, method, decision, too_large, max_upload_bytes, form } = page;
  const errand = { return_to, method, decision, too_large, max_upload_bytes, form };
  return { ...fresh, ...errand, stash: fresh.stash ?? page.stash };
}

/** The challenge in an answer to the question for another puzzle. */
export function readPuzzle(body: unknown): Challenge | undefined {
  const challenge = (body as Record<string, unknown> | null)?.["challenge"];
  return isChallenge(challenge) ? challenge : undefined;
}

function isVouching(value: unknown): value is Vouching {
  const fields = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  return fields["kind"] === "provider" && typeof fields["challenge"] === "string" && isWidget(fields["provider"]);
}

/** The server leaves the errand away where the page knows it already. */
function isChallenge(value: unknown): value is Challenge {
  return (isPuzzle(value) || isVouching(value)) && typeof (value as Partial<Submitting>).solve_url === "string";
}

export function parseChallenge(text: string): Challenge {
  const value: unknown = JSON.parse(text);
  if (!isChallenge(value)) throw new Error("not a challenge this page knows");
  return value;
}
