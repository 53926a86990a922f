// Solves in a thread of its own, so that the main process goes on; it is ended when it takes longer than it may.

import { Worker } from 'node:worker_threads'
import { SpigotError, unreadable } from './error.js'

// As far as a verifier takes any. Beyond 32 bits a computer would try for hours.
const BOUNDS = {
  cachewalk: { log2_n: [4, 20], grind: [1, 1_000_000], open: [1, 16] },
  sha256: { bits: [0, 32] },
}

/** The submission for a challenge. */
export async function solved(challenge, deadlineMillis) {
  const begun = performance.now()
  const proof = await inThread(terms(challenge), deadlineMillis)
  const encoded = Buffer.from(proof).toString('base64url')
  return { challenge: challenge.challenge, proof: encoded, millis: Math.round(performance.now() - begun) }
}

/** What the thread is given; throws for what it would not solve. */
function terms({ kind, challenge, ...named }) {
  if (typeof kind !== 'string' || typeof challenge !== 'string' || !/^[A-Za-z0-9_-]+=*$/.test(challenge)) {
    throw unreadable('the answer holds no challenge')
  }
  if (!Object.hasOwn(BOUNDS, kind)) {
    throw new SpigotError('kind_unknown', `this version does not solve ${kind}; update the application`)
  }
  const numbers = Object.entries(BOUNDS[kind]).map(([name, [least, most]]) => {
    const number = named[name]
    if (!Number.isInteger(number) || number < least || number > most) throw unreadable(`no puzzle has ${name} ${number}`)
    return [name, number]
  })
  return { kind, challenge: Buffer.from(challenge, 'base64url'), ...Object.fromEntries(numbers) }
}

function inThread(workerData, deadlineMillis) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData })
    const late = () => end(reject, new SpigotError('timed_out', `the puzzle took longer than ${deadlineMillis} ms`))
    const timer = setTimeout(late, deadlineMillis)
    const end = (settle, value) => {
      clearTimeout(timer)
      void worker.terminate()
      settle(value)
    }
    worker.once('message', (proof) => end(resolve, proof))
    worker.once('error', (cause) => end(reject, new SpigotError('unreadable', 'the puzzle cannot be solved', { cause })))
    worker.once('exit', () => end(reject, unreadable('solving ended without a proof')))
  })
}
