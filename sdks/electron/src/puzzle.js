// The browser's own solver, by its kinds.

import { readFileSync } from 'node:fs'
import { createSolver, keyWords, solve } from '../solver/cachewalk.js'
import { createSha256Solver, nonceBytes } from '../solver/sha256.js'

// Leaves or nonces between two looks; here nobody looks.
const SLICE = 4096

/** Takes up to seconds. */
export function proof({ kind, challenge, ...terms }) {
  return kind === 'sha256' ? nonce(challenge, terms.bits) : walked(challenge, terms)
}

function walked(challenge, { log2_n: log2N, grind, open }) {
  const wasm = readFileSync(new URL('../solver/cachewalk.wasm', import.meta.url))
  const work = solve(createSolver({ wasm }), keyWords(challenge), { log2N, grind, open }, SLICE)
  let step = work.next()
  while (!step.done) step = work.next()
  return step.value
}

function nonce(challenge, bits) {
  const solver = createSha256Solver(challenge)
  for (let first = 0; ; first += SLICE) {
    const found = solver.search(bits, first, SLICE)
    if (found !== undefined) return nonceBytes(found)
  }
}
