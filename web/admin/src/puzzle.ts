// The puzzle that the sign-in asks for after a failure, solved in workers as on the pages of the site.

import { openLanes } from "../../solver/browser/lanes.js";
import { pageLane } from "../../solver/browser/page-lane.js";
import { Pool, type OnProgress } from "../../solver/browser/pool.js";
import { isPuzzle, toBase64Url, type Puzzle } from "../../solver/browser/puzzle.js";
import { solvePuzzle } from "../../solver/browser/solve.js";
import type { Solution } from "./client.js";

export { isPuzzle };

export async function solve(puzzle: Puzzle, onProgress: OnProgress): Promise<Solution> {
  const pool = new Pool(() => pageLane(undefined));
  const abort = new AbortController();
  try {
    await new Promise<void>((resolve, reject) => {
      openLanes({
        wasmUrl: "/cachewalk.wasm",
        ways: [() => () => new Worker(workerUrl())],
        page: pageLane,
        signal: abort.signal,
        join(lane) {
          pool.join(lane);
          resolve();
        },
      }).catch(reject);
    });
    const { proof } = await solvePuzzle(puzzle, pool, onProgress);
    return { challenge: puzzle.challenge, proof: toBase64Url(proof) };
  } finally {
    abort.abort();
    pool.end();
  }
}

interface Policy {
  createScriptURL(url: string): string;
}

const WORKER = "/worker.js";
let policy: Policy | undefined;

/** The one script address that the page's policy of Trusted Types lets through. */
function workerUrl(): string {
  const { trustedTypes } = globalThis as { trustedTypes?: { createPolicy(name: string, rules: Policy): Policy } };
  if (!trustedTypes) return WORKER;
  policy ??= trustedTypes.createPolicy("spigot-worker", { createScriptURL: () => WORKER });
  return policy.createScriptURL(WORKER);
}
