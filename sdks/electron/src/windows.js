// What windows may ask of the main process: a token, and nothing else. Secrets and proofs stay here.

import { fileURLToPath } from 'node:url'
import { SpigotError } from './error.js'

/** Under which name windows ask; preload.cjs has it too. */
const CHANNEL = 'spigot:token'

/** For a window's `webPreferences.preload`, or `session.registerPreloadScript`: the page has `window.spigot.token(action)`. */
export const preloadPath = fileURLToPath(new URL('./preload.cjs', import.meta.url))

/**
 * Answers windows. `mayAsk(frame)` says of a frame (Electron's WebFrameMain) whether it is the application's own: any page
 * that a window comes to show could ask otherwise. Returns what ends it.
 */
export function answerWindows(ipcMain, spigot, { service, siteKey, mayAsk, press }) {
  if (typeof mayAsk !== 'function') throw new TypeError('spigot: mayAsk says which frames are the application\'s own')
  ipcMain.handle(CHANNEL, async (event, action) => {
    try {
      // A frame that has gone is null.
      if (event.senderFrame === null || mayAsk(event.senderFrame) !== true) {
        throw new SpigotError('refused', 'this frame may not ask', { code: 'frame_not_allowed' })
      }
      if (action !== undefined && typeof action !== 'string') {
        throw new SpigotError('refused', 'an action is a name', { code: 'action_malformed' })
      }
      return { token: await spigot.token(service, siteKey, { action, press }) }
    } catch (error) {
      if (!(error instanceof SpigotError)) throw error
      // Between processes an error keeps its sentence only.
      const { kind, code, message, retryAfterSeconds } = error
      return { error: { kind, code, message, retryAfterSeconds } }
    }
  })
  return () => ipcMain.removeHandler(CHANNEL)
}
