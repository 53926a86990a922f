// One call of the admin API: JSON there and back, problems as exceptions, and what proves that this page makes it.

/** What the API says when it does not do what it was asked. */
export interface Problem {
  status: number;
  code: string;
  detail: string;
  more?: unknown;
}

export class ApiError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** After so long without a touch nobody is taken to be here: what the page asks by itself keeps no session alive. */
const ATTENDED_MILLIS = 60_000;

let csrf = "";
let touched = performance.now();
for (const sign of ["pointerdown", "pointermove", "keydown", "wheel"]) addEventListener(sign, () => (touched = performance.now()), { capture: true, passive: true });

let whenSignedOut = (): void => {};

/** What the session's answers said to send along. */
export function setCsrf(token: string): void {
  csrf = token;
}

/** What happens when a session has ended meanwhile. */
export function onSignedOut(then: () => void): void {
  whenSignedOut = then;
}

export async function call<T>(method: string, target: string, body?: unknown, version?: string, signal?: AbortSignal): Promise<T> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (method !== "GET") headers["x-spigot-csrf"] = csrf;
  if (performance.now() - touched > ATTENDED_MILLIS) headers["x-spigot-unattended"] = "1";
  if (body !== undefined) headers["content-type"] = "application/json";
  if (version !== undefined) headers["if-match"] = `"${version}"`;
  const request: RequestInit = { method, headers, credentials: "same-origin" };
  if (body !== undefined) request.body = JSON.stringify(body);
  if (signal) request.signal = signal;
  let response: Response;
  try {
    response = await fetch(target, request);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError({ status: 0, code: "unreachable", detail: "" });
  }
  const answer: unknown = await response.json().catch(() => null);
  // An answer that was cut off is none: as a value it would be shown as one.
  signal?.throwIfAborted();
  if (response.ok && answer === null) throw new ApiError({ status: response.status, code: "unreachable", detail: "" });
  if (response.ok) return answer as T;
  const said = (answer ?? {}) as Partial<Problem>;
  const problem = { status: response.status, code: said.code ?? "unknown", detail: said.detail ?? response.statusText, more: said.more };
  if (problem.code === "signed_out") whenSignedOut();
  throw new ApiError(problem);
}

/** A path with its names filled in. */
export function path(template: string, ...names: string[]): string {
  let at = 0;
  return template.replace(/\{[^}]+\}/g, () => encodeURIComponent(names[at++] ?? ""));
}

/** A query of what is there. */
export function query(search: Record<string, unknown>): string {
  const pairs = Object.entries(search).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const text = new URLSearchParams(pairs.map(([name, value]) => [name, String(value)])).toString();
  return text ? `?${text}` : "";
}
