// What is public is in index.d.ts.

export { SpigotError } from './error.js'
export { Spigot } from './client.js'
export { answerWindows, preloadPath } from './windows.js'
