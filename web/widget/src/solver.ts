// The solver as a widget uses it: one puzzle at a time in a page, in workers where the page's policy lets them start.

import { openLanes, type Lane, type StartWorker } from "../../solver/browser/lanes.js";
import { Pool } from "../../solver/browser/pool.js";
import { withinReach } from "../../solver/browser/reach.js";
import { solvePuzzle } from "../../solver/browser/solve.js";
import { Failure, type Solved } from "./attempt.js";
import type { Real } from "./protocol.js";
import { isOwnOrigin } from "./service.js";

export interface SolveOptions {
  readonly base: string;
  readonly exchange: (challenge: Real) => Promise<Real | undefined>;
  readonly signal: AbortSignal;
  /** 0 to 1. */
  readonly onProgress: (share: number) => void;
  /** It will take a minute in this browser. */
  readonly onSlow: () => void;
}

/** Widgets of one page take turns: two at once would only slow each other down. */
let turn: Promise<unknown> = Promise.resolve();

export function solve(challenge: Real, options: SolveOptions): Promise<Solved> {
  const mine = turn.then(() => solveNow(challenge, options));
  turn = mine.catch(() => {});
  return mine;
}

async function solveNow(
  challenge: Real,
  { base, exchange, signal, onProgress, onSlow }: SolveOptions,
): Promise<Solved> {
  if (signal.aborted) throw new Error("no longer wanted");
  const pool = new Pool(() => pageLaneAt(base, undefined));
  const urls: string[] = [];
  const stop = (): void => {
    pool.end();
    for (const url of urls) URL.revokeObjectURL(url);
  };
  signal.addEventListener("abort", stop);
  try {
    const start = performance.now();
    await openFor(base, challenge, pool, urls, signal);
    const reached = await withinReach(challenge, pool, exchange);
    if (reached.slow) onSlow();
    const { proof } = await solvePuzzle(reached.challenge, pool, onProgress);
    return { challenge: reached.challenge, proof, millis: performance.now() - start };
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
  }
}

/** Resolves with the first lane; others join as they come. */
function openFor(base: string, challenge: Real, pool: Pool, urls: string[], signal: AbortSignal): Promise<void> {
  const file = base + "worker.js";
  const own = (): StartWorker => startAt(file);
  const copied = async (): Promise<StartWorker> => {
    const response = await fetch(file, { credentials: "omit" });
    const text = await response.text();
    // Nobody would revoke the copy after the end.
    if (!response.ok || signal.aborted) throw new Error(`${file}: ${response.status}`);
    const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
    urls.push(url);
    return startAt(url);
  };
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(new Error("no longer wanted")), { once: true });
    openLanes({
      wasmUrl: challenge.kind === "cachewalk" ? base + "cachewalk.wasm" : undefined,
      // A worker's file has to come from the page's own origin; a copy of it may be allowed where the file is not.
      ways: isOwnOrigin(base) ? [own, copied] : [copied],
      page: (wasm) => pageLaneAt(base, wasm),
      signal,
      join(lane) {
        pool.join(lane);
        resolve();
      },
    }).catch(() => reject(new Failure("unsupported", false)));
  });
}

/** The solver on the page itself is a file of its own: few browsers need it. */
async function pageLaneAt(base: string, wasm: ArrayBuffer | undefined): Promise<Lane> {
  const file = (await import(base + "page.js")) as typeof import("../../solver/browser/page-lane.js");
  return file.pageLane(wasm);
}

function startAt(url: string): StartWorker {
  const trusted = trustedUrl(url);
  return () => new Worker(trusted);
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string };
}

/** A page may have two scripts of ours, and the name can be taken once only. */
const POLICY = Symbol.for("spigot.trusted-types");

/** Where a page demands Trusted Types and does not allow the policy `spigot`, this throws and the page itself solves. */
function trustedUrl(url: string): string {
  const page = globalThis as { trustedTypes?: TrustedTypes; [POLICY]?: ReturnType<TrustedTypes["createPolicy"]> };
  if (page.trustedTypes === undefined) return url;
  page[POLICY] ??= page.trustedTypes.createPolicy("spigot", { createScriptURL: (own) => own });
  return page[POLICY].createScriptURL(url);
}
