// Where the engine does not compile, the puzzle would take minutes: then another one is asked for. What it costs and what
// it buys are the server's, and it may say no. Where there is none the visitor is told that it takes longer.

import { single, type Pool } from "./pool.js";
import type { Puzzle } from "./puzzle.js";

/** A leaf that takes longer than this was not compiled: the slowest phones that compile are at about a third of it. */
const LEAF_MILLIS_MAX = 1.5;

/** How often another puzzle is asked for: the first time may be with a challenge from before a change of network. */
const ASKS_MAX = 2;

export interface Reached<P extends Puzzle> {
  readonly challenge: P;
  /** It will be solved, but takes a minute and not a moment. */
  readonly slow: boolean;
}

/** The challenge to solve: the one given, or another where this browser cannot do it in time and there is another.
 * `exchange` asks the server; it gives nothing where the server offers none. */
export async function withinReach<P extends Puzzle>(
  challenge: P,
  pool: Pool,
  exchange: (challenge: P) => Promise<P | undefined>,
): Promise<Reached<P>> {
  if (challenge.kind !== "cachewalk") return { challenge, slow: false };
  const leafMillis = await single<number>(pool, { do: "calibrate", quick: LEAF_MILLIS_MAX });
  if (leafMillis <= LEAF_MILLIS_MAX) return { challenge, slow: false };
  // WebCrypto is missing on plain http.
  const computes = typeof crypto !== "undefined" && crypto.subtle !== undefined;
  for (let asks = 1; computes && asks <= ASKS_MAX; asks++) {
    const fresh = await exchange(challenge);
    if (fresh === undefined) break;
    challenge = fresh;
    if (challenge.kind === "pbkdf2") return { challenge, slow: false };
  }
  return { challenge, slow: true };
}
