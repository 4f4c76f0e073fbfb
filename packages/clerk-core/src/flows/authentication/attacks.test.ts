import { inspect } from 'node:util'
import { startClerk } from '@acme/clerk-testing'
import { afterEach, describe, expect, it } from 'vitest'
import { openBrowser } from '../../../testing/browser.js'
import { startSessionApp } from '../../../testing/session-app.js'
import { createClerk } from '../../create-clerk.js'
import type { SessionRecord } from '../../domain/session/record.js'
import { memoryStore } from '../../domain/store/memory/memory-store.js'
import { fromEnv } from '../../env.js'
import type { ClerkOptions } from '../../options.js'

const ORIGIN = 'http://localhost:3000'
const WINDOW = 300
const GRACE = 120
const closing: (() => Promise<unknown>)[] = []

afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()))
})

/** An offline Clerk, an application with sessions, and two people; time stands still until it is moved. */
async function setUp(options: Partial<ClerkOptions> = {}) {
  const offline = await startClerk({ now: () => 1_800_000_000_000 })
  const stores = memoryStore()
  const clerk = createClerk({
    ...fromEnv({ ...offline.env, CLERK_AUTHORIZED_PARTIES: ORIGIN }),
    ...stores,
    session: { revalidateAfterSeconds: WINDOW, graceSeconds: GRACE },
    cache: { userTtlSeconds: 86_400, organizationTtlSeconds: 86_400 },
    invalidation: { pollSeconds: 2 },
    now: offline.now,
    ...(options as object),
  })
  const app = await startSessionApp(clerk)
  closing.push(
    app.close,
    () => clerk.close(),
    () => offline.stop(),
  )

  const ada = offline.createUser({ firstName: 'Ada' })
  const bob = offline.createUser({ firstName: 'Bob' })
  const session = offline.createSession(ada)
  const browser = openBrowser(app.url)
  /** A request as Clerk's script makes it: the token in the cookie. */
  const withCookie = async (of = session, init: Parameters<typeof browser.request>[1] = {}) => {
    browser.cookies.set('__session', await offline.token(of))
    const answer = await browser.request('/', init)
    browser.cookies.delete('__session')
    return answer
  }
  /** Clerk sends the webhooks of everything that happened since. */
  const delivered = new Set<string>()
  const deliver = async () => {
    offline.webhooks.sendTo(`${app.url}/webhook`)
    for (const { id } of [...offline.webhooks.deliveries]) {
      if (delivered.has(id)) continue
      delivered.add(id)
      expect((await offline.webhooks.replay(id)).status).toBe('succeeded')
    }
    offline.webhooks.sendTo(undefined)
  }
  const storedRecord = () => {
    const id = browser.cookies.get('app')
    return id === undefined ? undefined : (app.sessions.get(id)?.clerk as SessionRecord | undefined)
  }
  return { offline, stores, clerk, app, ada, bob, session, browser, withCookie, deliver, storedRecord }
}

describe('a signed-in session', () => {
  it('answers the same with the token and without it: impersonation, plan, second factor, organisation', async () => {
    const { offline, ada, session, browser, storedRecord } = await setUp()
    const org = offline.createOrganization({ name: 'Acme', createdBy: ada.id })
    const token = await offline.token(session, {
      organization: org,
      claims: { pla: 'o:pro', fea: 'o:notes', fva: [1, 2], act: { sub: 'user_support' } },
    })
    browser.cookies.set('__session', token)
    const first = await browser.request('/')
    expect(first).toMatchObject({
      kind: 'user',
      source: 'token',
      plan: true,
      recent: true,
      actor: { sub: 'user_support' },
    })
    browser.cookies.delete('__session')
    expect(await browser.request('/')).toEqual({ ...first, source: 'session' })
    expect(JSON.stringify(storedRecord())).not.toContain(token.slice(0, 40))

    await offline.advance(9 * 60_000)
    expect(await browser.request('/')).toMatchObject({ recent: false })
  })

  it('gets a new session id when it signs in, and keeps what an anonymous visitor had put there', async () => {
    const { app, browser, withCookie } = await setUp()
    browser.cookies.set('app', 'fixated')
    app.sessions.set('fixated', { basket: 'three apples' })
    await withCookie()
    const id = browser.cookies.get('app') as string
    expect(id).not.toBe('fixated')
    expect(app.sessions.has('fixated')).toBe(false)
    expect(app.sessions.get(id)).toMatchObject({ basket: 'three apples' })
  })

  it('is not written again while nothing changed', async () => {
    const { app, withCookie } = await setUp()
    await withCookie()
    const before = app.writes()
    for (let i = 0; i < 5; i++) expect(await withCookie()).toMatchObject({ source: 'token' })
    expect(app.writes()).toBe(before)
  })

  it('is refreshed by a token when half its window has passed', async () => {
    const { offline, withCookie, storedRecord } = await setUp()
    await withCookie()
    await offline.advance((WINDOW / 2) * 1000)
    await withCookie()
    expect(storedRecord()?.checkedAt).toBe(Math.floor(offline.now() / 1000))
  })

  it('follows a switch of the organisation', async () => {
    const { offline, ada, session, browser } = await setUp()
    const [one, two] = ['One', 'Two'].map((name) => offline.createOrganization({ name, createdBy: ada.id }))
    for (const organization of [one, two, null]) {
      browser.cookies.set('__session', await offline.token(session, { organization: organization ?? null }))
      await browser.request('/')
      browser.cookies.delete('__session')
      expect(await browser.request('/')).toMatchObject({ source: 'session', orgId: organization?.id ?? null })
    }
  })
})

describe('another user’s token over my session', () => {
  it('signs the other person in, and nothing of mine is left in the session', async () => {
    const { offline, app, ada, bob, browser, withCookie } = await setUp()
    expect(await withCookie()).toMatchObject({ userId: ada.id })
    const mine = browser.cookies.get('app') as string
    Object.assign(app.sessions.get(mine) as object, { basket: 'my secret' })

    expect(await withCookie(offline.createSession(bob))).toMatchObject({ userId: bob.id, source: 'token' })
    expect(app.sessions.has(mine)).toBe(false)
    expect(JSON.stringify(app.sessions.get(browser.cookies.get('app') as string))).not.toContain('my secret')
    expect(await browser.request('/')).toMatchObject({ userId: bob.id, source: 'session' })
  })

  it('of my own other session takes over, and keeps what the application had stored', async () => {
    const { offline, app, ada, browser, withCookie } = await setUp()
    await withCookie()
    Object.assign(app.sessions.get(browser.cookies.get('app') as string) as object, { basket: 'apples' })
    const second = offline.createSession(ada)
    expect(await withCookie(second)).toMatchObject({ userId: ada.id, sessionId: second.id })
    expect(app.sessions.get(browser.cookies.get('app') as string)).toMatchObject({ basket: 'apples' })
  })

  it('is refused, not mixed with my session, when it is expired, garbage or foreign', async () => {
    const { offline, ada, bob, browser, withCookie, storedRecord } = await setUp()
    await withCookie()
    const record = storedRecord()
    const theirs = await offline.token(offline.createSession(bob))
    const foreign = await foreignToken()
    await offline.advance(120_000)
    for (const token of [theirs, 'garbage', 'a.b.c', foreign]) {
      browser.cookies.set('__session', token)
      // Of a plain cookie of another instance on the same host nothing is read: it does not end what this one remembers.
      const mine = { kind: 'user', userId: ada.id, source: 'session' }
      expect(await browser.request('/')).toMatchObject(token === foreign ? mine : { kind: 'anonymous' })
      browser.cookies.delete('__session')
      expect(await browser.request('/', { headers: { authorization: `Bearer ${token}` } })).toMatchObject({
        kind: 'anonymous',
        tokenRefused: true,
      })
    }
    expect(storedRecord()).toEqual(record)
    expect(await browser.request('/')).toMatchObject({ kind: 'user', source: 'session' })
  })

  async function foreignToken() {
    const other = await startClerk({ now: () => 1_800_000_000_000 })
    closing.push(() => other.stop())
    return other.token(other.createUser({}))
  }
})

describe('my own expired token', () => {
  it('does not sign me out within the window', async () => {
    const { offline, session, browser, withCookie } = await setUp()
    await withCookie()
    const old = await offline.token(session)
    await offline.advance(200_000)
    browser.cookies.set('__session', old)
    expect(await browser.request('/')).toMatchObject({ kind: 'user', source: 'session' })
  })
})

describe('a record that is not ours', () => {
  const changes: Record<string, (record: SessionRecord) => unknown> = {
    truncated: ({ sid: _, ...rest }) => rest,
    'from the future': (record) => ({ ...record, checkedAt: record.checkedAt + 3600 }),
    'of another version': (record) => ({ ...record, v: 1, instance: record.iss }),
    text: () => 'signed in, honestly',
  }
  for (const [name, change] of Object.entries(changes)) {
    it(`signs no one in when it is ${name}, and signing in over it keeps nothing`, async () => {
      const { app, browser, withCookie, storedRecord } = await setUp()
      await withCookie()
      const session = app.sessions.get(browser.cookies.get('app') as string) as Record<string, unknown>
      session['clerk'] = change(storedRecord() as SessionRecord)
      session['basket'] = 'another person’s'
      expect(await browser.request('/')).toMatchObject({ kind: 'anonymous' })
      await withCookie()
      expect(app.sessions.get(browser.cookies.get('app') as string)).not.toHaveProperty('basket')
    })
  }

  it('cannot ask Clerk on behalf of another user', async () => {
    const { offline, app, bob, browser, withCookie, storedRecord } = await setUp()
    await withCookie()
    await offline.advance(WINDOW * 1000)
    const session = app.sessions.get(browser.cookies.get('app') as string) as Record<string, unknown>
    session['clerk'] = { ...(storedRecord() as SessionRecord), sub: bob.id }
    expect(await browser.request('/')).toMatchObject({ kind: 'anonymous', reason: 'session-ended' })
  })
})

describe('a page from another site', () => {
  it('cannot post with my cookies, and does not cost me my session', async () => {
    const { browser, withCookie } = await setUp()
    await withCookie()
    const crossSite = { method: 'POST', headers: { origin: 'https://evil.example' } }
    expect(await browser.request('/', crossSite)).toMatchObject({
      kind: 'anonymous',
      reason: 'cross-site-request',
    })
    expect(await withCookie(undefined, crossSite)).toMatchObject({ reason: 'cross-site-request' })
    expect(await browser.request('/', { method: 'POST' })).toMatchObject({ reason: 'cross-site-request' })
    expect(await browser.request('/')).toMatchObject({ kind: 'user', source: 'session' })
    const own = { method: 'POST', headers: { origin: ORIGIN } }
    expect(await browser.request('/', own)).toMatchObject({ kind: 'user', source: 'session' })
  })

  it('may post with a bearer token of its own: that token alone counts', async () => {
    const { offline, bob, browser, withCookie } = await setUp()
    await withCookie()
    const { authorization } = await offline.authHeader(bob, { azp: ORIGIN })
    const answer = await browser.request('/', {
      method: 'POST',
      headers: { origin: 'https://evil.example', authorization },
    })
    expect(answer).toMatchObject({ kind: 'user', userId: bob.id })
    expect(await browser.request('/')).not.toMatchObject({ userId: bob.id })
  })

  it('cannot use a cookie token without azp, but a navigation and the page’s own fetch can', async () => {
    const { offline, session, browser } = await setUp()
    browser.cookies.set('__session', await offline.token(session, { azp: null }))
    expect(await browser.request('/')).toMatchObject({ reason: 'authorized-party-missing' })
    const from = (headers: Record<string, string>) => browser.request('/', { headers })
    expect(await from({ 'sec-fetch-site': 'cross-site' })).toMatchObject({ kind: 'anonymous' })
    expect(await from({ 'sec-fetch-site': 'same-origin' })).toMatchObject({ kind: 'user' })
    expect(await from({ 'sec-fetch-site': 'none', 'sec-fetch-dest': 'document' })).toMatchObject({
      kind: 'user',
    })
  })

  it('can use a cookie token without azp from the page that is listed by name, and from no other', async () => {
    const app = 'https://app.example.com'
    const authorizedParties = [app, 'https://*.preview.example.com']
    const { offline, session, clerk } = await setUp({ authorizedParties })
    const cookie = `__session=${await offline.token(session, { azp: null })}`
    const ask = (origin: string, method = 'GET') =>
      clerk.authenticate({ cookie, origin, fetchSite: 'same-site', method })
    expect(await ask(app)).toMatchObject({ kind: 'user' })
    expect(await ask(app, 'POST')).toMatchObject({ kind: 'user' })
    for (const origin of ['https://pr-7.preview.example.com', 'https://evil.example', `${app}:444`, 'null'])
      expect(await ask(origin)).toMatchObject({ kind: 'anonymous', reason: 'authorized-party-missing' })

    const anyParty = await setUp({ authorizedParties: 'any' })
    const other = `__session=${await anyParty.offline.token(anyParty.session, { azp: null })}`
    expect(await anyParty.clerk.authenticate({ cookie: other, origin: app, method: 'GET' })).toMatchObject({
      reason: 'authorized-party-missing',
    })
  })

  it('of a page that a pattern lists can use its own tokens, as a bearer and in a cookie', async () => {
    const page = 'https://pr-7.preview.example.com'
    const { offline, session, clerk } = await setUp({ authorizedParties: ['https://*.preview.example.com'] })
    const token = await offline.token(session, { azp: page })
    expect(await clerk.authenticate({ authorization: `Bearer ${token}` })).toMatchObject({ kind: 'user' })
    const credentials = { cookie: `__session=${token}`, method: 'POST' }
    expect(await clerk.authenticate({ ...credentials, origin: page })).toMatchObject({ kind: 'user' })
    expect(await clerk.authenticate({ ...credentials, origin: 'https://evil.example' })).toMatchObject({
      reason: 'cross-site-request',
    })
    const stranger = await offline.token(session, { azp: 'https://a.pr-7.preview.example.com' })
    expect(await clerk.authenticate({ authorization: `Bearer ${stranger}` })).toMatchObject({
      reason: 'authorized-party-mismatch',
    })
  })
})

it('null where a header is absent, as Headers.get has it, throws nothing and means what undefined means', async () => {
  const { clerk, session, offline } = await setUp()
  const nulls = {
    authorization: null,
    cookie: null,
    origin: null,
    fetchSite: null,
    fetchDest: null,
    method: null,
    organization: null,
  }
  expect(await clerk.authenticate(nulls)).toMatchObject({ reason: 'no-credentials' })
  const authorization = `Bearer ${await offline.token(session, { azp: ORIGIN })}`
  expect(await clerk.authenticate({ ...nulls, authorization })).toMatchObject({ kind: 'user' })
  const cookie = `__session=${await offline.token(session, { azp: ORIGIN })}`
  expect(await clerk.authenticate({ ...nulls, cookie, method: 'GET' })).toMatchObject({ kind: 'user' })
  expect(await clerk.authenticate({ ...nulls, cookie })).toMatchObject({ reason: 'cross-site-request' })
  expect(
    await clerk.receiveWebhook({ id: null, timestamp: null, signature: null, body: Buffer.from('{}') }),
  ).toMatchObject({ status: 403 })
})

describe('signing out', () => {
  it('elsewhere, as a webhook, ends the session at once', async () => {
    const { offline, app, session, browser, withCookie, deliver } = await setUp()
    await withCookie()
    const token = await offline.token(session)
    offline.revokeSession(session)
    await deliver()
    expect(await browser.request('/')).toMatchObject({ kind: 'anonymous', reason: 'session-revoked' })
    expect(app.sessions.size).toBe(0)
    browser.cookies.set('__session', token)
    expect(await browser.request('/')).toMatchObject({ reason: 'session-revoked' })
  })

  it('leaves nothing to the next person, even where the session could not be ended', async () => {
    const { offline, clerk, bob, session, withCookie, storedRecord } = await setUp()
    await withCookie()
    const record = storedRecord()
    await clerk.signOut(session.id)
    const renewals: unknown[] = []
    const authorization = `Bearer ${await offline.token(offline.createSession(bob))}`
    const auth = await clerk.authenticate({
      authorization,
      cookie: 'app=1',
      method: 'GET',
      session: {
        read: () => record,
        write: () => undefined,
        renew: (options) => void renewals.push(options),
        end: () => Promise.reject(new Error('the session store is down')),
      },
    })
    expect(auth).toMatchObject({ kind: 'user', userId: bob.id })
    expect(renewals).toMatchObject([{ keep: false }])
  })

  it('and in again in the same browser starts a new session', async () => {
    const { offline, ada, session, browser, withCookie, deliver } = await setUp()
    await withCookie()
    offline.revokeSession(session)
    await deliver()
    const next = offline.createSession(ada)
    expect(await withCookie(next)).toMatchObject({ kind: 'user', sessionId: next.id })
    expect(await browser.request('/')).toMatchObject({ kind: 'user', sessionId: next.id, source: 'session' })
  })

  it('in this browser (__client_uat=0) ends it, whatever the cookie token says', async () => {
    const { app, browser, withCookie } = await setUp()
    await withCookie()
    browser.cookies.set('__client_uat', '0')
    expect(await withCookie()).toMatchObject({ kind: 'anonymous', reason: 'signed-out' })
    expect(app.sessions.size).toBe(0)
  })

  it('or in since a cookie token was issued leaves that token behind, but not a bearer', async () => {
    const { offline, app, session } = await setUp()
    const token = await offline.token(session, { azp: ORIGIN })
    const iat = Math.floor(offline.now() / 1000)
    const suffix = `_${offline.tokens.cookieSuffix}`
    const ask = async (headers: Record<string, string>) => (await fetch(app.url, { headers })).json()
    const outdated = { kind: 'anonymous', reason: 'cookie-outdated' }
    expect(await ask({ cookie: `__session=${token}; __client_uat=${iat + 1}` })).toMatchObject(outdated)
    expect(await ask({ cookie: `__session=${token}; __client_uat=${iat}` })).toMatchObject({ kind: 'user' })
    // Any page of the site can set the cookie: beyond the tolerance of clocks the future says nothing.
    expect(await ask({ cookie: `__session=${token}; __client_uat=${iat + 5}` })).toMatchObject(outdated)
    for (const seconds of [6, 365 * 86_400, 900_000_000_000 - iat]) {
      const cookie = `__session=${token}; __client_uat=${iat + seconds}`
      expect(await ask({ cookie })).toMatchObject({ kind: 'user' })
    }
    expect(
      await ask({ cookie: `__session=${token}; __client_uat=${iat + 1}`, authorization: `Bearer ${token}` }),
    ).toMatchObject({ kind: 'user', source: 'token' })
    // The time of one set of cookies says nothing about the token of the other.
    const both = `__session${suffix}=${token}; __client_uat${suffix}=${iat}; __client_uat=${iat + 1}`
    expect(await ask({ cookie: both })).toMatchObject({ kind: 'user' })
    const mixed = `__session=${token}; __client_uat=${iat}; __session${suffix}=${token}; __client_uat${suffix}=${iat + 1}`
    expect(await ask({ cookie: mixed })).toMatchObject(outdated)
  })

  it('by the application itself is known to every process on the inbox', async () => {
    const { offline, stores, clerk, session, browser, withCookie } = await setUp()
    const other = createClerk({
      ...fromEnv({ ...offline.env, CLERK_AUTHORIZED_PARTIES: ORIGIN }),
      ...stores,
      now: offline.now,
    })
    closing.push(() => other.close())
    const authorization = `Bearer ${await offline.token(session, { azp: ORIGIN })}`
    expect(await other.authenticate({ authorization })).toMatchObject({ kind: 'user' })
    await withCookie()
    await clerk.signOut(session.id)
    expect(await browser.request('/')).toMatchObject({ reason: 'session-revoked' })
    await offline.advance(2001)
    expect(await other.authenticate({ authorization })).toMatchObject({ reason: 'session-revoked' })
  })

  it('is remembered by a process that starts afterwards', async () => {
    const { offline, stores, session, deliver } = await setUp()
    const authorization = `Bearer ${await offline.token(session, { azp: ORIGIN })}`
    offline.revokeSession(session)
    await deliver()
    const late = createClerk({
      ...fromEnv({ ...offline.env, CLERK_AUTHORIZED_PARTIES: ORIGIN }),
      ...stores,
      now: offline.now,
    })
    closing.push(() => late.close())
    expect(await late.authenticate({ authorization })).toMatchObject({
      kind: 'anonymous',
      reason: 'session-revoked',
    })
  })
})

describe('at the end of the window', () => {
  it('Clerk is asked once, however many requests wait, and the record lives on', async () => {
    const { offline, browser, withCookie, storedRecord } = await setUp()
    await withCookie()
    await offline.advance(WINDOW * 1000)
    const before = offline.requests.length
    const answers = await Promise.all(Array.from({ length: 20 }, () => browser.request('/')))
    for (const answer of answers) expect(answer).toMatchObject({ kind: 'user', source: 'session' })
    expect(
      offline.requests.slice(before).filter(({ path }) => path.startsWith('/v1/sessions/')),
    ).toHaveLength(1)
    expect(storedRecord()?.checkedAt).toBe(Math.floor(offline.now() / 1000))
  })

  it('who replays an old session, or invents a __client_uat, makes Clerk be asked once a second', async () => {
    const { offline, app, browser, withCookie } = await setUp()
    await withCookie()
    const id = browser.cookies.get('app') ?? ''
    const old = structuredClone(app.sessions.get(id)) ?? {}
    await offline.advance(WINDOW * 1000)
    const before = offline.requests.length
    for (let replay = 0; replay < 5; replay++) {
      app.sessions.set(id, structuredClone(old))
      expect(await browser.request('/')).toMatchObject({ kind: 'user', source: 'session' })
    }
    // The latest moment that is believed; a later one says nothing.
    browser.cookies.set('__client_uat', String(offline.now() / 1000 + 5))
    for (let request = 0; request < 5; request++) {
      expect(await browser.request('/')).toMatchObject({ kind: 'user', source: 'session' })
    }
    expect(offline.requests.slice(before)).toHaveLength(1)
    await offline.advance(1000)
    await browser.request('/')
    expect(offline.requests.slice(before)).toHaveLength(2)
  })

  it('a session that Clerk has ended without a webhook ends here', async () => {
    const { offline, app, session, browser, withCookie } = await setUp()
    await withCookie()
    offline.revokeSession(session)
    expect(await browser.request('/')).toMatchObject({ kind: 'user' })
    await offline.advance(WINDOW * 1000)
    expect(await browser.request('/')).toMatchObject({ kind: 'anonymous', reason: 'session-ended' })
    expect(app.sessions.size).toBe(0)
  })

  it('an outage is bridged by grace, then the answer is unknown, and recovery needs no restart', async () => {
    const { offline, app, browser, withCookie } = await setUp()
    await withCookie()
    offline.faults.set('*', { status: 503 })
    await offline.advance(WINDOW * 1000)
    expect(await browser.request('/')).toMatchObject({ kind: 'user', source: 'session' })
    await offline.advance(GRACE * 1000)
    expect(await browser.request('/')).toMatchObject({ kind: 'unavailable', reason: 'clerk-unavailable' })
    expect(app.sessions.size).toBe(1)
    offline.faults.clear()
    await offline.advance(10_000)
    expect(await browser.request('/')).toMatchObject({ kind: 'user', source: 'session' })
  })

  it('a sign-out while Clerk is asked counts more than what Clerk answers', async () => {
    let meanwhile = async () => {}
    const { offline, app, clerk, session, browser, withCookie } = await setUp({
      fetch: async (...call) => {
        const answer = await fetch(...call)
        if (String(call[0]).includes('/v1/sessions/')) await meanwhile()
        return answer
      },
    })
    meanwhile = () => clerk.signOut(session.id)
    await withCookie()
    await offline.advance(WINDOW * 1000)
    expect(await browser.request('/')).toMatchObject({ kind: 'anonymous', reason: 'session-ended' })
    expect(app.sessions.size).toBe(0)
  })

  it('after a failure Clerk is left alone for ten seconds', async () => {
    const { offline, browser, withCookie } = await setUp()
    await withCookie()
    offline.faults.set('*', { status: 500 })
    await offline.advance(WINDOW * 1000)
    await browser.request('/')
    const before = offline.requests.length
    await browser.request('/')
    expect(offline.requests.length).toBe(before)
  })

  it('without a secret key no stale record is trusted, and the session is left alone', async () => {
    const { offline, app, browser, withCookie } = await setUp({
      secretKey: undefined,
      provisioning: 'claims',
    } as object)
    await withCookie()
    await offline.advance(WINDOW * 1000)
    expect(await browser.request('/')).toMatchObject({ kind: 'anonymous', reason: 'session-stale' })
    expect(app.sessions.size).toBe(1)
    expect(await withCookie()).toMatchObject({ kind: 'user' })
  })
})

describe('a demoted administrator', () => {
  it('is demoted on the next request, with the old token and without any', async () => {
    const { offline, ada, bob, session, browser, deliver } = await setUp()
    const org = offline.createOrganization({ name: 'Acme', createdBy: ada.id })
    offline.addMember(org, bob, 'org:admin')
    await deliver()
    await offline.advance(5000)
    const token = await offline.token(session, { organization: org })
    browser.cookies.set('__session', token)
    expect(await browser.request('/')).toMatchObject({ admin: true, orgId: org.id })

    await offline.advance(1000)
    offline.updateMembership(org, ada, 'org:member')
    await deliver()
    expect(await browser.request('/')).toMatchObject({ source: 'token', admin: false, orgRole: 'org:member' })
    browser.cookies.delete('__session')
    expect(await browser.request('/')).toMatchObject({
      source: 'session',
      admin: false,
      orgRole: 'org:member',
    })

    await offline.advance(1000)
    offline.removeMember(org, ada)
    await deliver()
    expect(await browser.request('/')).toMatchObject({
      source: 'session',
      orgId: null,
      orgRole: null,
    })
  })

  it('is demoted with the old token also where no users are stored', async () => {
    const { offline, app, ada, bob, session, deliver } = await setUp({ users: undefined })
    const org = offline.createOrganization({ name: 'Acme', createdBy: ada.id })
    offline.addMember(org, bob, 'org:admin')
    await deliver()
    await offline.advance(5000)
    const token = await offline.token(session, { azp: ORIGIN, organization: org })
    const ask = async () => (await fetch(app.url, { headers: { authorization: `Bearer ${token}` } })).json()
    expect(await ask()).toMatchObject({ admin: true })
    await offline.advance(1000)
    offline.updateMembership(org, ada, 'org:member')
    await deliver()
    expect(await ask()).toMatchObject({ admin: false, orgRole: 'org:member' })
  })

  it('is answered for the organisation named in this request, not in the one before', async () => {
    const { offline, app, session } = await setUp()
    const authorization = `Bearer ${await offline.token(session, { azp: ORIGIN })}`
    const ask = async (headers: object = {}) =>
      (await fetch(app.url, { headers: { authorization, ...headers } })).json()
    const named = { 'x-organization-id': 'org_elsewhere' }
    expect(await ask()).toMatchObject({ kind: 'user', organizationMismatch: false })
    expect(await ask(named)).toMatchObject({ kind: 'user', organizationMismatch: true })
    expect(await ask()).toMatchObject({ kind: 'user', organizationMismatch: false })
  })

  it('names another organisation in vain', async () => {
    const { offline, bob, withCookie, deliver } = await setUp()
    const org = offline.createOrganization({ name: 'Bob’s', createdBy: bob.id })
    await deliver()
    for (const id of [org.id, 'org_nowhere', "org_1' OR 1=1", 'x'.repeat(5000)]) {
      expect(await withCookie(undefined, { headers: { 'x-organization-id': id } })).toMatchObject({
        kind: 'user',
        orgId: null,
        organizationMismatch: true,
      })
    }
  })
})

describe('a machine', () => {
  it('that brings a JWT is refused, whatever local user or record comes with it, and no session is touched', async () => {
    const { offline, app, browser, withCookie, storedRecord } = await setUp()
    await withCookie()
    const before = storedRecord()
    const writes = app.writes()
    const accessToken = await offline.tokens.mintOAuth()
    const tokens = [accessToken, await offline.tokens.mintM2M()]
    for (const token of tokens) {
      const headers = { authorization: `Bearer ${token}` }
      expect(await withCookie(undefined, { headers })).toMatchObject({
        kind: 'anonymous',
        reason: 'machine-jwt-not-accepted',
        tokenRefused: true,
      })
    }
    // In a cookie it is no machine's: a refused token, as any other.
    browser.cookies.set('__session', accessToken)
    expect(await browser.request('/')).toMatchObject({ reason: 'machine-jwt-not-accepted' })
    expect([storedRecord(), app.writes()]).toEqual([before, writes])
  })

  it('with a JWT is another way to ask: its user is provisioned, refused and banned as the user of a token is', async () => {
    const { offline, clerk, ada, bob, browser, deliver } = await setUp({
      accept: { oauth: { resource: 'https://api.example.com', scopes: ['read'] } },
    })
    const issue = (params: object = {}) =>
      offline.createOAuthToken({
        user: ada,
        tokenFormat: 'jwt',
        resource: 'https://api.example.com',
        scopes: ['read', 'profile'],
        ...params,
      }).token
    const ask = (token: string) => clerk.authenticate({ authorization: `Bearer ${token}` })
    const token = issue({ clientId: 'client_1', actor: { sub: bob.id } })
    const auth = await ask(token)
    expect(auth).toMatchObject({
      kind: 'machine',
      tokenType: 'oauth',
      userId: ada.id,
      user: { clerkId: ada.id },
      scopes: ['read', 'profile'],
      clientId: 'client_1',
      actor: { sub: bob.id },
      audience: ['https://api.example.com'],
      machine: null,
      missingScopes: [],
    })
    expect(inspect(auth, { showHidden: true, depth: 9 })).not.toContain(token.slice(-40))
    expect(JSON.stringify(auth)).toBe(
      JSON.stringify({ kind: 'machine', tokenType: 'oauth', id: (auth as { id: string }).id }),
    )
    // A second time without a promise: nothing is verified or read again.
    expect(clerk.authenticateNow({ authorization: `Bearer ${token}` })).not.toBeInstanceOf(Promise)
    expect(await ask(issue({ scopes: ['profile'] }))).toMatchObject({ missingScopes: ['read'] })
    expect(await ask(issue({ resource: 'https://other.example.com' }))).toMatchObject({
      reason: 'machine-resource-mismatch',
      tokenRefused: true,
    })
    browser.cookies.set('__session', token)
    expect(await browser.request('/')).toMatchObject({ reason: 'machine-jwt-not-accepted' })
    offline.banUser(ada)
    await deliver()
    await offline.advance(5000)
    expect(await ask(token)).toMatchObject({ kind: 'anonymous', reason: 'user-inactive' })
    expect(await ask(issue({ user: bob }))).toMatchObject({ kind: 'machine', userId: bob.id })
  })

  it('with an M2M token of an older form, without category, is recognised by its claims', async () => {
    const { offline, clerk } = await setUp({ machineId: 'mch_here', accept: { m2m: 'jwt' } })
    const claims = { sub: 'mch_there', scopes: 'mch_here' }
    const ask = async (cat: string | null) =>
      clerk.authenticate({ authorization: `Bearer ${await offline.tokens.mintM2M(claims, { cat })}` })
    for (const cat of [null, 'm2m']) {
      expect(await ask(cat)).toMatchObject({
        kind: 'machine',
        tokenType: 'm2m',
        machine: { id: 'mch_there', name: null },
        scopes: [],
        audience: ['mch_here'],
      })
    }
    expect(await ask('session')).toMatchObject({ kind: 'anonymous', reason: 'token-category-not-allowed' })
  })

  it('with an API key in a header of its own is one, where that is accepted, and nothing else in that header is', async () => {
    const { offline, clerk, ada, session } = await setUp({ accept: { apiKeys: true, apiKeyHeader: true } })
    const off = (await setUp({ accept: { apiKeys: true } })).clerk
    const { secret } = offline.createApiKey({ subject: ada })
    const token = await offline.token(session)
    const bearer = `Bearer ${secret}`
    expect(await clerk.authenticate({ apiKey: ` ${secret} ` })).toMatchObject({ userId: ada.id })
    expect(await off.authenticate({ apiKey: secret })).toMatchObject({ reason: 'no-credentials' })
    for (const apiKey of [token, 'mt_0123456789', 'x', `${secret}, ${secret}`])
      expect([apiKey, await clerk.authenticate({ apiKey })]).toMatchObject([
        apiKey,
        { kind: 'anonymous', reason: 'machine-credential-invalid', tokenRefused: true },
      ])
    for (const authorization of [bearer, `Bearer ${token}`, token, 'Bearer x'])
      expect(await clerk.authenticate({ authorization, apiKey: secret })).toMatchObject({
        kind: 'anonymous',
        reason: 'several-credentials',
        tokenRefused: true,
      })
    for (const apiKey of ['', '  ', null])
      expect(await clerk.authenticate({ authorization: bearer, apiKey })).toMatchObject({ kind: 'machine' })
    // It counts before a cookie, as a bearer does.
    const cookie = `__session=${token}`
    expect(await clerk.authenticate({ cookie, method: 'POST', apiKey: secret })).toMatchObject({
      kind: 'machine',
    })
  })

  it('is refused when its organisation or its user is deleted', async () => {
    const { offline, app, ada, bob, deliver } = await setUp({ accept: { apiKeys: true } })
    const org = offline.createOrganization({ name: 'Acme', createdBy: ada.id })
    await deliver()
    const ask = async (key: { secret: string }) =>
      (await fetch(app.url, { headers: { authorization: `Bearer ${key.secret}` } })).json()
    const ofOrganization = offline.createApiKey({ subject: org })
    const ofUser = offline.createApiKey({ subject: bob })
    expect(await ask(ofOrganization)).toMatchObject({ kind: 'machine', orgId: org.id })
    expect(await ask(ofUser)).toMatchObject({ kind: 'machine', userId: bob.id })
    await offline.advance(5000)
    offline.deleteOrganization(org)
    offline.deleteUser(bob)
    await deliver()
    expect(await ask(ofOrganization)).toMatchObject({ reason: 'machine-credential-revoked' })
    expect(await ask(ofUser)).toMatchObject({ kind: 'anonymous', reason: 'user-inactive' })
  })
})

describe('a banned user', () => {
  it('gets no session, however good the token', async () => {
    const { offline, app, ada, deliver } = await setUp()
    offline.banUser(ada)
    await deliver()
    const token = await offline.tokens.mint({ sub: ada.id, sid: 'sess_before_the_ban', azp: ORIGIN })
    const headers = { cookie: `__session=${token}` }
    expect(await (await fetch(app.url, { headers })).json()).toMatchObject({ reason: 'user-inactive' })
    expect(app.sessions.size).toBe(0)
  })

  it('is refused on the next request and comes back with the unban', async () => {
    const { offline, ada, browser, withCookie, deliver } = await setUp()
    await withCookie()
    offline.banUser(ada)
    await deliver()
    expect(await browser.request('/')).toMatchObject({ kind: 'anonymous' })
    await offline.advance(1000)
    offline.unbanUser(ada)
    await deliver()
    expect(await withCookie(offline.createSession(ada))).toMatchObject({
      kind: 'user',
      user: { isActive: true },
    })
  })
})

describe('a hybrid application', () => {
  it('keeps its local login whatever Clerk’s cookies say, and verifies a bearer by itself', async () => {
    const { offline, app, bob, browser, session } = await setUp()
    await browser.request('/login-local')
    const id = browser.cookies.get('app') as string
    const stored = structuredClone(app.sessions.get(id))
    browser.cookies.set('__session', await offline.token(session))
    expect(await browser.request('/')).toMatchObject({ kind: 'local', user: 'admin' })

    const bearer = async (token: string) =>
      browser.request('/', { headers: { authorization: `Bearer ${token}` } })
    expect(await bearer(await offline.token(bob, { azp: ORIGIN }))).toMatchObject({
      kind: 'user',
      userId: bob.id,
    })
    expect(await bearer('the-application’s-own'.replace('’', ''))).toMatchObject({ kind: 'local' })
    expect(await bearer(await offline.token(bob, { azp: 'https://evil.example' }))).toMatchObject({
      kind: 'anonymous',
    })
    expect(app.sessions.get(id)).toEqual(stored)
  })

  it('does not lose its local login when a Clerk session in the same browser ends', async () => {
    const { offline, app, session, browser, withCookie, deliver } = await setUp()
    await withCookie()
    await browser.request('/login-local')
    offline.revokeSession(session)
    await deliver()
    expect(await browser.request('/')).toMatchObject({ kind: 'local', user: 'admin' })
    expect([...app.sessions.values()]).toEqual([{ localUser: 'admin' }])
  })
})

describe('remembering', () => {
  it('is not done for clients that carry no cookies', async () => {
    const { offline, app, session } = await setUp()
    const headers = await offline.authHeader(session, { azp: ORIGIN })
    const response = await fetch(app.url, { headers })
    expect(await response.json()).toMatchObject({ kind: 'user' })
    expect(response.headers.get('set-cookie')).toBeNull()
    expect(app.sessions.size).toBe(0)
  })

  it('can be done for all requests, or for none', async () => {
    const always = await setUp({ session: { remember: 'always' } })
    await fetch(always.app.url, { headers: await always.offline.authHeader(always.session, { azp: ORIGIN }) })
    expect(always.app.sessions.size).toBe(1)
    const never = await setUp({ session: { remember: 'never' } })
    await never.withCookie()
    expect(never.app.sessions.size).toBe(0)
    expect(await never.browser.request('/')).toMatchObject({ kind: 'anonymous' })
  })
})

describe('an outage', () => {
  it('of the keys trusts a fresh session of the same token, and makes no one anonymous', async () => {
    const { offline, browser, withCookie, session, clerk, stores } = await setUp()
    await withCookie()
    const cold = createClerk({
      ...fromEnv({ ...offline.env, CLERK_AUTHORIZED_PARTIES: ORIGIN }),
      ...stores,
      now: offline.now,
    })
    const app = await startSessionApp(cold)
    closing.push(app.close, () => cold.close())
    const record = (await import('../../domain/session/make-record.js')).recordFromToken(
      {
        claims: await clerk.verifyToken(await offline.token(session, { azp: ORIGIN })),
        organization: null,
        hash: '',
      },
      Math.floor(offline.now() / 1000),
    )
    app.sessions.set('s1', { clerk: record })
    offline.faults.set('*', { status: 500 })
    const token = await offline.token(session, { azp: ORIGIN })
    const ask = async (cookie: string) => (await fetch(app.url, { headers: { cookie } })).json()
    expect(await ask(`app=s1; __session=${token}`)).toMatchObject({ kind: 'user', source: 'session' })
    expect(await ask(`__session=${token}`)).toMatchObject({ kind: 'unavailable', reason: 'keys-unavailable' })
    expect(app.sessions.size).toBe(1)
    offline.faults.clear()
    await offline.advance(61_000)
    expect(await ask(`__session=${await offline.token(session, { azp: ORIGIN })}`)).toMatchObject({
      kind: 'user',
    })
    expect(browser.cookies.has('app')).toBe(true)
  })

  it('of the store is never taken for “no such user”', async () => {
    const stores = memoryStore()
    const { StoreUnavailableError } = await import('../../ground/errors.js')
    let down = false
    const users = {
      ...stores.users,
      findByClerkId: async (id: string) => {
        if (down) throw new StoreUnavailableError('down')
        return stores.users.findByClerkId(id)
      },
    }
    const { offline, app, browser, withCookie } = await setUp({
      ...stores,
      users,
      cache: { users: 0 },
    } as object)
    await withCookie()
    down = true
    expect(await browser.request('/')).toMatchObject({ kind: 'unavailable', reason: 'store-unavailable' })
    expect(await withCookie()).toMatchObject({ kind: 'unavailable', reason: 'store-unavailable' })
    expect(app.sessions.size).toBe(1)
    down = false
    await offline.advance(10_000)
    expect(await browser.request('/')).toMatchObject({ kind: 'user', source: 'session' })
  })
})
