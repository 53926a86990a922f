import { readBatch, readDecision, unseen, wire } from './decision.js'
import { SpigotError, isObject, ofProblem, text, unreadable } from './error.js'

const TOKEN_LETTERS = 2048
// A batch of 32 challenge pages is below it; whoever sends more is no Spigot.
const ANSWER_BYTES_MAX = 4 << 20

export class Spigot {
  #secret

  constructor(base, secret, { timeoutMillis = 3000, failOpen = false } = {}) {
    if (!/^https?:$/.test(new URL(base).protocol)) {
      throw new TypeError('spigot: the service is at an address like http://127.0.0.1:8082')
    }
    if (typeof secret !== 'string' || secret === '') {
      throw new TypeError('spigot: the secret is empty; `spigot site rotate NAME` makes one')
    }
    this.base = String(base).replace(/\/+$/, '')
    this.timeoutMillis = timeoutMillis
    this.failOpen = failOpen
    this.#secret = secret
  }

  async verify(token, { address, action, hostname } = {}) {
    if (typeof token !== 'string' || token === '') return unworthy('missing-input-response')
    if (token.length > TOKEN_LETTERS) return unworthy('invalid-input-response')
    const question = {
      secret: this.#secret,
      response: token,
      // Under it the same question may be asked again when the connection breaks before the answer.
      idempotency_key: crypto.randomUUID(),
      ...(address && { remoteip: address }),
    }
    return this.#closed(
      async () => verification(await this.#ask('/turnstile/v0/siteverify', question, true), { action, hostname }),
      () => ({ ...NOTHING, success: true, checked: false, codes: [] }),
    )
  }

  /** It is not asked again when the connection breaks: it would count twice. */
  async decide(request) {
    return this.#closed(async () => readDecision(await this.#ask('/v1/decide', wire(request), false)), unseen)
  }

  async decideAll(requests) {
    if (requests.length === 0) return []
    const decided = await this.#closed(
      async () => readBatch(await this.#ask('/v1/decide', { requests: requests.map(wire) }, false), requests.length),
      () => requests.map(unseen),
    )
    return decided.map((one) => (this.failOpen && one instanceof SpigotError && one.opens ? unseen() : one))
  }

  async outcome(decision, success) {
    const report = { decision, outcome: success ? 'success' : 'failure' }
    const answer = await this.#ask('/v1/outcome', report, true)
    if (typeof answer.counted !== 'boolean') throw unreadable('the answer does not say counted')
    return answer.counted
  }

  async #closed(ask, open) {
    try {
      return await ask()
    } catch (error) {
      if (this.failOpen && error instanceof SpigotError && error.opens) return open()
      throw error
    }
  }

  /** Posts a question within the deadline; what may be asked twice without harm is, when the connection breaks. */
  async #ask(path, question, twice) {
    const signal = AbortSignal.timeout(this.timeoutMillis)
    const body = JSON.stringify(question)
    try {
      return await this.#post(path, body, signal)
    } catch (error) {
      if (!twice || error.kind !== 'unreachable' || signal.aborted) throw error
      return this.#post(path, body, signal)
    }
  }

  async #post(path, body, signal) {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${this.#secret}` }
    let response, read
    try {
      // A redirection is not followed: the secret would go along.
      response = await fetch(this.base + path, { method: 'POST', headers, body, signal, redirect: 'manual' })
      read = await bounded(response)
    } catch (cause) {
      if (signal.aborted) throw new SpigotError('timed_out', 'the service did not answer in time', { cause })
      throw new SpigotError('unreachable', 'the service cannot be reached', { cause })
    }
    if (read === undefined) throw unreadable('the answer is larger than 4 MiB')
    if (response.status !== 200) throw refused(response, read)
    const answer = json(read)
    if (!isObject(answer)) throw unreadable('the answer is no JSON object')
    return answer
  }
}

/** The whole answer, or undefined when it is too large. */
async function bounded(response) {
  const chunks = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > ANSWER_BYTES_MAX) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function json(read) {
  try {
    return JSON.parse(read)
  } catch {
    return undefined
  }
}

function refused(response, read) {
  const seconds = Number(response.headers.get('retry-after'))
  const retryAfter = Number.isInteger(seconds) && seconds > 0 ? seconds : 0
  const isProblem = (response.headers.get('content-type') ?? '').startsWith('application/problem+json')
  return ofProblem(isProblem ? json(read) : undefined, response.status, retryAfter)
}

const NOTHING = { hostname: '', action: '', data: '', solvedAt: '' }

const unworthy = (code) => ({ success: false, checked: true, codes: [code], ...NOTHING })

function verification(answer, expected) {
  if (typeof answer.success !== 'boolean') throw unreadable('the answer does not say success')
  const told = answer['error-codes']
  const codes = Array.isArray(told) ? told.filter((code) => typeof code === 'string') : []
  for (const code of codes) {
    if (code === 'missing-input-secret' || code === 'invalid-input-secret') {
      throw new SpigotError('refused', 'check the secret with `spigot site show`', { code, status: 200 })
    }
    if (code === 'internal-error') {
      throw new SpigotError('unavailable', 'the token cannot be checked now', { code, status: 200 })
    }
  }
  const found = {
    hostname: text(answer.hostname),
    action: text(answer.action),
    data: text(answer.cdata),
    solvedAt: text(answer.challenge_ts),
  }
  // A secret for tests knows no action and no host.
  if (answer.success && answer.metadata?.result_with_testing_key !== true) {
    if (expected.action && found.action !== expected.action) codes.push('action-mismatch')
    if (expected.hostname && found.hostname !== expected.hostname) codes.push('hostname-mismatch')
  }
  return { success: answer.success && codes.length === 0, checked: true, codes, ...found }
}
