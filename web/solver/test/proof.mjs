// A stand-in server's check of a submission.

import { createHash, pbkdf2Sync } from "node:crypto";
import { keyWords, solverOver } from "../dist/cachewalk.js";
import { createJsKernel } from "../dist/kernel-js.js";
import { refusal } from "./verifier.mjs";

/** `ok` or `wrong`, for a submission and the puzzle that it is for. */
export function verify({ challenge, proof }, puzzle) {
  const bytes = Buffer.from(challenge, "base64url");
  const proofBytes = new Uint8Array(Buffer.from(proof, "base64url"));
  if (puzzle.kind === "sha256") {
    const digest = createHash("sha256").update(bytes).update(proofBytes).digest();
    return proofBytes.length === 8 && digest.readUInt32BE() < 2 ** (32 - puzzle.bits) ? "ok" : "wrong";
  }
  const params = { log2N: puzzle.log2_n, grind: puzzle.grind, open: puzzle.open };
  const key = keyWords(new Uint8Array(bytes));
  const kernel = puzzle.kind === "pbkdf2" ? pbkdf2Kernel() : createJsKernel();
  return refusal(solverOver(kernel), kernel, key, params, proofBytes) === "ok" ? "ok" : "wrong";
}

/** The leaf of the kind pbkdf2, by node's own PBKDF2. */
function pbkdf2Kernel() {
  return {
    ...createJsKernel(),
    leaf(key, i, dom, out) {
      const password = Buffer.alloc(32);
      key.forEach((word, n) => password.writeUInt32LE(word, 4 * n));
      const salt = Buffer.concat([Buffer.from("spigot leaf"), Buffer.alloc(8)]);
      salt.writeUInt32LE(i, 11);
      salt.writeUInt32LE(dom, 15);
      const leaf = pbkdf2Sync(password, salt, 300, 32, "sha256");
      for (let n = 0; n < 8; n++) out[n] = leaf.readUInt32LE(4 * n);
    },
  };
}
