// The main process and a window's preload script, with a stand-in for the three parts of Electron that they call: handlers
// that a message between processes reaches, and what a page is given.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import vm from 'node:vm'
import { SpigotError, answerWindows, preloadPath } from '../src/index.js'

/** Electron, as far as it is called. What passes between processes is copied, as there. */
function electron() {
  const handlers = new Map()
  const ipcMain = {
    handle: (channel, handler) => handlers.set(channel, handler),
    removeHandler: (channel) => handlers.delete(channel),
  }
  const window = (senderFrame) => {
    const page = {}
    const invoke = async (channel, ...told) => {
      const handler = handlers.get(channel)
      if (!handler) throw new Error(`no handler for ${channel}`)
      return structuredClone(await handler({ senderFrame }, ...structuredClone(told)))
    }
    const modules = { electron: { contextBridge: { exposeInMainWorld: (name, api) => (page[name] = api) }, ipcRenderer: { invoke } } }
    // A sandboxed preload script may require Electron, and nothing of Node.
    vm.runInNewContext(readFileSync(preloadPath, 'utf8'), { require: (name) => modules[name] })
    return page
  }
  return { ipcMain, window }
}

const OPTIONS = { service: 'https://challenge.example', siteKey: 'key', mayAsk: (frame) => frame.origin === 'app://shop' }

function spigot(answer) {
  const asked = []
  return { asked, token: async (...told) => (asked.push(told), answer()) }
}

test('a page asks for a token and is given nothing else', async () => {
  const { ipcMain, window } = electron()
  const client = spigot(() => 'pt_1')
  answerWindows(ipcMain, client, OPTIONS)
  const page = window({ origin: 'app://shop' })
  assert.deepEqual(Object.keys(page), ['spigot'])
  assert.deepEqual(Object.keys(page.spigot), ['token'])
  assert.deepEqual(await page.spigot.token('order'), { token: 'pt_1' })
  assert.deepEqual(client.asked, [['https://challenge.example', 'key', { action: 'order', press: undefined }]])
})

test('frames that are not the application\'s own are refused', async () => {
  const { ipcMain, window } = electron()
  const client = spigot(() => 'pt_1')
  answerWindows(ipcMain, client, OPTIONS)
  for (const frame of [{ origin: 'https://evil.example' }, {}, null]) {
    const { error } = await window(frame).spigot.token('order')
    assert.deepEqual([error.kind, error.code], ['refused', 'frame_not_allowed'])
  }
  const { error } = await window({ origin: 'app://shop' }).spigot.token({ toString: 'x' })
  assert.equal(error.code, 'action_malformed')
  assert.deepEqual(client.asked, [])
  assert.throws(() => answerWindows(ipcMain, client, { ...OPTIONS, mayAsk: undefined }), TypeError)
})

test('a failure arrives with its kind', async () => {
  const { ipcMain, window } = electron()
  const failure = new SpigotError('refused', 'slow down', { code: 'throttled', retryAfterSeconds: 7 })
  const end = answerWindows(ipcMain, spigot(() => { throw failure }), OPTIONS)
  const page = window({ origin: 'app://shop' })
  const told = { kind: 'refused', code: 'throttled', message: 'throttled: slow down', retryAfterSeconds: 7 }
  assert.deepEqual(await page.spigot.token(), { error: told })
  end()
  await assert.rejects(page.spigot.token())
})
