// Where the engine does not compile, the puzzle would take minutes: then another one is asked for. What it costs and what
// it buys are the server's, and it may say no.

import type { Pool } from "./pool.js";
import { readPuzzle, withPuzzle, type Challenge } from "./protocol.js";
import { returnAddress } from "./return-address.js";

/** A leaf that takes longer than this was not compiled: the slowest phones that compile are at about a third of it. */
const LEAF_MILLIS_MAX = 1.5;

/** The challenge to solve: the one given, or another where this browser cannot do it in time. */
export async function withinReach(page: Challenge, challenge: Challenge, pool: Pool): Promise<Challenge> {
  const url = challenge.fallback_url;
  if (challenge.kind !== "cachewalk" || url === undefined) return challenge;
  // WebCrypto is missing on plain http. Then the puzzle is solved as it is, slowly.
  if (typeof crypto === "undefined" || crypto.subtle === undefined) return challenge;
  if ((await leafMillis(pool)) <= LEAF_MILLIS_MAX) return challenge;
  try {
    const response = await fetch(returnAddress(url, location.origin), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ challenge: challenge.challenge }),
      credentials: "same-origin",
    });
    const fresh = readPuzzle(await response.json());
    return response.ok && fresh !== undefined ? withPuzzle(page, fresh) : challenge;
  } catch {
    return challenge;
  }
}

async function leafMillis(pool: Pool): Promise<number> {
  let millis = 0;
  let asked = false;
  await pool.run(
    () => (asked ? undefined : ((asked = true), { do: "calibrate" as const, quick: LEAF_MILLIS_MAX })),
    (_, result) => ((millis = result as number), true),
  );
  return millis;
}
