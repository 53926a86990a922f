// What goes wrong comes to the failure that is meant, and never to a token.

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { Spigot, SpigotError } from '../src/index.js'

const CHALLENGE = { kind: 'sha256', challenge: 'AAAA', bits: 4 }
const WALK = { kind: 'cachewalk', challenge: 'AAAA', log2_n: 4, grind: 1, open: 1 }

const written = (status, type, text, headers = {}) => (request, response) => {
  response.writeHead(status, { 'content-type': type, ...headers })
  response.end(text)
}
const json = (status, members) => written(status, 'application/json', JSON.stringify(members))
const problem = (status, members, headers) => written(status, 'application/problem+json', JSON.stringify(members), headers)
const html = (status) => written(status, 'text/html', '<p>no</p>')
const silence = () => {}
const letters = (status, type) => (request, response) => {
  response.writeHead(status, { 'content-type': type })
  const writing = setInterval(() => response.write(' '), 20)
  response.on('close', () => clearInterval(writing))
}
const cleared = (request, response) => {
  // Whoever solves is who asked.
  const status = request.headers['user-agent'] === 'app/1' ? 200 : 400
  written(status, 'application/json', '{}', { 'set-cookie': 'spigot_clearance=c; Path=/' })(request, response)
}
const cookies = (request, response) => response.end(request.headers.cookie ?? '')

/** Answers one call after the other as it was told. */
async function service(answers) {
  const asked = []
  const server = createServer((request, response) => {
    asked.push(request.url.split('/').at(-1))
    request.resume().on('end', () => answers[asked.length - 1](request, response))
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  return { base: `http://127.0.0.1:${server.address().port}`, asked, close }
}

// Long enough for a busy computer.
const patient = new Spigot({ timeoutMillis: 120_000, solveMillis: 120_000 })
const hurried = new Spigot({ timeoutMillis: 500, solveMillis: 300 })
const token = (base) => patient.token(base, 'key')
const soon = (base) => hurried.token(base, 'key')
const sendBy = (spigot) => async (base) => {
  const answer = await spigot.send(`${base}/orders`, { headers: { cookie: 'own=1', 'user-agent': 'app/1' } })
  return `${answer.status} ${answer.status === 200 ? await answer.text() : ''}`.trim()
}
const send = sendBy(patient)

async function outcome(ask) {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof SpigotError)) throw error
    return [error.kind, error.code, error.retryAfterSeconds].filter(Boolean).join(' ')
  }
}

const easy = json(200, CHALLENGE)
const done = json(200, { token: 'pt_1' })
const expired = problem(400, { code: 'expired', challenge: CHALLENGE })
const asks = problem(403, { code: 'challenge', challenge: CHALLENGE })
const asksAt = (url) => problem(403, { code: 'challenge', challenge: { ...CHALLENGE, solve_url: url } })

const CASES = [
  ['a token', [easy, done], 'pt_1', ['challenge', 'solve']],
  ['a walk', [json(200, WALK), done], 'pt_1', ['challenge', 'solve']],
  ['at once', [done], 'pt_1', ['challenge']],
  ['more is asked for', [easy, json(200, { next: CHALLENGE }), done], 'pt_1', ['challenge', 'solve', 'solve']],
  ['too late, once', [easy, expired, done], 'pt_1', ['challenge', 'solve', 'solve']],
  ['too late, again', [easy, expired, expired], 'refused expired', ['challenge', 'solve', 'solve']],
  ['for ever', Array(9).fill(easy), 'unreadable', ['challenge', 'solve', 'solve', 'solve']],
  ['throttled', [problem(429, { code: 'throttled' }, { 'retry-after': '7' })], 'refused throttled 7'],
  ['no problem', [html(503)], 'unreadable'],
  ['no JSON', [html(200)], 'unreadable'],
  ['a list', [json(200, [1])], 'unreadable'],
  ['a token of a refusal', [json(403, { token: 'pt_1' })], 'unreadable'],
  ['elsewhere', [written(302, 'text/html', '', { location: '/x' })], 'unreadable', ['challenge']],
  ['no challenge', [json(200, {})], 'unreadable'],
  ['a new kind', [json(200, { ...CHALLENGE, kind: 'riddle' })], 'kind_unknown'],
  ['a kind of every object', [json(200, { ...CHALLENGE, kind: 'toString' })], 'kind_unknown'],
  ['no base64', [json(200, { ...CHALLENGE, challenge: '?' })], 'unreadable'],
  ['no terms', [json(200, { ...CHALLENGE, kind: 'cachewalk' })], 'unreadable'],
  ['too many leaves', [json(200, { ...WALK, log2_n: 21 })], 'unreadable'],
  ['too much grinding', [json(200, { ...WALK, grind: 2 ** 40 })], 'unreadable'],
  ['too many bits', [json(200, { ...CHALLENGE, bits: 41 })], 'unreadable'],
  ['no button', [json(200, { ...CHALLENGE, interaction: 'press' })], 'press_missing'],
  ['a long puzzle', [json(200, { ...CHALLENGE, bits: 32 })], 'timed_out', ['challenge'], soon],
  ['silence', [silence], 'timed_out', ['challenge'], soon],
  ['letter by letter', [letters(200, 'application/json')], 'timed_out', ['challenge'], soon],
  ['an answer without end', [json(200, { token: 'x'.repeat(2 << 20) })], 'unreadable'],
  ['nobody', [], 'unreachable', [], () => token('http://127.0.0.1:1')],
  ['solved and sent', [asks, cleared, cookies], '200 own=1; spigot_clearance=c', ['orders', 'solve', 'orders'], send],
  ['refused twice', [asks, cleared, asks], '403', ['orders', 'solve', 'orders'], send],
  ['not solved', [asks, html(400)], '403', ['orders', 'solve'], send],
  // A session that keeps cookies by itself shows none.
  ['a cookie that is not shown', [asks, done, cookies], '200 own=1', ['orders', 'solve', 'orders'], send],
  ['nothing to solve', [problem(403, { code: 'block' })], '403', ['orders'], send],
  ['a page', [html(403)], '403', ['orders'], send],
  ['a refusal letter by letter', [letters(403, 'application/problem+json')], 'timed_out', ['orders'], sendBy(hurried)],
  ...['http://127.0.0.2/', '//127.0.0.2/x', 'https://127.0.0.1/x', 'http://127.0.0.1:1/x', 'data:,x'].map((url) => [
    `a proof for ${url}`, [asksAt(url)], '403', ['orders'], send,
  ]),
]

for (const [name, answers, expected, asked, ask = token] of CASES) {
  test(name, async () => {
    const told = await service(answers)
    try {
      assert.equal(await outcome(() => ask(told.base)), expected)
      if (asked) assert.deepEqual(told.asked, asked)
    } finally {
      told.close()
    }
  })
}

test('a refusal that cannot be answered is the application\'s to read', async () => {
  const told = await service([problem(403, { code: 'block', detail: 'no' })])
  const answer = await patient.send(`${told.base}/orders`)
  assert.equal((await answer.json()).detail, 'no')
  told.close()
})

test('the button that was pressed', async () => {
  const told = await service([json(200, { ...CHALLENGE, interaction: 'press' }), done])
  assert.equal(await patient.token(told.base, 'key', { press: () => 700 }), 'pt_1')
  told.close()
})
