// The kind `pbkdf2`: shares of leaves that WebCrypto computes, for browsers that do not compile. When it is asked for
// is in `reach.ts`.

import { DOMAIN_GRIND, DOMAIN_LEAF, type Ground, type Params, type Solver } from "../../cachewalk.js";
import { createPbkdf2Leaves } from "../../pbkdf2.js";

/** The nodes of `count` leaves, four words each. */
export async function leaves(key: Uint32Array, first: number, count: number): Promise<Uint32Array> {
  const whole = await (await createPbkdf2Leaves(key)).leaves(first, count, DOMAIN_LEAF);
  const nodes = new Uint32Array(4 * count);
  for (let n = 0; n < count; n++) nodes.set(whole.subarray(8 * n, 8 * n + 4), 4 * n);
  return nodes;
}

/** The first of `count` values of g that passes. */
export async function grind(
  solver: Solver,
  key: Uint32Array,
  root: Uint32Array,
  params: Params,
  first: number,
  count: number,
): Promise<Ground | undefined> {
  const tried = await (await createPbkdf2Leaves(solver.grindKey(key, root, params))).leaves(first, count, DOMAIN_GRIND);
  for (let n = 0; n < count; n++) {
    const ground = solver.passes(tried.subarray(8 * n, 8 * n + 8), first + n, params);
    if (ground !== undefined) return ground;
  }
  return undefined;
}
