import { fileURLToPath } from 'node:url'
import { readSnippet, runSnippet } from '@acme/tools/snippets'
import { expect, test } from 'vitest'

const readme = new URL('../README.md', import.meta.url)
const cwd = fileURLToPath(new URL('..', import.meta.url))

async function run(title: string) {
  const snippet = await runSnippet((await readSnippet(readme, title)).code, {
    cwd,
    env: { CLERK_TELEMETRY_DISABLED: '1' },
  })
  const { code, stdout, stderr } = await snippet.finished
  expect(stderr).toBe('')
  expect(code).toBe(0)
  return stdout
}

test('the test of the README passes', async () => {
  // What node:test prints where there is no terminal: TAP up to Node 22, spec from 23 on.
  expect(await run('users.test.ts')).toMatch(/^(# |ℹ )pass 1$/m)
})

test('the issuer of the README mints and forges', async () => {
  expect(await run('tokens.ts')).toMatch(/^3 \d{2} -----BEGIN PUBLIC KEY-----\n$/)
})

test('the webhook of the README is signed', async () => {
  expect(await run('webhook.ts')).toBe('content-type svix-id svix-timestamp svix-signature Ada\n')
})
