// The kinds `cachewalk` and `pbkdf2`: one protocol over two leaves. All leaves, their tree, the grinding, the proof.

import { assemble, rootOf, type Ground } from "../../cachewalk.js";
import { likelyDone, search, single, type OnProgress, type Pool } from "../pool.js";
import type { Puzzle } from "../puzzle.js";

export async function walk(
  challenge: Uint8Array,
  puzzle: Puzzle & { kind: "cachewalk" | "pbkdf2" },
  pool: Pool,
  onProgress: OnProgress,
): Promise<Uint8Array> {
  const params = { log2N: puzzle.log2_n, grind: puzzle.grind, open: puzzle.open };
  const leaf = puzzle.kind;
  // What hashes is the lanes': a page need not load it.
  const key = await single<Uint32Array>(pool, { do: "key", challenge });
  const total = 2 ** params.log2N;
  const work = total + params.grind;

  const leaves = new Uint32Array(4 * total);
  let given = 0;
  let done = 0;
  await pool.run(
    (fits) => {
      const count = Math.min(fits, total - given);
      if (count === 0) return undefined;
      given += count;
      return { do: "leaves" as const, leaf, key, first: given - count, count };
    },
    ({ first, count }, result) => {
      leaves.set(result as Uint32Array, 4 * first);
      done += count;
      onProgress(done / work);
      return done === total;
    },
  );

  const tree = await single<Uint32Array>(pool, { do: "tree", leaves });
  const root = rootOf(tree);
  const ground = await search<Ground>(
    pool,
    (first, count) => ({ do: "grind", leaf, key, root, params, first, count }),
    (tried) => onProgress((total + likelyDone(tried, params.grind) * params.grind) / work),
  );
  return assemble(tree, ground, params);
}
