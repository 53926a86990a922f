// Solves a challenge with the browser's solver: the challenge's JSON comes on standard input, the submission goes out.

import { readFileSync } from 'node:fs'
import { createSolver, keyWords, solve } from '../../web/solver/dist/cachewalk.js'

const challenge = JSON.parse(readFileSync(0, 'utf8'))
const wasm = readFileSync(new URL('../../web/solver/cachewalk.wasm', import.meta.url))
const params = { log2N: challenge.log2_n, grind: challenge.grind, open: challenge.open }
const work = solve(createSolver({ wasm }), keyWords(Buffer.from(challenge.challenge, 'base64url')), params, 256)
let step = work.next()
while (!step.done) step = work.next()
const proof = Buffer.from(step.value).toString('base64url')
console.log(JSON.stringify({ challenge: challenge.challenge, proof, millis: 300 }))
