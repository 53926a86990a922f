// One call, within its deadline and a bound.

import { SpigotError, unreadable } from './error.js'

// Challenges and problems are far below it.
const ANSWER_BYTES_MAX = 1 << 20

/** Sends a request; the deadline is for its head alone, since its body is the application's. */
export async function sent(fetch, url, init, timeoutMillis) {
  const late = AbortSignal.timeout(timeoutMillis)
  const head = new AbortController()
  const over = () => head.abort(late.reason)
  late.addEventListener('abort', over)
  const signal = init.signal ? AbortSignal.any([init.signal, head.signal]) : head.signal
  try {
    return await fetch(url, { ...init, signal })
  } catch (cause) {
    throw failed(cause, late, init.signal)
  } finally {
    late.removeEventListener('abort', over)
  }
}

/** Posts JSON, and reads the whole answer within the deadline: status, headers and its object, if it is one. */
export async function posted(fetch, url, body, headers, timeoutMillis) {
  const signal = AbortSignal.timeout(timeoutMillis)
  const init = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) }
  let response, read
  try {
    // A redirection is not followed: the proof is for whom it was asked by.
    response = await fetch(url, { ...init, signal, redirect: 'manual' })
    read = await bounded(response, signal)
  } catch (cause) {
    throw failed(cause, signal)
  }
  return { status: response.status, headers: response.headers, told: object(read) }
}

/** A refusal's members; the answer stays readable. */
export async function members(response, timeoutMillis) {
  const late = AbortSignal.timeout(timeoutMillis)
  try {
    return object(await bounded(response.clone(), late))
  } catch (cause) {
    throw failed(cause, late)
  }
}

/** The members of a JSON object, or none where it is anything else. */
function object(read) {
  try {
    const told = JSON.parse(read)
    return typeof told === 'object' && told !== null && !Array.isArray(told) ? told : {}
  } catch {
    return {}
  }
}

/** A body's text until the deadline; throws where it is larger than anything that Spigot says. */
async function bounded(response, late) {
  const reader = response.body?.getReader()
  // One that has broken already cannot be cancelled, and its read says so.
  const over = () => reader?.cancel(late.reason).catch(() => {})
  late.addEventListener('abort', over)
  const chunks = []
  let bytes = 0
  try {
    for (let read = await reader?.read(); read && !read.done; read = await reader.read()) {
      bytes += read.value.length
      if (bytes > ANSWER_BYTES_MAX) throw unreadable('the answer is larger than 1 MiB')
      chunks.push(read.value)
    }
  } finally {
    late.removeEventListener('abort', over)
  }
  if (late.aborted) throw late.reason
  return Buffer.concat(chunks).toString('utf8')
}

export const isProblem = ({ headers }) => (headers.get('content-type') ?? '').startsWith('application/problem+json')

function failed(cause, late, asked) {
  if (cause instanceof SpigotError) return cause
  // The application ended it itself.
  if (asked?.aborted) return cause
  if (late.aborted) return new SpigotError('timed_out', 'there was no answer in time', { cause })
  return new SpigotError('unreachable', 'there is no connection', { cause })
}
