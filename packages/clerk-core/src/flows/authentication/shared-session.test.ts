import type { OfflineClerk } from '@acme/clerk-testing'
import { describe, expect, test } from 'vitest'
import {
  memorySlot,
  memoryStore,
  PAGE,
  startInstance,
  startOffline,
} from '../../../testing/authority-harness.js'
import type { SessionRecord } from '../../domain/session/record.js'

/** A session of the framework's, with what the application keeps in it. */
function sessionWithData() {
  const held: { record?: unknown; basket?: string } = { basket: 'apples' }
  const renewals: boolean[] = []
  return {
    held,
    renewals,
    read: () => held.record,
    write: (record: unknown) => {
      held.record = JSON.parse(JSON.stringify(record))
    },
    renew: ({ keep }: { keep: boolean }) => {
      renewals.push(keep)
      delete held.record
      if (!keep) delete held.basket
    },
    end: () => {
      delete held.record
      delete held.basket
    },
  }
}

function signal() {
  let give = (): void => undefined
  const given = new Promise<void>((resolve) => {
    give = resolve
  })
  return { given, give }
}

type Session = ReturnType<typeof sessionWithData>
type Instance = ReturnType<typeof startInstance>

const seen = (session: Session, cookie = 'theme=dark') => ({ cookie, method: 'GET', origin: PAGE, session })

async function withToken({ clerk }: Instance, offline: OfflineClerk, of: unknown, session: Session) {
  return clerk.authenticate(seen(session, `__session=${await offline.token(of as never)}`))
}

describe('two Clerk instances in one session', () => {
  async function two() {
    const [first, second] = [await startOffline(), await startOffline()]
    return { first, second, here: startInstance(first), there: startInstance(second) }
  }

  test('remember their users side by side, and lose nothing of the application’s, however often they alternate', async () => {
    const { first, second, here, there } = await two()
    const session = sessionWithData()
    const [ada, bea] = [first.createSession(first.createUser()), second.createSession(second.createUser())]
    for (let round = 0; round < 4; round++) {
      expect(await withToken(here, first, ada, session)).toMatchObject({ kind: 'user', sessionId: ada.id })
      expect(await withToken(there, second, bea, session)).toMatchObject({ kind: 'user', sessionId: bea.id })
      const without = await Promise.all([here, there].map(({ clerk }) => clerk.authenticate(seen(session))))
      expect(without).toMatchObject([
        { sessionId: ada.id, source: 'session' },
        { sessionId: bea.id, source: 'session' },
      ])
      expect(session.held.basket).toBe('apples')
      await Promise.all([first, second].map((offline) => offline.advance(250_000)))
    }
    // A new session id for each sign-in, and none afterwards.
    expect(session.renewals).toEqual([true, true])
  })

  test('hand nothing to another person of one of them', async () => {
    const { first, second, here, there } = await two()
    const session = sessionWithData()
    await withToken(there, second, second.createSession(second.createUser()), session)
    await withToken(here, first, first.createSession(first.createUser()), session)
    await withToken(here, first, first.createSession(first.createUser()), session)
    expect(session.renewals).toEqual([true, true, false])
    expect(session.held).not.toHaveProperty('basket')
    expect((await there.clerk.authenticate(seen(session))).kind).toBe('anonymous')
  })

  test('do not let a record of one sign anybody in at the other', async () => {
    const { first, second, here, there } = await two()
    const session = sessionWithData()
    await withToken(here, first, first.createSession(first.createUser()), session)
    const mine = session.held.record as SessionRecord
    expect((await there.clerk.authenticate(seen(session))).kind).toBe('anonymous')
    session.held.record = { ...mine, iss: second.issuer, others: [mine] }
    await second.advance(301_000)
    // Clerk knows no such session there.
    expect((await there.clerk.authenticate(seen(session))).kind).toBe('anonymous')
  })
})

describe('two backends of one instance in one session', () => {
  test('take turns with tokens for different audiences without a new id, and keep what the application stored', async () => {
    const offline = await startOffline()
    const stores = memoryStore()
    const [a, b] = ['a', 'b'].map((audience) => startInstance(offline, { audience }, stores))
    const session = sessionWithData()
    const ada = offline.createSession(offline.createUser())
    for (let round = 0; round < 3; round++) {
      for (const [audience, instance] of Object.entries({ a, b })) {
        const cookie = `__session=${await offline.token(ada, { claims: { aud: audience } })}`
        expect((await instance?.clerk.authenticate(seen(session, cookie)))?.kind).toBe('user')
        expect((await instance?.clerk.authenticate(seen(session)))?.kind).toBe('user')
      }
      expect(await a?.clerk.authenticate(seen(session))).toMatchObject({ reason: 'audience-mismatch' })
    }
    expect(session.renewals).toEqual([true])
    expect(session.held.basket).toBe('apples')
  })

  test('a session whose tasks are open ends for none of them, and is signed in where such may be read', async () => {
    const offline = await startOffline()
    const stores = memoryStore()
    const strict = startInstance(offline, {}, stores)
    const lenient = startInstance(offline, { allowPending: true }, stores)
    const session = sessionWithData()
    const ada = offline.createSession(offline.createUser())
    await withToken(strict, offline, ada, session)
    const pending = { ...offline.getSession(ada.id), status: 'pending' }
    offline.faults.set('GET /v1/sessions/:id', { body: pending })
    await offline.advance(301_000)
    const refused = { kind: 'anonymous', reason: 'session-pending' }
    expect(await strict.clerk.authenticate(seen(session))).toMatchObject(refused)
    expect(session.held).toMatchObject({ basket: 'apples', record: { sts: 'pending' } })
    expect(await strict.clerk.authenticate(seen(session))).toMatchObject(refused)
    expect(await lenient.clerk.authenticate(seen(session))).toMatchObject({ kind: 'user' })
    // That it lives is not that its tasks are done: a token says so.
    offline.faults.clear()
    await offline.advance(301_000)
    expect(await lenient.clerk.authenticate(seen(session))).toMatchObject({ kind: 'user' })
    expect(session.held.record).toMatchObject({ sts: 'pending' })
    expect(await withToken(strict, offline, ada, session)).toMatchObject({ kind: 'user' })
    expect(await strict.clerk.authenticate(seen(session))).toMatchObject({ kind: 'user', source: 'session' })
  })
})

describe('a record', () => {
  test('is not replaced by one of the same session with less recent facts', async () => {
    const offline = await startOffline()
    const { clerk } = startInstance(offline)
    const slot = memorySlot()
    const ada = offline.createSession(offline.createUser())
    const ask = (cookie: string) => clerk.authenticate({ cookie, method: 'GET', session: slot })
    const early = await offline.token(ada, { claims: { pla: 'u:pro' } })
    await offline.advance(10_000)
    await ask(`__session=${await offline.token(ada)}`)
    const before = slot.held.record
    await ask(`__session=${early}`)
    expect(slot.held.record).toEqual(before)
  })

  test('that another request made newer while Clerk was asked is left as it is', async () => {
    const offline = await startOffline()
    const [asked, answered] = [signal(), signal()]
    const slowFetch: typeof fetch = async (input, init) => {
      if (String(input).includes('/v1/sessions/')) {
        asked.give()
        await answered.given
      }
      return fetch(input, init)
    }
    const { clerk } = startInstance(offline, { fetch: slowFetch })
    const slot = memorySlot()
    const ada = offline.createSession(offline.createUser())
    const ask = async (cookie: string) => clerk.authenticate({ cookie, method: 'GET', session: slot })
    await ask(`__session=${await offline.token(ada, { claims: { pla: 'u:pro' } })}`)
    await offline.advance(301_000)
    const asking = ask('theme=dark')
    await asked.given
    await ask(`__session=${await offline.token(ada)}`)
    answered.give()
    expect(await asking).toMatchObject({ kind: 'user' })
    expect(slot.held.record).toMatchObject({ pla: null, tokenAt: Math.floor(offline.now() / 1000) })
  })

  test('is small: all its facts take less than half of a cookie', async () => {
    const offline = await startOffline()
    const { clerk } = startInstance(offline, { session: { keepClaims: ['locale', 'theme'] } })
    const slot = memorySlot()
    const org = offline.createOrganization({ name: 'Acme' })
    const claims = {
      ...{ v: 2, o: { id: org.id, rol: 'admin', slg: 'acme', per: 'read,write,manage', fpm: '7,3,1,7,7' } },
      ...{ fea: 'o:billing,o:reports,o:teams,o:notes,o:audit,u:beta', pla: 'o:pro,u:free', fva: [1, -1] },
      ...{ act: { sub: 'user_2abcdefghijklmnopqrstuvwxyz' }, aud: 'https://api.example.com' },
      ...{ locale: 'en-GB', theme: 'dark' },
    }
    const cookie = `__session=${await offline.token(offline.createUser(), { claims })}`
    await clerk.authenticate({ cookie, method: 'GET', session: slot })
    expect(slot.held.record).toMatchObject({ claims: { locale: 'en-GB', theme: 'dark' } })
    expect(JSON.stringify(slot.held.record).length).toBeLessThan(1000)
  })
})
