// Decides every request before the application sees it: for Express and whatever calls (request, response, next), for
// Fastify, and for handlers of Request and Response.

import { once } from 'node:events'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { begun, begunOf } from './body.js'

// Where Spigot's own pages and files are; these requests are handed on to the service.
const BELOW = '/.spigot/'
const HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'te', 'trailer', 'proxy-connection'])
// Written anew.
const WRITTEN = new Set(['host', 'expect', 'x-forwarded-for', 'x-forwarded-proto'])

const none = () => false

/** `(request, response, next)`, for Express, Connect, Polka. */
export function express(spigot, { address = (request) => request.socket.remoteAddress, failed, showsBody = none } = {}) {
  return async (request, response, next) => {
    removeFields(request, isOurs)
    const target = request.originalUrl ?? request.url
    try {
      if (isBelow(target)) return await handOn(spigot, request, response, target, address(request))
      const decision = await spigot.decide({
        method: request.method,
        scheme: request.socket.encrypted ? 'https' : 'http',
        host: request.headers.host ?? '',
        path: target,
        address: plainAddress(address(request)),
        headers: rawPairs(request.rawHeaders),
        ...(showsBody(request) && (await begun(request))),
      })
      if (!decision.passes) return send(response, decision.response, request.method)
      const removed = new Set(decision.removeHeaders)
      removeFields(request, (name) => removed.has(name.toLowerCase()))
      for (const [name, value] of decision.requestHeaders) request.headers[name.toLowerCase()] = value
      request.spigot = decision
    } catch (error) {
      failed?.(error, request)
      if (response.headersSent) return response.destroy()
      return send(response, UNAVAILABLE, request.method)
    }
    return next()
  }
}

/** `app.register(fastify(spigot))`; the decision is `request.raw.spigot`. */
export function fastify(spigot, options) {
  const guard = express(spigot, options)
  const plugin = async (app) => {
    app.addHook('onRequest', (request, reply, done) => {
      let passed = false
      const next = () => {
        passed = true
        done()
      }
      // What was answered already is no reply of Fastify's.
      guard(request.raw, reply.raw, next).then(() => passed || reply.hijack(), done)
    })
  }
  // For the whole application, not for what is registered beside it.
  plugin[Symbol.for('skip-override')] = true
  return plugin
}

/** `handler(request, ...rest)` behind the decision; `address(request, ...rest)` says who the visitor is. */
export function fetchHandler(spigot, handler, { address, failed, showsBody = none }) {
  return async (request, ...rest) => {
    const url = new URL(request.url)
    const target = url.pathname + url.search
    const headers = new Headers([...request.headers].filter(([name]) => !isOurs(name)))
    const visitor = plainAddress(address(request, ...rest))
    const host = headers.get('host') ?? url.host
    let decision
    let onwards = request.body
    try {
      if (isBelow(target)) {
        const from = { visitor, host, https: url.protocol === 'https:' }
        const body = request.body && Readable.fromWeb(request.body)
        const answer = await passOn(spigot, request.method, target, [...headers], body, from)
        return new Response(Readable.toWeb(answer), { status: answer.statusCode, headers: answered(answer) })
      }
      const { stream, ...shown } = onwards && showsBody(request) ? await begunOf(onwards) : {}
      onwards = stream ?? onwards
      decision = await spigot.decide({
        ...shown,
        method: request.method,
        scheme: url.protocol === 'https:' ? 'https' : 'http',
        host,
        path: target,
        address: visitor,
        headers: [...headers],
      })
    } catch (error) {
      failed?.(error, request)
      return written(UNAVAILABLE)
    }
    if (!decision.passes) return written(decision.response)
    for (const name of decision.removeHeaders) headers.delete(name)
    for (const [name, value] of decision.requestHeaders) headers.set(name, value)
    const init = { method: request.method, headers, body: onwards, signal: request.signal }
    const onward = new Request(request.url, onwards ? { ...init, duplex: 'half' } : init)
    return handler(Object.assign(onward, { spigot: decision }), ...rest)
  }
}

const UNAVAILABLE = {
  status: 503,
  headers: [
    ['content-type', 'application/problem+json'],
    ['cache-control', 'no-store'],
    ['retry-after', '5'],
  ],
  body: JSON.stringify({
    type: 'about:blank',
    title: 'This cannot be checked at the moment',
    status: 503,
    detail: 'Please try again in a few seconds.',
    code: 'unavailable',
  }),
}

/** Whether a request is for Spigot itself. One whose path may lead elsewhere is decided upon like any other. */
function isBelow(target) {
  const path = target.split('?')[0].toLowerCase()
  // Below it nothing begins with a dot, nor is written otherwise than it is.
  return path.startsWith(BELOW) && !/\/\.|\\|%2e|%2f|%5c/.test(path.slice(BELOW.length - 1))
}

/** What only Spigot may say, in every spelling that some server takes for it. */
function isOurs(name) {
  const plain = name.toLowerCase().replaceAll('_', '-')
  return plain.startsWith('x-spigot-') || plain === 'x-captcha-reason'
}

function removeFields(request, isRemoved) {
  for (const name of Object.keys(request.headers)) if (isRemoved(name)) delete request.headers[name]
  request.rawHeaders = rawPairs(request.rawHeaders)
    .filter(([name]) => !isRemoved(name))
    .flat()
}

function rawPairs(raw) {
  return Array.from({ length: raw.length / 2 }, (_, i) => [raw[2 * i], raw[2 * i + 1]])
}

/** An IPv4 client of a socket that takes both is written as IPv6. */
function plainAddress(address) {
  return String(address ?? '').replace(/^::ffff:(?=\d+\.)/i, '')
}

function send(response, answer, method) {
  response.statusCode = answer.status
  for (const [name, value] of answer.headers) response.appendHeader(name, value)
  response.end(method === 'HEAD' ? undefined : answer.body)
}

function written({ status, headers, body }) {
  return new Response([204, 205, 304].includes(status) ? null : body, { status, headers })
}

async function handOn(spigot, request, response, target, address) {
  const from = { visitor: plainAddress(address), host: request.headers.host ?? '', https: request.socket.encrypted }
  const answer = await passOn(spigot, request.method, target, rawPairs(request.rawHeaders), request, from)
  response.statusCode = answer.statusCode
  for (const [name, value] of answered(answer)) response.appendHeader(name, value)
  await pipeline(answer, response)
}

const answered = (answer) => rawPairs(answer.rawHeaders).filter(([name]) => !HOP.has(name.toLowerCase()))

/** By node:http: fetch writes a Host of its own, and the challenge is for the application's. */
async function passOn(spigot, method, target, headers, body, { visitor, host, https }) {
  const own = headers.filter(([name]) => !HOP.has(name.toLowerCase()) && !WRITTEN.has(name.toLowerCase()))
  own.push(['host', host], ['x-forwarded-for', visitor], ['x-forwarded-proto', https ? 'https' : 'http'])
  const url = new URL(spigot.base)
  const { request } = await import(url.protocol === 'https:' ? 'node:https' : 'node:http')
  const options = { method, setHost: false, path: url.pathname.replace(/\/$/, '') + target, signal: AbortSignal.timeout(spigot.timeoutMillis) }
  const onward = request(url, options)
  for (const [name, value] of own) onward.appendHeader(name, value)
  const answer = once(onward, 'response')
  // A body that breaks off ends the request, and with it the answer that is waited for.
  pipeline(body ?? [], onward).catch((cause) => onward.destroy(cause))
  return (await answer)[0]
}
