import { fileURLToPath } from 'node:url'
import { readSnippet, runSnippet } from '@acme/tools/snippets'
import { describe, expect, it } from 'vitest'

const guide = new URL('../../../../../docs/tokens.md', import.meta.url)
// The offline Clerk's package knows both: core does not depend on it.
const cwd = fileURLToPath(new URL('../../../../clerk-testing', import.meta.url))

describe('the guide to tokens', { timeout: 60_000 }, () => {
  it('prints what it says', async () => {
    const [{ code }, expected] = await Promise.all([
      readSnippet(guide, 'tokens.ts'),
      readSnippet(guide, 'tokens.out'),
    ])
    const { stdout, stderr } = await (await runSnippet(code, { cwd })).finished
    expect(stdout, stderr).toBe(expected.code)
  })
})
