import { SpigotError, unreadable } from './error.js'
import { isProblem, members, posted, sent } from './exchange.js'
import { solved } from './solving.js'

const STEPS_MAX = 3
const CLEARANCE = 'spigot_clearance='

/** Solves what the service asks, each puzzle in a thread of its own. */
export class Spigot {
  /**
   * `fetch` is what the application sends its own requests with: `net.fetch` of Electron, so that challenge and request
   * have one user agent and one session. `solveMillis` is how long a puzzle may take: challenges end after 120 seconds.
   */
  constructor({ fetch = globalThis.fetch, timeoutMillis = 10_000, solveMillis = 90_000 } = {}) {
    this.fetch = fetch
    this.timeoutMillis = timeoutMillis
    this.solveMillis = solveMillis
  }

  /**
   * A token for one site key, to be sent with the form: it counts once, for some minutes. `press` shows a button and says
   * how many milliseconds later it was pressed, for sites that ask for one. Every failure is a SpigotError.
   */
  async token(service, siteKey, { action, data, press } = {}) {
    const asked = { protocol: 1, site_key: siteKey, ...(action && { action }), ...(data && { data }) }
    const base = `${String(service).replace(/\/+$/, '')}/.spigot/widget/`
    let answer = await this.#called(`${base}challenge`, asked)
    let renewed = false
    // Two at most follow upon each other; a service that asks for ever is none.
    for (let step = 0; step < STEPS_MAX && typeof answer.token !== 'string'; step++) {
      const challenge = isObject(answer.next) ? answer.next : answer
      const submission = { ...asked, ...(await solved(challenge, this.solveMillis)) }
      if (challenge.interaction === 'press') submission.pressed = await pressed(press)
      try {
        answer = await this.#called(`${base}solve`, submission)
      } catch (refusal) {
        // Too late, or from another network by now: what comes along is solved, once.
        if (renewed || !isObject(refusal.challenge)) throw refusal
        renewed = true
        answer = refusal.challenge
      }
    }
    if (typeof answer.token === 'string') return answer.token
    throw unreadable('the service asks again and again')
  }

  /**
   * Sends a request as fetch does. When it is refused with a challenge, that is solved and the request sent once more,
   * with the clearance; a second refusal is the answer. A body has to be one that can be sent twice.
   */
  async send(url, init = {}) {
    const headers = new Headers(init.headers)
    // Whoever does not say that they read JSON is refused with a page or a sentence, which nobody here could solve.
    const accept = headers.get('accept') ?? '*/*'
    if (!accept.includes('json')) headers.set('accept', `${accept}, application/problem+json`)
    const first = await sent(this.fetch, url, { ...init, headers }, this.timeoutMillis)
    if (first.status !== 403 || !isProblem(first) || isStream(init.body)) return first
    const problem = await members(first, this.timeoutMillis)
    if (problem.code !== 'challenge' || !isObject(problem.challenge)) return first
    const { challenge } = problem
    const to = new URL(typeof challenge.solve_url === 'string' ? challenge.solve_url : '/.spigot/solve', url)
    // A proof goes to nobody but who asked for it.
    if (to.origin !== new URL(url).origin || !/^https?:$/.test(to.protocol)) return first
    const agent = headers.get('user-agent')
    const submission = await solved(challenge, this.solveMillis)
    const answer = await posted(this.fetch, to, submission, agent ? { 'user-agent': agent } : {}, this.timeoutMillis)
    if (answer.status !== 200) return first
    // Electron's session keeps cookies by itself; where nobody does, it goes along from here.
    const clearance = answer.headers.getSetCookie().map((one) => one.split(';')[0]).find((one) => one.startsWith(CLEARANCE))
    if (clearance !== undefined) headers.set('cookie', [headers.get('cookie'), clearance].filter(Boolean).join('; '))
    await first.body?.cancel()
    return sent(this.fetch, url, { ...init, headers }, this.timeoutMillis)
  }

  async #called(url, body) {
    const answer = await posted(this.fetch, url, body, {}, this.timeoutMillis)
    if (answer.status === 200) return answer.told
    const { code, detail, challenge } = answer.told
    if (!isProblem(answer) || typeof code !== 'string') throw unreadable(`status ${answer.status} without a problem`)
    const after = Number(answer.headers.get('retry-after'))
    const retryAfterSeconds = Number.isInteger(after) && after > 0 ? after : 0
    const refusal = new SpigotError('refused', typeof detail === 'string' ? detail : '', { code, retryAfterSeconds })
    throw Object.assign(refusal, { challenge })
  }
}

async function pressed(press) {
  if (press === undefined) throw new SpigotError('press_missing', 'this site asks for a press of a button')
  return { by: 'other', after_millis: Math.round(await press()) }
}

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)
const isStream = (body) => typeof body === 'object' && body !== null && Symbol.asyncIterator in body
