// The calls to the service.

import { readAnswer, type Answer } from "./protocol.js";

/** A service that does not answer at all. */
const CALL_MILLIS_MAX = 20_000;

export type Call = (path: "challenge" | "fallback" | "solve", body: object, signal: AbortSignal) => Promise<Answer>;

/** `base` is the folder of the service's files. A plain text body needs no preflight from another origin. */
export function serviceAt(base: string): Call {
  return async (path, body, signal) => {
    if (signal.aborted) return { is: "refused", code: "unreachable" };
    const abort = new AbortController();
    const stop = (): void => abort.abort();
    const timer = setTimeout(stop, CALL_MILLIS_MAX);
    signal.addEventListener("abort", stop);
    try {
      const response = await fetch(base + path, {
        method: "POST",
        headers: { "Content-Type": "text/plain;charset=UTF-8" },
        body: JSON.stringify(body),
        credentials: isOwnOrigin(base) ? "same-origin" : "omit",
        cache: "no-store",
        signal: abort.signal,
      });
      const fields: unknown = await response.json().catch(() => undefined);
      return readAnswer(response.status, fields, response.headers.get("Retry-After"));
    } catch {
      return { is: "refused", code: "unreachable" };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    }
  };
}

export function isOwnOrigin(url: string): boolean {
  return new URL(url, location.href).origin === location.origin;
}
