// Solves a puzzle over lanes, each kind in its own file.

import { walk } from "./kind/cachewalk.js";
import { searchNonce } from "./kind/sha256.js";
import type { OnProgress, Pool } from "./pool.js";
import { fromBase64Url, type Kernel, type Puzzle } from "./puzzle.js";

export interface Solution {
  readonly proof: Uint8Array;
  readonly kernel: Kernel;
}

export async function solvePuzzle(puzzle: Puzzle, pool: Pool, onProgress: OnProgress): Promise<Solution> {
  const challenge = fromBase64Url(puzzle.challenge);
  switch (puzzle.kind) {
    case "sha256":
      return { proof: await searchNonce(challenge, puzzle.bits, pool, onProgress), kernel: "js" };
    case "cachewalk":
      return { proof: await walk(challenge, puzzle, pool, onProgress), kernel: pool.kernel() };
    case "pbkdf2":
      return { proof: await walk(challenge, puzzle, pool, onProgress), kernel: "webcrypto" };
  }
}
