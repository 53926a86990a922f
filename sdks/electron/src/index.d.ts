/** What kept a token from being there. `refused` has the service's `code`, as docs/widget-protocol.md lists them. */
export type ErrorKind = 'refused' | 'unreachable' | 'timed_out' | 'unreadable' | 'kind_unknown' | 'press_missing'

/** Why there is no token. */
export class SpigotError extends Error {
  readonly kind: ErrorKind
  /** The service's word where `kind` is `refused`, else empty. */
  readonly code: string
  /** When the same may be asked again; 0 where nothing was said. */
  readonly retryAfterSeconds: number
}

export interface Options {
  /** `net.fetch` of Electron; the global one by default. */
  fetch?: typeof globalThis.fetch
  /** For a call; 10,000 by default. */
  timeoutMillis?: number
  /** For a puzzle; 90,000 by default. */
  solveMillis?: number
}

export interface Asked {
  action?: string
  data?: string
  /** Shows a button, and says how many milliseconds later it was pressed. */
  press?: () => number | Promise<number>
}

export class Spigot {
  constructor(options?: Options)
  token(service: string | URL, siteKey: string, asked?: Asked): Promise<string>
  /** As fetch; a refusal with a challenge is solved, and the request sent once more. */
  send(url: string | URL, init?: RequestInit): Promise<Response>
}

/** As much of Electron's as is used. */
export interface IpcMain {
  handle(channel: string, listener: (event: any, ...args: any[]) => unknown): void
  removeHandler(channel: string): void
}

export function answerWindows(
  ipcMain: IpcMain,
  spigot: Spigot,
  options: {
    service: string | URL
    siteKey: string
    /** Whether a frame (WebFrameMain) is the application's own: by its `origin`, or its `url`. */
    mayAsk: (frame: any) => boolean
    press?: () => number | Promise<number>
  },
): () => void

/** The preload script's file. In the page: `window.spigot.token(action)`, which comes to `{ token }` or `{ error }`. */
export const preloadPath: string
