// `vectors FILE…`, `token SERVICE SITE_KEY`, or `get URL`: what the shared checks ask of this client.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createSolver, keyWords } from '../solver/cachewalk.js'
import { createJsKernel } from '../solver/kernel-js.js'
import { createWasmKernel } from '../solver/kernel-wasm.js'
import { sha256 } from '../solver/sha256.js'
import { Spigot } from '../src/index.js'
import { proof } from '../src/puzzle.js'

const bytes = (hex) => Buffer.from(hex, 'hex')
const words = (hex) => new Uint32Array(Uint8Array.from(bytes(hex)).buffer)
const hexOf = (array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString('hex')

/** How many of a file's vectors hold. */
function checked(path) {
  const all = JSON.parse(readFileSync(path, 'utf8'))
  const wasm = readFileSync(new URL('../solver/cachewalk.wasm', import.meta.url))
  const solver = createSolver({ wasm })
  const leaf = (kernel, { key, i, dom }) => {
    const out = new Uint32Array(8)
    kernel.leaf(words(key), i, dom, out)
    return hexOf(out)
  }
  const CHECKS = {
    keys: (one) => assert.equal(hexOf(keyWords(bytes(one.bytes))), one.key),
    leaves: (one) => [createWasmKernel(wasm), createJsKernel()].forEach((kernel) => assert.equal(leaf(kernel, one), one.leaf)),
    roots: ({ key, log2_n, root }) => {
      const leaves = new Uint32Array(4 * 2 ** log2_n)
      solver.leaves(words(key), 0, 2 ** log2_n, leaves)
      assert.equal(hexOf(solver.tree(leaves).slice(4, 8)), root)
    },
    proofs: ({ challenge_and_mac, ...one }) =>
      assert.equal(hexOf(proof({ kind: 'cachewalk', challenge: bytes(challenge_and_mac), ...one })), one.proof),
    sha256: ({ challenge_and_mac, bits, nonce, digest }) => {
      const challenge = bytes(challenge_and_mac)
      const found = proof({ kind: 'sha256', challenge, bits })
      assert.equal(Buffer.from(found).readBigUInt64LE(), BigInt(nonce))
      assert.equal(hexOf(sha256(Buffer.concat([challenge, found]))), digest)
    },
  }
  let count = 0
  for (const [name, check] of Object.entries(CHECKS)) {
    for (const one of all[name] ?? []) {
      check(one)
      count++
    }
  }
  return count
}

const [call, ...rest] = process.argv.slice(2)
const CALLS = {
  vectors: (...files) => ({ checked: files.map(checked).reduce((all, one) => all + one, 0) }),
  token: async (service, siteKey) => ({ token: await new Spigot().token(service, siteKey, { action: 'sign-up' }) }),
  get: async (url) => {
    const headers = { accept: 'application/json', 'user-agent': 'shop-app/1' }
    const answer = await new Spigot().send(url, { headers })
    const text = await answer.text()
    // The application tells which fields it was sent.
    return { status: answer.status, cookie: text.includes('spigot_clearance='), text }
  },
}
console.log(JSON.stringify(await CALLS[call](...rest)))
