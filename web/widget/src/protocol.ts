// What is said to the service and what it answers: version 1 of docs/widget-protocol.md.

import { isPuzzle, type Puzzle } from "../../solver/browser/puzzle.js";

export const PROTOCOL = 1;

export type Interaction = "none" | "press";

export interface Test {
  readonly test: "pass" | "fail" | "ask";
  readonly token: string;
}

/** What is asked of the page: a puzzle, or nothing but a test key's token. */
export type Challenge = (Puzzle | Test) & {
  readonly expires_in_millis: number;
  readonly interaction: Interaction;
  /** Whether another puzzle may be asked for. */
  readonly fallback?: boolean;
};

export type Real = Extract<Challenge, Puzzle>;

/** How the visitor pressed the button, and how long it had been there. */
export interface Pressed {
  readonly by: "pointer" | "key" | "other";
  readonly after_millis: number;
}

export interface Issued {
  readonly token: string;
  readonly expires_in_millis: number;
}

/** What every call says of itself. */
export interface Asking {
  readonly protocol: typeof PROTOCOL;
  readonly site_key: string;
  readonly action?: string;
  readonly data?: string;
  /** One that the site's server had issued. */
  readonly server_token?: string;
}

export type Answer =
  | { readonly is: "challenge"; readonly challenge: Challenge }
  | { readonly is: "issued"; readonly issued: Issued }
  | Refused;

export interface Refused {
  readonly is: "refused";
  readonly code: string;
  /** To solve instead: an honest client needs no more than this. */
  readonly challenge?: Challenge;
  readonly decision?: string;
  readonly retryAfterMillis?: number;
}

/** Reads an answer. `body` is whatever came, parsed, or nothing. */
export function readAnswer(status: number, body: unknown, retryAfter: string | null): Answer {
  const fields = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  if (status === 200) {
    const challenge = fields["next"] ?? fields;
    if (isIssued(fields) && fields["test"] === undefined) return { is: "issued", issued: fields };
    if (isChallenge(challenge)) return { is: "challenge", challenge };
    return { is: "refused", code: "unreadable" };
  }
  const { code, challenge, decision } = fields;
  const seconds = Number(retryAfter);
  return {
    is: "refused",
    code: typeof code === "string" ? code : `http_${status}`,
    ...(isChallenge(challenge) ? { challenge } : {}),
    ...(typeof decision === "string" ? { decision } : {}),
    ...(retryAfter !== null && seconds >= 0 ? { retryAfterMillis: 1_000 * seconds } : {}),
  };
}

function isIssued(fields: Record<string, unknown>): fields is Record<string, unknown> & Issued {
  return (
    typeof fields["token"] === "string" && fields["token"] !== "" && typeof fields["expires_in_millis"] === "number"
  );
}

function isChallenge(value: unknown): value is Challenge {
  if (typeof value !== "object" || value === null) return false;
  const fields = value as Record<string, unknown>;
  const asks = fields["interaction"] === "none" || fields["interaction"] === "press";
  const isTest = ["pass", "fail", "ask"].includes(fields["test"] as string) && isIssued(fields);
  return asks && typeof fields["expires_in_millis"] === "number" && (isTest || isPuzzle(value));
}
