// What a page shows while it is fetched, and when that fails.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ApiError, type Problem } from "./call.js";

export type Loaded<T> =
  | { state: "loading" }
  | { state: "failed"; problem: Problem }
  | { state: "ready"; value: T; /** What failed when it was fetched again; the value is older then. */ stale?: Problem };

/** Fetches, and again whenever `inputs` change, every so many milliseconds, or when asked to. */
export function useLoad<T>(fetch: (signal: AbortSignal) => Promise<T>, inputs: readonly unknown[], everyMillis?: number): [Loaded<T>, () => void] {
  const [loaded, setLoaded] = useState<Loaded<T>>({ state: "loading" });
  const [turn, setTurn] = useState(0);
  const latest = useRef(fetch);
  latest.current = fetch;
  const reload = useCallback(() => setTurn((count) => count + 1), []);
  const known = useRef<string>("");
  const inputsText = JSON.stringify(inputs);
  useEffect(() => {
    const abort = new AbortController();
    if (known.current !== inputsText) setLoaded({ state: "loading" });
    known.current = inputsText;
    latest
      .current(abort.signal)
      .then((value) => {
        if (!abort.signal.aborted) setLoaded({ state: "ready", value });
      })
      .catch((error: unknown) => {
        if (abort.signal.aborted) return;
        const problem = problemOf(error);
        setLoaded((before) => (before.state === "ready" ? { ...before, stale: problem } : { state: "failed", problem }));
      });
    return () => abort.abort();
  }, [inputsText, turn]);
  useEffect(() => {
    if (everyMillis === undefined) return undefined;
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") reload();
    }, everyMillis);
    return () => clearInterval(timer);
  }, [everyMillis, reload]);
  return [loaded, reload];
}

export function problemOf(error: unknown): Problem {
  if (error instanceof ApiError) return error.problem;
  return { status: 0, code: "unknown", detail: error instanceof Error ? error.message : String(error) };
}
