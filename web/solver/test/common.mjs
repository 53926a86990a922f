// Both kernels, and the vectors' notation: byte strings in hexadecimal, words in them little-endian.

import { readFileSync } from "node:fs";
import { solve, solverOver } from "../dist/cachewalk.js";
import { createJsKernel } from "../dist/kernel-js.js";
import { createWasmKernel } from "../dist/kernel-wasm.js";

export const wasm = readFileSync(new URL("../cachewalk.wasm", import.meta.url));

export function kernels() {
  return [createWasmKernel(wasm), createJsKernel()].map((kernel) => ({
    kind: kernel.kind,
    kernel,
    solver: solverOver(kernel),
  }));
}

export const hex = (bytes) => Buffer.from(bytes).toString("hex");
export const unhex = (text) => new Uint8Array(Buffer.from(text, "hex"));

export function hexWords(words) {
  const bytes = Buffer.alloc(4 * words.length);
  words.forEach((word, n) => bytes.writeUInt32LE(word, 4 * n));
  return bytes.toString("hex");
}

export function unhexWords(text) {
  const bytes = Buffer.from(text, "hex");
  return Uint32Array.from({ length: bytes.length / 4 }, (_, n) => bytes.readUInt32LE(4 * n));
}

export const paramsOf = (at) => ({ log2N: at.log2_n, grind: at.grind, open: at.open });

/** Drives `solve` to its end. */
export function solveWhole(solver, key, params, sliceLeaves = 7) {
  const slices = solve(solver, key, params, sliceLeaves);
  const progress = [];
  for (;;) {
    const { done, value } = slices.next();
    if (done) return { proof: value, progress };
    progress.push(value);
  }
}
