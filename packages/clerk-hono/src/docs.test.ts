import { deliver, runGuideSuite, runServerSnippet, typecheckSnippets } from '@acme/adapter-suite'
import { request } from '@acme/clerk-testing/adapters'
import { expect, test } from 'vitest'

const cwd = new URL('..', import.meta.url)
const guide = new URL('../../../docs/hono.md', import.meta.url)

// Hono has no body parsers: its request keeps what was read of it.
runGuideSuite(guide, cwd, { afterBodyParser: false })

const migration = new URL('../../../docs/migrating-from-clerk-sdks.md', import.meta.url)

test('what an application of @clerk/hono becomes compiles', { timeout: 120_000 }, () =>
  typecheckSnippets(migration, cwd, ['hono.ts']),
)

test('what an application of @clerk/hono becomes works', { timeout: 60_000 }, async () => {
  const { origin, offline, signIn } = await runServerSnippet(migration, 'hono.ts', cwd)
  const ada = await signIn('Ada')
  const get = async (path: string, headers = {}) => (await request(`${origin}${path}`, { headers })).status
  expect([await get('/protected'), await get('/protected', ada), await get('/api', ada)]).toEqual([
    401, 200, 403,
  ])
  expect(await deliver(`${origin}/webhooks/clerk`, offline.webhookSecret)).toBe(200)
})
