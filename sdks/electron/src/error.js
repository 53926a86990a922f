/** Why there is no token. None of its kinds is a yes. */
export class SpigotError extends Error {
  name = 'SpigotError'

  /** `kind` is for programs, `detail` for people who develop the application. */
  constructor(kind, detail, { code = '', retryAfterSeconds = 0, cause } = {}) {
    super(`${code === '' ? kind : code}: ${detail}`, { cause })
    this.kind = kind
    this.code = code
    this.retryAfterSeconds = retryAfterSeconds
  }
}

export const unreadable = (detail) => new SpigotError('unreadable', detail)
