// The kind `sha256`: a nonce, searched from 0 on.

import { nonceBytes } from "../../sha256.js";
import { likelyDone, search, type OnProgress, type Pool } from "../pool.js";

export async function searchNonce(
  challenge: Uint8Array,
  bits: number,
  pool: Pool,
  onProgress: OnProgress,
): Promise<Uint8Array> {
  const nonce = await search<number>(
    pool,
    (first, count) => ({ do: "sha256", challenge, bits, first, count }),
    (tried) => onProgress(likelyDone(tried, 2 ** bits)),
  );
  return nonceBytes(nonce);
}
