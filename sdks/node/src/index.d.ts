/// <reference types="node" />
import type { IncomingMessage, ServerResponse } from 'node:http'

/** What kept a question from an answer. `refused` is what failOpen does not change. */
export type ErrorKind = 'unreachable' | 'timed_out' | 'unreadable' | 'unavailable' | 'refused'

/** Every failure of a call. */
export class SpigotError extends Error {
  readonly kind: ErrorKind
  /** The service's own word, such as `secret_unknown`; empty when it said none. */
  readonly code: string
  /** The HTTP status of the answer; 0 when there was none. */
  readonly status: number
  /** 0 when nothing was said. */
  readonly retryAfterSeconds: number
  readonly opens: boolean
}

export interface Options {
  /** Bounds a whole call, its second try included; 3000 by default. */
  timeoutMillis?: number
  /** Lets through what could not be checked; `checked` is false then. */
  failOpen?: boolean
}

/** What a token has to be of; what is not said is not expected. */
export interface Expected {
  /** The visitor's address, where the application knows it. */
  address?: string | undefined
  /** What the widget of that form was given. */
  action?: string | undefined
  /** The page's host. */
  hostname?: string | undefined
}

export interface Verification {
  success: boolean
  /** False only where failOpen let it pass unseen. */
  checked: boolean
  /** Why it does not count: the codes of the service, `action-mismatch`, `hostname-mismatch`. */
  codes: string[]
  hostname: string
  action: string
  data: string
  /** RFC 3339. */
  solvedAt: string
}

/** Host and address are needed, and path or action. */
export interface DescribedRequest {
  method?: string
  scheme?: 'http' | 'https'
  host: string
  /** As it came, with its query. */
  path?: string
  /** Something that is no request: routes match it as `POST /.spigot/action/NAME`. */
  action?: string
  address: string
  headers?: [string, string][]
  account?: string
  body?: string | Uint8Array
  /** False where `body` is its beginning only. */
  bodyComplete?: boolean
}

export interface Reason {
  kind: string
  name: string
  gave?: string
  evidence?: string | null
}

export interface Decision {
  /** What support and `outcome` know it by; empty where failOpen let it pass. */
  id: string
  /** What the policy asks for. */
  action: string
  /** What is done: in monitor mode always `allow`. */
  effective: string
  risk: number
  reasons: Reason[]
  passes: boolean
  checked: boolean
  /** For the application, in place of what the visitor sent under these names. */
  requestHeaders: [string, string][]
  /** Names of what was for Spigot alone, such as a client's key; the application does not see them. */
  removeHeaders: string[]
  /** There exactly when it does not pass. */
  response: { status: number; headers: [string, string][]; body: string } | null
}

export class Spigot {
  /** @param base the service, such as `http://127.0.0.1:8082` */
  constructor(base: string, secret: string, options?: Options)
  readonly base: string
  readonly timeoutMillis: number
  readonly failOpen: boolean
  verify(token: string | null | undefined, expected?: Expected): Promise<Verification>
  decide(request: DescribedRequest): Promise<Decision>
  /** At most 32; one answer for each, in their order. */
  decideAll(requests: DescribedRequest[]): Promise<(Decision | SpigotError)[]>
  /** Whether it was counted by this report. */
  outcome(decision: string, success: boolean): Promise<boolean>
}

export interface Guard {
  /** The visitor's address; the connection's own by default. */
  address?: (request: IncomingMessage) => string | undefined
  failed?: (error: unknown, request: IncomingMessage) => void
  /** Of which requests the service sees the body's first 64 KiB; the application reads it whole all the same. */
  showsBody?: (request: IncomingMessage) => boolean
}

export function express(
  spigot: Spigot,
  options?: Guard,
): (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => Promise<void>

/** A plugin; its parameter is Fastify's instance. */
export function fastify(spigot: Spigot, options?: Guard): (app: any) => Promise<void>

export function fetchHandler<Rest extends unknown[]>(
  spigot: Spigot,
  handler: (request: Request & { spigot: Decision }, ...rest: Rest) => Response | Promise<Response>,
  options: {
    address: (request: Request, ...rest: Rest) => string
    failed?: (error: unknown, request: Request) => void
    showsBody?: (request: Request) => boolean
  },
): (request: Request, ...rest: Rest) => Promise<Response>

export const testSecrets: { readonly passes: string; readonly fails: string; readonly spent: string }
