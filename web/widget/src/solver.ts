// The solver as a widget uses it: one puzzle at a time in a page, in workers where the page's policy lets them start.

import { openLanes, type Lane, type StartWorker } from "../../solver/browser/lanes.js";
import { Pool } from "../../solver/browser/pool.js";
import { withinReach } from "../../solver/browser/reach.js";
import { solvePuzzle } from "../../solver/browser/solve.js";
import { Failure, type Solved } from "./attempt.js";
import { parts } from "./parts.js";
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
  const stop = (): void => {
    pool.end();
    for (const url of scripts) URL.revokeObjectURL(url);
    scripts.clear();
  };
  signal.addEventListener("abort", stop);
  try {
    const start = performance.now();
    await openFor(base, challenge, pool, signal);
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
function openFor(base: string, challenge: Real, pool: Pool, signal: AbortSignal): Promise<void> {
  const file = base + "worker.js";
  const own = (): StartWorker => startAt(file);
  const copied = async (): Promise<StartWorker> => {
    const text = parts.worker ?? (await textOf(file));
    // Nobody would revoke the copy after the end.
    if (signal.aborted) throw new Error("no longer wanted");
    return startAt(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
  };
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(new Error("no longer wanted")), { once: true });
    openLanes({
      wasmUrl: challenge.kind === "cachewalk" ? (parts.wasm ?? base + "cachewalk.wasm") : undefined,
      // A worker's file has to come from the page's own origin; a copy of it may be allowed where the file is not.
      ways: isOwnOrigin(base) && parts.worker === undefined ? [own, copied] : [copied],
      page: (wasm) => pageLaneAt(base, wasm),
      signal,
      join(lane) {
        pool.join(lane);
        resolve();
      },
    }).catch(() => reject(new Failure("unsupported", false)));
  });
}

async function textOf(file: string): Promise<string> {
  const response = await fetch(file, { credentials: "omit" });
  if (!response.ok) throw new Error(`${file}: ${response.status}`);
  return response.text();
}

/** The solver on the page itself is a file of its own: few browsers need it. */
async function pageLaneAt(base: string, wasm: ArrayBuffer | undefined): Promise<Lane> {
  if (parts.page !== undefined) return parts.page(wasm);
  const file = (await import(base + "page.js")) as typeof import("../../solver/browser/page-lane.js");
  return file.pageLane(wasm);
}

/** What workers may be started with: the worker's file and its copy, of the puzzle that is being solved. */
const scripts = new Set<string>();

function startAt(url: string): StartWorker {
  scripts.add(url);
  const trusted = trustedUrl(url);
  return () => new Worker(trusted);
}

interface Policy {
  createScriptURL(url: string): string;
}

/** Nobody else's to use. A second script of ours in the page needs none: the first one's element stays. */
let policy: Policy | undefined;

/** Where a page demands Trusted Types and does not allow the policy `spigot`, this throws and the page itself solves. */
function trustedUrl(url: string): string {
  const { trustedTypes } = globalThis as { trustedTypes?: { createPolicy(name: string, rules: Policy): Policy } };
  if (trustedTypes === undefined) return url;
  policy ??= trustedTypes.createPolicy("spigot", {
    createScriptURL(own) {
      if (scripts.has(own)) return own;
      throw new TypeError(own);
    },
  });
  return policy.createScriptURL(url);
}
