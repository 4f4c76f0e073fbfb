import type { OfflineClerk } from '@acme/clerk-testing'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { AppBinding, AppSpec } from './binding.js'
import { createHarness } from './harness.js'
import { request } from './http.js'
import { startApp } from './start.js'

class Admins {
  get role() {
    return 'admin'
  }
}

/** Whatever an application gives to a guard by mistake, the guard is not made, or it asks what was meant. */
export function guardTests(binding: AppBinding, offline: () => OfflineClerk): void {
  describe('no guard is made of', () => {
    const requirements: Record<string, unknown> = {
      'a promise': Promise.resolve({ role: 'admin' }),
      'a Map': new Map([['role', 'admin']]),
      'a Set': new Set(['admin']),
      'an empty list': [],
      'a class with getters': new Admins(),
      'an object with inherited keys': Object.create({ role: 'admin' }),
      'a name that came out undefined': undefined,
      null: null,
      'a misspelt key': { rol: 'admin' },
      'a value that came out undefined': { role: undefined },
      'an empty list of machines': { machine: [] },
    }
    test.each(Object.entries(requirements))('%s', (_name, requirement) => {
      expect(() => binding.guard(requirement)).toThrow(/requirement/)
    })
  })

  test('a requirement that is changed after it was given changes no guard', async () => {
    const { app, harness } = await open({})
    const { ada, bob } = harness
    expect(await statusOf(`${app.origin}/changed`, ada.token)).toBe(200)
    expect(await statusOf(`${app.origin}/changed`, bob.token)).toBe(403)
  })

  test('a polluted Object.prototype opens no route', async () => {
    const { app, harness } = await open({}, { accept: { apiKeys: true }, allowPending: true })
    const { secret } = harness.offline.createApiKey({ subject: harness.ada.id, name: 'continuous' })
    const pending = await harness.offline.token(harness.ada.sessionId, { claims: { sts: 'pending' } })
    const pollution = { machine: 'allow', local: 'allow', pending: 'allow', role: 'member', org: true }
    for (const [name, value] of Object.entries(pollution))
      Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true })
    try {
      expect(await statusOf(`${app.origin}/private`, secret)).toBe(403)
      expect(await statusOf(`${app.origin}/private`, pending)).toBe(401)
      expect(await statusOf(`${app.origin}/admin`, harness.bob.token)).toBe(403)
    } finally {
      for (const name of Object.keys(pollution)) delete (Object.prototype as Record<string, unknown>)[name]
    }
  })

  const sharesRequests = binding.standsAlone === undefined
  test.runIf(sharesRequests)(
    'of two clerks that look at a request a guard takes the one that it names, and never guesses',
    async () => {
      const second = await createHarness(offline(), { authorizedParties: ['https://second.example'] })
      onTestFinished(() => second.close())
      const { app, harness } = await open({ second: second.clerk })
      const headers = { authorization: `Bearer ${harness.ada.token}` }
      const of = async (path: string) => (await request(`${app.origin}${path}`, { headers })).status
      const { text } = await request(`${app.origin}/first`, { headers })
      // The handler behind the guard is told of the user whom the guard has let in.
      expect((binding.unwrap ?? ((body) => body))(JSON.parse(text))).toMatchObject({ userId: harness.ada.id })
      // Its tokens are for other pages: to the second clerk this user is a stranger.
      expect(await of('/second')).toBe(401)
      expect(await of('/private')).toBe(500)
      expect(await of('/machine')).toBe(500)
    },
  )

  test.runIf(sharesRequests)(
    'a guard that names a clerk which has not looked at the request refuses',
    async () => {
      const other = await createHarness(offline())
      onTestFinished(() => other.close())
      const { app, harness } = await open({ other: other.clerk })
      expect(await statusOf(`${app.origin}/first`, harness.ada.token)).toBe(200)
      expect(await statusOf(`${app.origin}/elsewhere`, harness.ada.token)).toBe(500)
    },
  )

  if (binding.unwrap !== undefined) return

  describe('what a login leaves when it found no row is no user:', () => {
    const query = { table: 'users' }
    Object.defineProperty(query, 'then', { value: (done: (row: unknown) => void) => done(undefined) })
    const left: Record<string, unknown> = {
      'an empty list': [],
      'the lists of mysql2': [[], [{ name: 'id' }]],
      'an empty object': {},
      'an empty text': '',
      '0': 0,
      NaN: Number.NaN,
      'a query': query,
    }
    test.each(Object.entries(left))('%s', async (_name, value) => {
      for (const localUser of [() => value, async () => value]) {
        const { app } = await open({ localUser })
        expect(await statusOf(`${app.origin}/local`)).toBe(401)
        const { text } = await request(`${app.origin}/open`)
        expect(JSON.parse(text)).toEqual({ kind: 'anonymous', reason: 'no-credentials' })
      }
    })

    test('and the operator is told', async () => {
      const warnings: Error[] = []
      const listen = (warning: Error) => warnings.push(warning)
      process.on('warning', listen)
      onTestFinished(() => {
        process.off('warning', listen)
      })
      const { app } = await open({ localUser: () => [] })
      for (let i = 0; i < 3; i++) await request(`${app.origin}/open`)
      const told = () =>
        warnings.filter((warning) => (warning as { code?: string }).code === 'ACME_CLERK_LOCAL_USER')
      await vi.waitFor(() => expect(told().length).toBe(1))
      expect(told()[0]?.message).toContain('localUser')
    })
  })

  async function open(spec: Partial<AppSpec>, options: Parameters<typeof createHarness>[1] = {}) {
    const harness = await createHarness(offline(), options)
    const app = await startApp(binding, harness, spec)
    onTestFinished(async () => {
      await app.stop()
      await harness.close()
    })
    return { app, harness }
  }
}

async function statusOf(url: string, bearer?: string): Promise<number> {
  const headers = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }
  return (await request(url, { headers })).status
}
