import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { smoke } from '@acme/example-page/smoke'
import { afterAll, describe, expect, test } from 'vitest'
import { start } from './app.js'

describe('Hono on Node, and SQLite', () => {
  const folder = mkdtemp(join(tmpdir(), 'example-hono-'))
  const given = smoke(start, async () => ({ DATABASE_URL: `file:${join(await folder, 'notes.db')}` }))
  afterAll(async () => rm(await folder, { recursive: true, force: true, maxRetries: 5 }))

  test('gives new people the free plan, and leaves it alone afterwards', async () => {
    const headers = await given.as('admin')
    expect((await given.api.workspace(headers)).body?.plan).toBe('free')
    given.offline.updateUser(given.people.admin, { firstName: 'Maja' })
    await given.offline.webhooks.settled()
    expect((await given.api.workspace(headers)).body).toMatchObject({
      user: { firstName: 'Maja' },
      plan: 'free',
    })
  })

  test('keeps a browser signed in by a sealed cookie', async () => {
    const { authorization } = await given.as('member')
    const token = authorization.replace('Bearer ', '')
    const signedIn = await fetch(`${given.api.origin}/api/workspace`, {
      headers: { cookie: `__session=${token}` },
    })
    const [cookie = ''] = (signedIn.headers.get('set-cookie') ?? '').split(';')
    expect(cookie).toMatch(/^team-notes=Fe26\./)
    const later = await fetch(`${given.api.origin}/api/workspace`, { headers: { cookie } })
    expect(await later.json()).toMatchObject({ source: 'session', user: { id: given.people.member } })
  })
})

test('a secret that is too short starts nothing', async () => {
  const env = { DATABASE_URL: 'file:/nowhere/notes.db', SESSION_SECRET: randomBytes(8).toString('hex') }
  await expect(start(env)).rejects.toThrow('SESSION_SECRET is missing or short')
})
