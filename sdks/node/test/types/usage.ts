// What an application in TypeScript writes; it is compiled, never run. What has to be an error is marked so, and the
// compiler fails where it is none. The declarations are checked with it: `skipLibCheck` is off.
import { createServer } from 'node:http'
import * as everything from '@spigot/server'
import { Spigot, SpigotError, express, fastify, fetchHandler, testSecrets } from '@spigot/server'
import type { Decision, ErrorKind, Verification } from '@spigot/server'

const spigot = new Spigot('http://127.0.0.1:8082', testSecrets.passes, { timeoutMillis: 500, failOpen: true })

export async function signUp(form: FormData, address: string | undefined): Promise<string[]> {
  const verified: Verification = await spigot.verify(form.get('spigot-response') as string | null, { address, action: 'sign-up' })
  return verified.success && verified.checked ? [] : verified.codes
}

export async function order(body: Uint8Array): Promise<number> {
  const decision: Decision = await spigot.decide({ host: 'shop.example', action: 'order', address: '192.0.2.1', body })
  if (decision.passes) return 200
  // @ts-expect-error: only what does not pass has a response
  decision.response.status
  return decision.response?.status ?? 403
}

export async function many(): Promise<ErrorKind[]> {
  const decisions = await spigot.decideAll([{ host: 'shop.example', path: '/', address: '192.0.2.1', headers: [['accept', '*/*']] }])
  return decisions.flatMap((one) => (one instanceof SpigotError ? [one.kind] : []))
}

export const reported: Promise<boolean> = spigot.outcome('id', true)

const guard = express(spigot, { address: (request) => request.socket.remoteAddress })
export const server = createServer((request, response) => void guard(request, response, () => response.end()))

export const plugin: (app: unknown) => Promise<void> = fastify(spigot, { showsBody: (request) => request.url === '/log-in' })

export const handler: (request: Request, at: { ip: string }) => Promise<Response> = fetchHandler(
  spigot,
  (request, at: { ip: string }) => new Response(`${request.spigot.risk} ${at.ip}`),
  { address: (_, at) => at.ip },
)

// @ts-expect-error: behind fetch nobody but the application knows the address
fetchHandler(spigot, () => new Response(), {})
// @ts-expect-error: a decision is about somebody
spigot.decide({ host: 'shop.example' })

// All that is declared is there, and all that is there is declared.
export const names: Record<keyof typeof everything, unknown> = { Spigot, SpigotError, express, fastify, fetchHandler, testSecrets }
