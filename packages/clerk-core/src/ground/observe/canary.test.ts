import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { EventEmitter } from 'node:events'
import { Readable } from 'node:stream'
import { inspect } from 'node:util'
import { signWebhook, startClerk } from '@acme/clerk-testing'
import fc from 'fast-check'
import { expect, it, onTestFinished, vi } from 'vitest'
import { eventJson, userJson } from '../../../testing/clerk-json.js'
import { createClerk } from '../../create-clerk.js'
import { authorize } from '../../domain/guard/authorize.js'
import type { SessionSlot } from '../../domain/session/slot.js'
import { memoryStore } from '../../domain/store/memory/memory-store.js'
import { createAuditLog } from '../../flows/web/audit.js'
import { createAuthenticator } from '../../flows/web/authenticator.js'
import type { BodySource } from '../../flows/web/raw-body.js'
import { createWebhookRoute } from '../../flows/web/webhook-route.js'
import { createInboxWorker } from '../../flows/webhooks/worker.js'
import type { ClerkOptions } from '../../options.js'
import { StoreFaultError, StoreUnavailableError } from '../errors.js'
import { CLERK_EVENT_NAMES } from './observer.js'

const CANARY = 'canary-7f3a9c'
const EMAIL = `${CANARY}@mail.example`
const ORIGIN = 'http://localhost:3000'
const MINUTE = 60_000

/** An error of the application, a driver or a network, that says all it knows wherever it can. */
class Blabber extends Error {
  override name = `Error of ${EMAIL}`
  readonly code = EMAIL
  constructor() {
    super(`E11000 duplicate key { email: "${EMAIL}" } with sk_test_${CANARY}`)
  }
}
const blab = () => {
  throw new Blabber()
}
const reject = () => Promise.reject(new Blabber())
const down = () => Promise.reject(new StoreUnavailableError('The store is down.', { cause: new Blabber() }))
const refused = () =>
  Promise.reject(
    new StoreFaultError({ fault: 'unique', driverCode: 'P2002', model: 'user', remedy: 'Drop it.' }),
  )

/** Everything that is said aloud while a test runs: events, channels, console, output, warnings. */
function listen() {
  const said: unknown[] = []
  const hear = (message: unknown) => said.push(message)
  const names = CLERK_EVENT_NAMES.map((name) => `acme.clerk.${name}`)
  for (const name of names) subscribe(name, hear)
  process.on('warning', hear)
  const spies = [
    ...(['log', 'info', 'warn', 'error', 'debug'] as const).map((method) =>
      vi.spyOn(console, method).mockImplementation(hear),
    ),
    ...[process.stdout, process.stderr].map((stream) =>
      vi.spyOn(stream, 'write').mockImplementation((text) => {
        hear(text)
        return true
      }),
    ),
  ]
  onTestFinished(() => {
    for (const name of names) unsubscribe(name, hear)
    process.off('warning', hear)
    for (const spy of spies) spy.mockRestore()
  })
  return said
}

it('no token, secret, e-mail address or private metadata is in an event, an error or a body, whatever happens', async () => {
  const said = listen()
  const tokens: string[] = []
  const remember = (token: string) => {
    tokens.push(token)
    return token
  }
  const offline = await startClerk({
    now: () => 1_800_000_000_000,
    secretKey: `sk_test_${CANARY}`,
    webhookSecret: `whsec_${Buffer.from(`${CANARY} as webhook secret`).toString('base64')}`,
    sessionClaims: () => ({ email: EMAIL }),
  })
  const stores = memoryStore()
  const settings: ClerkOptions = {
    publishableKey: offline.publishableKey,
    secretKey: offline.secretKey,
    apiUrl: offline.url,
    webhookSecrets: [offline.webhookSecret],
    authorizedParties: [ORIGIN],
    accept: { apiKeys: true },
    linking: 'verified-email',
    privateMetadata: true,
    now: offline.now,
  }
  let fails = false
  const levels = new Set<string>()
  const hear = (level: string) => (fields: object, message: string) => {
    levels.add(level)
    said.push([fields, message])
  }
  const logger = { debug: hear('debug'), info: hear('info'), warn: hear('warn'), error: hear('error') }
  const started = (more: object) => {
    const clerk = createClerk({ ...settings, logger, ...more } as ClerkOptions)
    clerk.observe((event) => said.push(event))
    clerk.observe(blab)
    clerk.observe(() => reject() as unknown as undefined)
    onTestFinished(() => clerk.close())
    return clerk
  }
  onTestFinished(() => offline.stop())
  const clerk = started({
    ...stores,
    canLink: () => (fails ? blab() : true),
    invalidation: { publish: reject, subscribe: reject },
  })

  /** Asks, and keeps what the answer would say to the client. */
  const ask = async (credentials: Parameters<typeof clerk.authenticate>[0], of = clerk) => {
    const auth = await of.authenticate({ method: 'GET', ...credentials })
    const denial = authorize(auth, { role: 'owner' })
    said.push(denial?.body, denial?.message, denial?.headers)
    authorize(auth, { predicate: blab, machine: 'allow', local: 'allow' })
    return auth
  }
  /** Waits for a failure, and keeps all that can be read of it, its causes included. */
  const failing = async (step: () => unknown) => {
    const error = await Promise.resolve()
      .then(step)
      .then(
        () => null,
        (reason: unknown) => reason,
      )
    if (error instanceof Error && !(error instanceof Blabber)) {
      said.push(inspect(error, { depth: 10, showHidden: true }))
    }
  }
  const post = async (event: object | string, secret = offline.webhookSecret, id?: string) => {
    const signed = signWebhook(event, secret, { now: offline.now(), id })
    const framework = { bodySourceOf: (source: BodySource) => source, rawBodyRemedy: '' }
    const answer = await createWebhookRoute(
      framework,
      clerk,
      {},
    )({ stream: Readable.from([Buffer.from(signed.body)]), headers: { ...signed.headers } })
    said.push(answer)
    return answer?.status
  }
  const slot = (held: { record?: unknown }, broken = false): SessionSlot => ({
    read: () => held.record,
    write: (record) => {
      if (broken) throw new Blabber()
      held.record = record
    },
    renew: () => (broken ? blab() : undefined),
    end: () => (broken ? blab() : void delete held.record),
  })

  // A person who is linked, one who is not, a machine, a local login; with a token, a cookie and a session.
  await stores.users.create({ email: EMAIL, emailVerified: true })
  const ada = offline.createUser({ emailAddress: [EMAIL], privateMetadata: { iban: CANARY } })
  const session = offline.createSession(ada)
  const token = remember(await offline.token(session, { azp: ORIGIN }))
  const bearer = { authorization: `Bearer ${token}` }
  const held: { record?: unknown } = {}
  const cookies = { cookie: `__session=${token}`, session: slot(held) }
  expect(await ask(bearer)).toMatchObject({ kind: 'user', user: { email: EMAIL } })
  expect(await ask(cookies)).toMatchObject({ kind: 'user' })
  expect(await ask({ ...cookies, cookie: 'a=1' })).toMatchObject({ source: 'session' })
  await ask({ ...bearer, organization: EMAIL })
  await ask({ localUser: { email: EMAIL } })
  await offline.advance(3 * MINUTE)
  const later = remember(await offline.token(session, { azp: ORIGIN }))
  const fresh = { authorization: `Bearer ${later}` }
  await ask({ cookie: `__session=${later}`, session: slot(held) })
  await ask({ cookie: '__client_uat=0', session: slot({ ...held }) })
  const key = offline.createApiKey({ subject: ada })
  const apiKey = remember(String((key as { secret?: unknown }).secret))
  expect(await ask({ authorization: `Bearer ${apiKey}` })).toMatchObject({ kind: 'machine' })
  await ask({ authorization: `Bearer ${remember(`ak_${CANARY}_invented`)}` })

  // Whatever else a client may send.
  for (const forge of Object.values(offline.tokens.forge)) {
    const forged = remember(await forge({ sub: ada.id, sid: session.id, email: EMAIL }))
    await ask({ authorization: `Bearer ${forged}` })
    await ask({ cookie: `__session=${forged}`, session: slot(held) })
    await failing(() => clerk.verifyToken(forged))
  }
  for (const rubbish of [EMAIL, `Bearer ${EMAIL}`, `Bearer ${CANARY}.${CANARY}.${CANARY}`]) {
    await ask({ authorization: rubbish, cookie: EMAIL, origin: EMAIL, organization: CANARY })
  }

  // Webhooks: good, repeated, late, unsigned, not as their type says, handled badly.
  clerk.on('user.*', () => (fails ? reject() : undefined), { name: 'welcome-mail' })
  const user = { email: EMAIL, private_metadata: { iban: CANARY }, updated_at: offline.now() }
  const updated = eventJson('user.updated', userJson(ada.id, user))
  expect(await post(updated, undefined, 'msg_1')).toBe(200)
  expect(await post(updated, undefined, 'msg_1')).toBe(200)
  expect(await post(eventJson('user.updated', userJson(ada.id, { ...user, updated_at: 1 })))).toBe(200)
  expect(await post(eventJson('user.created', userJson('user_2', user)))).toBe(200)
  expect(await post(updated, `whsec_${Buffer.alloc(24).toString('base64')}`)).toBe(403)
  expect(await post(`{"type":"${EMAIL}"`)).toBe(400)
  for (const field of ['email_addresses', 'username', 'private_metadata', 'id']) {
    const wrong = { ...userJson(ada.id, user), [field]: field === 'username' ? [EMAIL] : EMAIL.repeat(20) }
    expect(await post(eventJson('user.updated', wrong as never))).toBe(400)
  }
  // Another process tells of what it did.
  await started(stores).signOut(`sess_${Date.now()}`)
  await offline.advance(MINUTE / 10)
  await ask({ cookie: `__session=${later}`, session: slot({ ...held }) })
  const current = { cookie: `__session=${later}` }
  fails = true
  expect(await post(eventJson('user.updated', userJson('user_3', user)))).toBe(500)

  // Everything fails that can.
  offline.faults.set('GET /v1/users/:id', {
    status: 503,
    body: { errors: [{ code: EMAIL, message: EMAIL }] },
  })
  const bob = offline.createUser({ emailAddress: [`b${EMAIL}`] })
  const bobs = remember(await offline.token(offline.createSession(bob), { azp: ORIGIN }))
  expect(await ask({ authorization: `Bearer ${bobs}` })).toMatchObject({ kind: 'unavailable' })
  await failing(() => clerk.users.refresh(ada.id))
  await failing(() => clerk.api.getUser(EMAIL))
  await ask({ ...current, session: slot({}, true) })
  await ask({ cookie: '__client_uat=0', session: slot(held, true) })
  await ask({ ...current, session: { ...slot({}), read: blab } })
  const claims = started({ ...memoryStore(), linking: 'off', provisioning: 'claims', claimsToUser: blab })
  expect(await ask(fresh, claims)).toMatchObject({ reason: 'user-not-provisioned' })
  for (const broken of [down, reject, refused]) {
    const other = memoryStore()
    Object.assign(other.users, { findByClerkId: broken })
    Object.assign(other.inbox, { changesSince: broken, claim: broken, append: broken })
    const ill = started({ ...other, linking: 'off', fetch: reject })
    await ask(fresh, ill)
    await failing(() => ill.ready())
    await failing(() => ill.verifyToken(later))
    await failing(() => ill.signOut(session.id))
    said.push(await ill.check())
  }
  for (const change of [{ append: down }, { finish: reject }, { claim: down }]) {
    const { append, finish, claim } = stores.inbox
    Object.assign(stores.inbox, change)
    expect(await post(eventJson('session.created', { id: 'sess_9', user_id: ada.id } as never))).toBeLessThan(
      600,
    )
    expect(await post(eventJson('user.updated', userJson('user_4', user)))).toBeGreaterThanOrEqual(500)
    Object.assign(stores.inbox, { append, finish, claim })
  }
  // Where there is a worker, an event is given up in the end. The worker finds the inbox down.
  const worker = createInboxWorker(clerk, { maxAttempts: 1 })
  expect(await post(eventJson('user.updated', userJson('user_5', user)))).toBe(500)
  said.push(await clerk.check(), (await clerk.webhooks.list()).events)
  const { due } = stores.inbox
  Object.assign(stores.inbox, { due: reject })
  worker.start()
  await expect.poll(() => said.some((event) => Object(event).name === 'worker.error')).toBe(true)
  await worker.stop()
  Object.assign(stores.inbox, { due })
  Object.assign(stores.inbox, { changesSince: down })
  await offline.advance(MINUTE)
  await ask(fresh)
  const response = Object.assign(new EventEmitter(), { statusCode: 200, writableFinished: true })
  const audit = createAuditLog(clerk, { write: blab })
  audit({}, response, () => ({ method: 'GET', route: null, ip: undefined, requestId: EMAIL }))
  response.emit('close')
  const withLogin = createAuthenticator<object>(
    {
      credentialsOf: () => fresh,
      webRequestOf: () => ({
        method: 'GET',
        url: '/',
        origin: null,
        headers: { cookie: `__session=${later}` },
      }),
    },
    clerk,
    { localUser: blab },
  )
  expect(() => withLogin({})).toThrow(Blabber)
  await failing(() =>
    createClerk({ ...settings, issuer: EMAIL, webhookSecrets: [CANARY], apiUrl: EMAIL, jwtKey: CANARY }),
  )
  offline.faults.set('*', { status: 500, body: EMAIL })
  await offline.advance(16 * MINUTE)
  await ask(fresh)
  await ask(fresh, claims)
  await new Promise((resolve) => setImmediate(resolve))

  said.push(clerk, JSON.stringify(clerk))
  const names = new Set(said.flatMap((event) => (Object(event) as { name?: unknown }).name ?? []))
  // A new event has to be provoked here as well.
  expect(CLERK_EVENT_NAMES.filter((name) => !names.has(name))).toEqual([])
  expect([...levels].sort()).toEqual(['debug', 'error', 'info', 'warn'])
  const secrets = [
    CANARY,
    offline.secretKey,
    offline.webhookSecret.slice(6),
    ...tokens.flatMap((one) => one.split('.')),
  ]
  const text = said.map((one) => inspect(one, { depth: 20, maxArrayLength: null, maxStringLength: null }))
  for (const secret of secrets.filter(({ length }) => length > 12)) {
    expect(text.filter((one) => one.includes(secret))).toEqual([])
  }
})

it('no logger is called with the address, private metadata, token or secret of an event, whatever a handler throws', async () => {
  const secret = `whsec_${Buffer.from(`${CANARY} as webhook secret`).toString('base64')}`
  const token = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1c2VyX2NhbmFyeSJ9.c2lnbmF0dXJlLWNhbmFyeQ'
  const said: string[] = []
  const hear = (...call: unknown[]) => said.push(JSON.stringify(call), inspect(call, { depth: 20 }))
  const clerk = createClerk({
    issuer: 'https://clerk.example.com',
    jwksUrl: 'https://clerk.example.com/.well-known/jwks.json',
    authorizedParties: [ORIGIN],
    webhookSecrets: [secret],
    logger: { debug: hear, info: hear, warn: hear, error: hear },
    ...memoryStore(),
    provisioning: 'off',
  })
  onTestFinished(() => clerk.close())
  let thrown: unknown
  clerk.on('user.updated', () => {
    throw thrown
  })

  const word = fc.stringMatching(/^[a-z0-9]{6,12}$/).map((text) => `kanarie${text}`)
  const phrase = fc.oneof(
    word,
    fc.tuple(word, word).map(([a, b]) => `${a} "${b}"\n'é\\`),
  )
  const address = fc.tuple(word, word).map(([a, b]) => `${a}+x@${b}.Example`)
  const metadata = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.oneof(phrase, fc.array(phrase)), {
    minKeys: 1,
  })
  const forms: readonly ((data: object) => unknown)[] = [
    (data) => new Error(inspect(data, { depth: 10 })),
    (data) => new TypeError('no', { cause: new Error(JSON.stringify(data)) }),
    (data) => new AggregateError([new Error(JSON.stringify(JSON.stringify(data)))], `Bearer ${token}`),
    (data) =>
      Object.assign(new Error('x'), { name: JSON.stringify(data), code: JSON.stringify(data), meta: data }),
    (data) => JSON.stringify(data).toLowerCase(),
    (data) => ({ message: data }),
  ]
  await fc.assert(
    fc.asyncProperty(address, metadata, fc.constantFrom(...forms), async (email, private_metadata, form) => {
      said.length = 0
      const user = userJson('user_1', { email, private_metadata, updated_at: Date.now() })
      thrown = form({ email: user.email_addresses, private_metadata, token, secret })
      const { headers, body } = signWebhook(eventJson('user.updated', user), secret, { now: Date.now() })
      const outcome = await clerk.receiveWebhook({
        id: headers['svix-id'],
        timestamp: headers['svix-timestamp'],
        signature: headers['svix-signature'],
        body: Buffer.from(body),
      })
      expect(outcome.kind).toBe('failed')
      expect(said.length).toBeGreaterThan(2)
      const text = said.join('\n').toLowerCase()
      for (const forbidden of ['kanarie', 'eyjzdwi', secret.slice(6).toLowerCase()]) {
        expect(text).not.toContain(forbidden)
      }
    }),
  )
})
