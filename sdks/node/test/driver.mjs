// The driver that the shared checks talk to: calls of a line each, or an application behind the middleware.

import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import { Spigot, SpigotError, express, fastify, fetchHandler } from '../src/index.js'

// What is to be removed is tried where it is removed: in the middleware.
const decided = ({ requestHeaders, removeHeaders, reasons, ...decision }) => ({
  ...decision,
  reasons: reasons.map((reason) => reason.name),
  request_headers: requestHeaders,
})

const failed = (error) => {
  if (!(error instanceof SpigotError)) throw error
  const { kind, code, retryAfterSeconds } = error
  return { error: { kind, code, retry_after_seconds: retryAfterSeconds, text: `${error.message} ${JSON.stringify(error)}` } }
}

const CALLS = {
  async verify(spigot, { token, address, action, hostname }) {
    const { solvedAt, ...found } = await spigot.verify(token, { address, action, hostname })
    return { ...found, solved_at: solvedAt }
  },
  outcome: async (spigot, { decision, success }) => ({ counted: await spigot.outcome(decision, success) }),
  decide: async (spigot, { request }) => decided(await spigot.decide(request)),
  decide_all: async (spigot, { requests }) =>
    (await spigot.decideAll(requests)).map((one) => (one instanceof SpigotError ? failed(one) : decided(one))),
}

async function lines() {
  for await (const line of createInterface({ input: process.stdin })) {
    const { call, base, secret, timeout_millis, fail_open, ...rest } = JSON.parse(line)
    const spigot = new Spigot(base, secret, { timeoutMillis: timeout_millis, failOpen: fail_open })
    const answer = await CALLS[call](spigot, rest).then((result) => ({ result }), failed)
    console.log(JSON.stringify(answer))
  }
}

const environment = process.env
const fromEnvironment = () =>
  new Spigot(environment.SPIGOT_BASE, environment.SPIGOT_SECRET, {
    failOpen: Boolean(environment.SPIGOT_FAIL_OPEN),
    timeoutMillis: Number(environment.SPIGOT_TIMEOUT_MILLIS),
  })

/** Tells what it was given; `routed` is the path that its router goes by. */
const told = (method, path, headers, body, routed = path.split('?')[0]) =>
  JSON.stringify({ method, path, routed, headers: headers.sort(), body })

function serve(listener) {
  const server = createServer(listener)
  server.listen(0, '127.0.0.1', () => listening(server))
}

function listening(server) {
  console.log(JSON.stringify({ port: server.address().port }))
  process.stdin.on('end', () => process.exit(0)).resume()
}

async function text(request) {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

// Whose bodies the service sees.
const isShown = (url) => url.startsWith('/shown/')
const showsBody = ({ url }) => isShown(url)

/** Whatever calls (request, response, next): here node:http's own. */
function serveConnect() {
  const middleware = express(fromEnvironment(), { showsBody })
  serve((request, response) =>
    middleware(request, response, async () => {
      response.end(told(request.method, request.url, Object.entries(request.headers), await text(request)))
    }),
  )
}

/** The application's own parser reads the body, behind the middleware. */
async function serveExpress() {
  const { default: application } = await import('express')
  const app = application()
  app.use(express(fromEnvironment(), { showsBody }))
  app.use(application.text({ type: () => true, limit: '1mb' }))
  app.use((request, response) => {
    const body = typeof request.body === 'string' ? request.body : ''
    response.end(told(request.method, request.originalUrl, Object.entries(request.headers), body, request.path))
  })
  serve(app)
}

async function serveFastify() {
  const { default: application } = await import('fastify')
  const app = application()
  app.register(fastify(fromEnvironment(), { showsBody }))
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_, body, done) => done(null, body))
  app.all('/*', async ({ method, originalUrl, headers, body, params }) =>
    told(method, originalUrl, Object.entries(headers), body ?? '', `/${params['*']}`),
  )
  await app.listen({ port: 0, host: '127.0.0.1' })
  listening(app.server)
}

function serveFetch() {
  const application = async (request) => {
    const { pathname, search } = new URL(request.url)
    return new Response(told(request.method, pathname + search, [...request.headers], await request.text()))
  }
  const handler = fetchHandler(fromEnvironment(), application, {
    address: (_, peer) => peer,
    showsBody: ({ url }) => isShown(new URL(url).pathname),
  })
  serve(async (incoming, response) => {
    const { method, url, headers, socket } = incoming
    const body = method === 'GET' || method === 'HEAD' ? null : await text(incoming)
    const answer = await handler(new Request(`http://${headers.host}${url}`, { method, headers, body }), socket.remoteAddress)
    response.statusCode = answer.status
    for (const [name, value] of answer.headers) response.appendHeader(name, value)
    response.end(Buffer.from(await answer.arrayBuffer()))
  })
}

const MODES = { lines, serve: serveConnect, 'serve-express': serveExpress, 'serve-fastify': serveFastify, 'serve-fetch': serveFetch }
await MODES[process.argv[2]]()
