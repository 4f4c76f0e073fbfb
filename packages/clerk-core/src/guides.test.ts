import { fileURLToPath } from 'node:url'
import { readSnippet, runSnippet } from '@acme/tools/snippets'
import { describe, expect, it } from 'vitest'

const docs = new URL('../../../docs/', import.meta.url)
// The offline Clerk's package knows both: core does not depend on it.
const cwd = fileURLToPath(new URL('../../clerk-testing', import.meta.url))

describe('the guides', () => {
  it.each([
    ['webhooks.md', 'webhooks'],
    ['users-and-organizations.md', 'users'],
    ['users-and-organizations.md', 'switch-off'],
    ['users-and-organizations.md', 'bulk'],
    ['administrators.md', 'staff'],
    ['machines.md', 'machines'],
  ])('%s prints what it says', async (file, name) => {
    const guide = new URL(file, docs)
    const [{ code }, expected] = await Promise.all([
      readSnippet(guide, `${name}.ts`),
      readSnippet(guide, `${name}.out`),
    ])
    const { stdout, stderr } = await (await runSnippet(code, { cwd })).finished
    expect(stdout, stderr).toBe(expected.code)
  })
})
