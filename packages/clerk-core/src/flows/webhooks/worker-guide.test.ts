import { fileURLToPath } from 'node:url'
import { readSnippet, runSnippet } from '@acme/tools/snippets'
import { describe, expect, test } from 'vitest'

const guide = new URL('../../../../../docs/webhooks.md', import.meta.url)
const cwd = fileURLToPath(new URL('../../..', import.meta.url))

/** A backend with an event that a killed process has left. */
const clerkTs = `
import { createClerk, memoryStore } from '@acme/clerk-core'

const stores = memoryStore()
const body = JSON.stringify({ type: 'email.created', data: {} })
await stores.inbox.claim({ id: 'msg_1', type: 'email.created', timestamp: 1, subjects: [], body }, 1)
await new Promise((resolve) => setTimeout(resolve, 20))

export const clerk = createClerk({ logger: false,
  jwksUrl: 'https://clerk.example.com/.well-known/jwks.json',
  provisioning: 'off',
  authorizedParties: 'any',
  ...stores,
})
`
const appTs = `
import { createServer } from 'node:http'
import { clerk } from './clerk.js'

export { clerk }
export const server = createServer().listen(0, '127.0.0.1')
clerk.on('email.created', async () => {
  process.kill(process.pid, 'SIGTERM')
  await new Promise((resolve) => server.once('close', resolve))
  console.log('the server has closed')
})
clerk.observe(({ name }) => console.log(name))
process.on('exit', (code) => console.log('exit', code))
`

describe('the guide to the worker', { timeout: 60_000 }, () => {
  test('starts one, and on SIGTERM ends when what is in hand is done', async () => {
    const { code } = await readSnippet(guide, 'main.ts')
    const { finished } = await runSnippet(code, { cwd, files: { 'clerk.ts': clerkTs, 'app.ts': appTs } })
    const { stdout, stderr } = await finished
    expect(stderr).toBe('')
    expect(stdout).toBe('the server has closed\nwebhook.processed\nexit 0\n')
  })

  test('drains in a cron job, and prints what it says', async () => {
    const [{ code }, expected] = await Promise.all([
      readSnippet(guide, 'drain.ts'),
      readSnippet(guide, 'drain.out'),
    ])
    const { finished } = await runSnippet(code, { cwd, files: { 'clerk.ts': clerkTs } })
    expect(await finished).toMatchObject({ stdout: expected.code, stderr: '', code: 0 })
  })
})
