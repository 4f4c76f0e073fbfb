import { deepStrictEqual as deepEqual, strictEqual as equal, ok, throws } from 'node:assert'
import type { AdapterBinding, AppSpec } from './binding.js'
import { eventually, expectIncludes } from './expect.js'
import { createHarness } from './harness.js'
import { request } from './http.js'
import { onTestFinished, type RunnerWithClerk } from './runner.js'
import { startApp } from './start.js'

class Admins {
  get role() {
    return 'admin'
  }
}

/** Whatever an application gives to a guard by mistake, the guard is not made, or it asks what was meant. */
export function guardTests({ group, test, offline }: RunnerWithClerk, binding: AdapterBinding): void {
  group('no guard is made of', () => {
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
    for (const [name, requirement] of Object.entries(requirements))
      test(name, () => throws(() => binding.guard(requirement), /requirement/))
  })

  test('a requirement that is changed after it was given changes no guard', async () => {
    const { app, harness } = await open({})
    const { ada, bob } = harness
    equal(await statusOf(`${app.origin}/changed`, ada.token), 200)
    equal(await statusOf(`${app.origin}/changed`, bob.token), 403)
  })

  test('a polluted Object.prototype opens no route', async () => {
    const { app, harness } = await open({}, { accept: { apiKeys: true }, allowPending: true })
    const { secret } = harness.offline.createApiKey({ subject: harness.ada.id, name: 'continuous' })
    const pending = await harness.offline.token(harness.ada.sessionId, { claims: { sts: 'pending' } })
    const pollution = { machine: 'allow', local: 'allow', pending: 'allow', role: 'member', org: true }
    for (const [name, value] of Object.entries(pollution))
      Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true })
    try {
      equal(await statusOf(`${app.origin}/private`, secret), 403)
      equal(await statusOf(`${app.origin}/private`, pending), 401)
      equal(await statusOf(`${app.origin}/admin`, harness.bob.token), 403)
    } finally {
      for (const name of Object.keys(pollution)) delete (Object.prototype as Record<string, unknown>)[name]
    }
  })

  if (binding.standsAlone === undefined) {
    test('of two clerks that look at a request a guard takes the one that it names, and never guesses', async () => {
      const second = await createHarness(offline(), { authorizedParties: ['https://second.example'] })
      onTestFinished(() => second.close())
      const { app, harness } = await open({ second: second.clerk })
      const headers = { authorization: `Bearer ${harness.ada.token}` }
      const of = async (path: string) => (await request(`${app.origin}${path}`, { headers })).status
      const { text } = await request(`${app.origin}/first`, { headers })
      // The handler behind the guard is told of the user whom the guard has let in.
      expectIncludes((binding.unwrap ?? ((body) => body))(JSON.parse(text)), { userId: harness.ada.id })
      // Its tokens are for other pages: to the second clerk this user is a stranger.
      equal(await of('/second'), 401)
      equal(await of('/private'), 500)
      equal(await of('/machine'), 500)
    })

    test('a guard that names a clerk which has not looked at the request refuses', async () => {
      const other = await createHarness(offline())
      onTestFinished(() => other.close())
      const { app, harness } = await open({ other: other.clerk })
      equal(await statusOf(`${app.origin}/first`, harness.ada.token), 200)
      equal(await statusOf(`${app.origin}/elsewhere`, harness.ada.token), 500)
    })
  }

  if (binding.unwrap !== undefined) return

  group('what a login leaves when it found no row is no user:', () => {
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
    for (const [name, value] of Object.entries(left)) test(name, () => expectNobody(value))

    async function expectNobody(value: unknown): Promise<void> {
      for (const localUser of [() => value, async () => value]) {
        const { app } = await open({ localUser })
        equal(await statusOf(`${app.origin}/local`), 401)
        const { text } = await request(`${app.origin}/open`)
        deepEqual(JSON.parse(text), { kind: 'anonymous', reason: 'no-credentials' })
      }
    }

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
      await eventually(() => equal(told().length, 1))
      ok(told()[0]?.message.includes('localUser'))
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
