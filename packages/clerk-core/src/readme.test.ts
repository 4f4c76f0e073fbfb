import { fileURLToPath } from 'node:url'
import { readSnippet, runSnippet } from '@acme/tools/snippets'
import { describe, expect, it } from 'vitest'

const readme = new URL('../README.md', import.meta.url)
const cwd = fileURLToPath(new URL('..', import.meta.url))

describe('the README', () => {
  it('verifies a good token and names what is wrong with five others', async () => {
    const { code } = await readSnippet(readme, 'verify.ts')
    const { stdout } = await (await runSnippet(code, { cwd })).finished
    expect(stdout.trim().split('\n')).toEqual([
      'verified: user_1',
      'expired a minute ago: token-expired',
      'of another instance: issuer-mismatch',
      'obtained by another page: authorized-party-mismatch',
      'of a JWT template, without a session: session-id-invalid',
      'signed by somebody else: signature-invalid',
    ])
  })
})
