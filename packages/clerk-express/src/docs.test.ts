import { deliver, runGuideSuite, runServerSnippet } from '@acme/adapter-suite'
import { request } from '@acme/clerk-testing/adapters'
import { expect, test } from 'vitest'

const doc = (name: string) => new URL(`../../../docs/${name}`, import.meta.url)
const cwd = new URL('..', import.meta.url)

runGuideSuite(doc('express.md'), cwd)

test('the application that has moved works', { timeout: 60_000 }, async () => {
  const guide = doc('migrating-from-clerk-sdks.md')
  const { origin, signIn, offline } = await runServerSnippet(guide, 'before-and-after.ts', cwd)
  const ada = await signIn('Ada')
  expect((await request(`${origin}/protected`)).status).toBe(401)
  expect((await request(`${origin}/protected`, { headers: ada })).text).toContain('"email":"ada@example.com"')
  expect((await request(`${origin}/admin`, { headers: ada })).status).toBe(403)
  expect(await deliver(`${origin}/webhook`, offline.webhookSecret)).toBe(200)
})
