/** Every failure of a call. */
export class SpigotError extends Error {
  constructor(kind, detail, { code = '', status = 0, retryAfterSeconds = 0, cause } = {}) {
    super(`spigot: ${kind}${code && ` (${code})`}: ${detail}`, cause === undefined ? undefined : { cause })
    this.name = 'SpigotError'
    this.kind = kind
    this.code = code
    this.status = status
    this.retryAfterSeconds = retryAfterSeconds
  }

  /** Whether failOpen lets pass what it was asked about. */
  get opens() {
    return this.kind !== 'refused'
  }
}

export const unreadable = (why) => new SpigotError('unreadable', why, { status: 200 })

/** What a status that is not 200 means. */
export function kindOf(status) {
  if (status >= 500 && status < 600) return 'unavailable'
  return status >= 400 && status < 500 ? 'refused' : 'unreadable'
}

/** A problem (RFC 9457) as an error. */
export function ofProblem(problem, status, retryAfterSeconds = 0) {
  const { code, detail } = isObject(problem) ? problem : {}
  return new SpigotError(kindOf(status), text(detail) || `the service answered ${status}`, {
    code: text(code),
    status,
    retryAfterSeconds,
  })
}

export const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)
export const text = (value) => (typeof value === 'string' ? value : '')
