// Asks a Spigot that runs beside the application. What is public is in index.d.ts.

export { SpigotError } from './error.js'
export { Spigot } from './client.js'
export { express, fastify, fetchHandler } from './middleware.js'

/** Keys for tests; they count only with a service that has test_keys switched on, as `spigot demo` has. */
export const testSecrets = Object.freeze({
  passes: '0x0000000000000000000000000000000000000001',
  fails: '0x0000000000000000000000000000000000000002',
  spent: '0x0000000000000000000000000000000000000003',
})
