import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'

/** What a module of a Worker may not do before the first request, or what would belong to one request alone. */
const SCRIPT = `
// Node 26 loads its own fetch with this module, and that makes a signal.
await import('node:http')
const used = []
const record = (owner, name) => Object.defineProperty(owner, name, {
  value: function () { used.push(name); return {} }, configurable: true, writable: true,
})
for (const name of ['setTimeout', 'setInterval', 'setImmediate', 'AbortController', 'Response', 'fetch']) record(globalThis, name)
for (const name of ['getRandomValues', 'randomUUID']) record(crypto, name)
record(Math, 'random')
const { createClerk, fromEnv, memoryStore } = await import('@acme/clerk-core')
createClerk(fromEnv({
  CLERK_PUBLISHABLE_KEY: 'pk_test_' + btoa('clerk.example.com$'),
  CLERK_SECRET_KEY: 'sk_test_0123456789',
  CLERK_WEBHOOK_SIGNING_SECRET: 'whsec_' + btoa('x'.repeat(32)),
  CLERK_AUTHORIZED_PARTIES: 'https://app.example.com',
}), memoryStore())
console.log(JSON.stringify(used))
`

test('importing the package and creating a clerk starts no timer, makes no signal and draws nothing at random', () => {
  const cwd = new URL('..', import.meta.url)
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', SCRIPT], {
    cwd,
    encoding: 'utf8',
  })
  expect(JSON.parse(output)).toEqual([])
})
