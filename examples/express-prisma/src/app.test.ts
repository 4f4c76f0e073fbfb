import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Application, start } from '@acme/example-express-prisma'
import { smoke } from '@acme/example-page/smoke'
import { describeWith } from '@acme/tools/services/vitest'
import { afterAll, describe, expect, test } from 'vitest'
import { openDatabase } from '../dist/src/database.js'

const ADMINISTRATOR = { email: 'Lea@example.com', password: 'correct horse battery staple' }
const folder = await mkdtemp(join(tmpdir(), 'team-notes-test-'))
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))

describe('on SQLite', () => {
  suite(() => ({ DATABASE_URL: `file:${join(folder, 'notes.db').replaceAll('\\', '/')}` }))
})

await describeWith('postgres', 'on PostgreSQL', (postgres) => {
  let drop = async () => {}
  suite(async () => {
    const database = await postgres.createDatabase('example_express')
    drop = database.drop
    return { DATABASE_URL: database.url }
  })
  afterAll(() => drop())
})

function suite(env: () => Record<string, string> | Promise<Record<string, string>>) {
  let application: Application
  let url: string
  const given = smoke(async (variables) => {
    application = await start(variables)
    url = variables['DATABASE_URL'] ?? ''
    return application
  }, env)

  test('makes a free subscription when Clerk announces a new user', async () => {
    expect((await given.api.workspace(await given.as('admin'))).body?.plan).toBe('free')
  })

  test('serves a service account what its key is for, and nothing else', async () => {
    const { offline, api, orgId } = given
    const key = (scopes: string[]) => offline.createApiKey({ subject: orgId, scopes }).secret
    const get = (path: string, secret: string) =>
      fetch(`${api.origin}${path}`, { headers: { authorization: `Bearer ${secret}` } })
    await api.add(await given.as('admin'), 'For export')
    const reader = key(['notes:read'])
    expect(await (await get('/api/export', reader)).json()).toMatchObject({
      notes: [{ text: 'For export', orgId }],
    })
    expect((await get('/api/notes', reader)).status).toBe(403)
    expect((await get('/api/export', key(['other']))).status).toBe(403)
    expect((await fetch(`${api.origin}/api/export`, { headers: await given.as('admin') })).status).toBe(403)
  })

  test('takes a user of Clerk for staff where the row says so, and no longer than that', async () => {
    const { offline, api, people } = given
    const overview = async () =>
      (await fetch(`${api.origin}/admin/overview`, { headers: await given.as('member') })).status
    const isStaff = async (value: boolean) => {
      const prisma = await openDatabase(url)
      await prisma.user.update({ where: { clerkId: people.member }, data: { isStaff: value } })
      await prisma.$disconnect()
      await application.clerk.users.forget(people.member)
    }
    expect(await overview()).toBe(403)
    await isStaff(true)
    expect(await overview()).toBe(200)
    // A column of the application's own: what Clerk says of the user leaves it alone.
    offline.updateUser(people.member, { firstName: 'Johann' })
    await offline.webhooks.settled()
    expect(await overview()).toBe(200)
    await isStaff(false)
    expect(await overview()).toBe(403)
  })

  test('signs its own administrators in beside Clerk', async () => {
    const { api } = given
    const login = (body: object | string, type = 'application/json') =>
      fetch(`${api.origin}/admin/login`, {
        method: 'POST',
        headers: { 'content-type': type },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      })
    const { email, password } = ADMINISTRATOR
    for (const wrong of [{ email: 'lea' }, { password: 'short' }])
      await expect(application.administrators.create({ ...ADMINISTRATOR, ...wrong })).rejects.toThrow(
        RangeError,
      )
    expect((await login(ADMINISTRATOR)).status).toBe(401)
    await application.administrators.create(ADMINISTRATOR)
    expect((await login({ email, password: 'wrong' })).status).toBe(401)
    expect((await login({ email: 'nobody@example.com', password })).status).toBe(401)
    expect((await login({ email: { $ne: null }, password })).status).toBe(400)
    const form = `email=${email}&password=${encodeURIComponent(password)}`
    expect((await login(form, 'application/x-www-form-urlencoded')).status).toBe(400)
    expect((await fetch(`${api.origin}/admin/overview`)).status).toBe(401)

    const answer = await login({ email: email.toLowerCase(), password })
    expect(answer.status).toBe(204)
    const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? ''
    const get = (path: string, init: RequestInit = {}) =>
      fetch(`${api.origin}${path}`, { ...init, headers: { cookie, ...init.headers } })
    expect(await (await get('/me')).json()).toMatchObject({
      clerkId: null,
      email: 'lea@example.com',
      organization: null,
    })
    expect((await get('/admin/overview')).status).toBe(200)
    // An administrator of the application is in no organisation.
    expect((await get('/api/notes')).status).toBe(403)
    expect((await get('/admin/logout', { method: 'POST' })).status).toBe(401)
    expect((await get('/admin/logout', { method: 'POST', headers: { origin: api.origin } })).status).toBe(204)
    expect((await get('/admin/overview')).status).toBe(401)
  })
}

test('its schema and migrations are those of the package', async () => {
  const at = (path: string) => readFile(new URL(`../${path}`, import.meta.url), 'utf8')
  const shipped = '../../packages/clerk-prisma'
  // The column of our own, and what is said of it.
  const schema = (await at('prisma/schema.prisma')).replace(/^.*Ours: .*\n.*isStaff.*\n/m, '')
  expect(schema).toContain(await at(`${shipped}/schema/sqlite.prisma`))
  for (const provider of ['sqlite', 'postgresql']) {
    const migrations = `prisma/migrations/${provider}`
    // The first one is as it was applied; what came later came in a migration of its own.
    const users = await at(`${shipped}/migrations/${provider}/users.sql`)
    expect(await at(`${migrations}/1_users.sql`)).toBe(
      users.replace(/^ +"(banned|deprovisioned)" .*\n/gm, ''),
    )
    expect(await at(`${migrations}/4_banned.sql`)).toBe(
      await at(`${shipped}/migrations/${provider}/banned.sql`),
    )
    expect(await at(`${migrations}/2_clerk.sql`)).toBe(
      await at(`${shipped}/migrations/${provider}/clerk.sql`),
    )
    expect(await at(`${migrations}/5_roles.sql`)).toBe(
      await at(`${shipped}/migrations/${provider}/roles.sql`),
    )
  }
})
