import { type AddressInfo, createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { readSnippet, runSnippet } from '@acme/tools/snippets'
import { describe, expect, it } from 'vitest'

const readme = new URL('../README.md', import.meta.url)
const cwd = fileURLToPath(new URL('..', import.meta.url))

describe('the README', () => {
  it('verifies a good token and names what is wrong with five others', async () => {
    const { code } = await readSnippet(readme, 'verify.js')
    const { stdout } = await (await runSnippet(code, { cwd })).finished
    expect(stdout.trim().split('\n')).toEqual([
      'verified: user_1',
      'expired a minute ago: token-expired',
      'of another instance: issuer-mismatch',
      'issued to another page: authorized-party-mismatch',
      'of a JWT template, without a session: session-id-invalid',
      'signed with another key: signature-invalid',
    ])
  })

  it('signs a user in, sees them renamed, and refuses the very next request after a ban', async () => {
    const { code } = await readSnippet(readme, 'quickstart.ts')
    expect(code.trim().split('\n').length).toBeLessThan(40)
    // The offline Clerk's package knows both: core does not depend on it.
    const cwd = fileURLToPath(new URL('../../clerk-testing', import.meta.url))
    const run = await runSnippet(code, { cwd, env: { PORT: String(await freePort()) } })
    const { stdout, stderr } = await run.finished
    expect(stdout.trim().split('\n'), stderr).toEqual(['hello Ada', 'hello Augusta', 'session-revoked'])
  })
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
