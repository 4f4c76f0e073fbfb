import { signWebhook, webhookFixture } from '@acme/clerk-testing'
import fc from 'fast-check'
import { expect, it, onTestFinished } from 'vitest'
import {
  eventJson,
  membershipJson,
  organizationJson,
  sessionJson,
  userJson,
} from '../../../testing/clerk-json.js'
import {
  M2M_HEADER,
  MACHINE,
  m2mClaims,
  OAUTH_HEADER,
  oauthClaims,
} from '../../../testing/machine-harness.js'
import { createSigner } from '../../../testing/signer.js'
import { APP, ISSUER, START } from '../../../testing/token-harness.js'
import { createClerk } from '../../create-clerk.js'
import type { Auth } from '../../domain/auth/auth.js'
import type { Credentials } from '../../domain/credentials/credentials.js'
import { memoryStore } from '../../domain/store/memory/memory-store.js'
import { StoreUnavailableError } from '../../ground/errors.js'
import type { ClerkEvent } from '../../ground/observe/events.js'
import type { ClerkOptions } from '../../options.js'
import { DECIDES_BESIDE_A_TOKEN } from './lonely-token.js'

const signer = createSigner()
const SECRET = `whsec_${Buffer.alloc(24, 7).toString('base64')}`
const USERS = ['user_1', 'user_2'] as const
const ORGANIZATIONS = ['org_1', 'org_2'] as const

/**
 * Two instances on the same stores: one remembers what it can, the other nothing at all, and looks at the log on every
 * request. Every change is made through the first.
 */
async function setUp(options: Partial<ClerkOptions> = {}) {
  const clock = { ms: START * 1000 }
  const stores = memoryStore({ now: () => clock.ms })
  const log = { isDown: false }
  const { changesSince } = stores.inbox
  stores.inbox.changesSince = async (...range) => {
    if (log.isDown) throw new StoreUnavailableError('the log is down')
    return changesSince(...range)
  }
  const rows = { areDown: false }
  const whileUp =
    <A extends unknown[], R>(write: (...given: A) => Promise<R>) =>
    async (...given: A): Promise<R> => {
      if (rows.areDown) throw new StoreUnavailableError('the rows cannot be written')
      return write(...given)
    }
  stores.users.apply = whileUp(stores.users.apply)
  stores.organizations.applyMembership = whileUp(stores.organizations.applyMembership)
  stores.organizations.applyRole = whileUp(stores.organizations.applyRole)
  const common = {
    ...stores,
    logger: false,
    jwtKey: signer.pem,
    issuer: ISSUER,
    authorizedParties: [APP],
    webhookSecrets: [SECRET],
    provisioning: 'off',
    machineId: MACHINE,
    accept: { m2m: 'jwt', oauth: 'jwt' },
    now: () => clock.ms,
    ...options,
  } as const
  const remembering = createClerk(common as ClerkOptions)
  const forgetful = createClerk({
    ...common,
    cache: { tokens: 0, users: 0 },
    invalidation: { pollSeconds: 0 },
  } as ClerkOptions)
  // From now on each sees every entry of the log: of the past a process reads the newest one of each subject.
  await Promise.all([remembering.ready(), forgetful.ready()])
  let sent = 0
  const deliver = async (type: string, data: object) => {
    const { body, headers } = signWebhook(eventJson(type, data, clock.ms), SECRET, {
      id: `msg_${sent++}`,
      now: clock.ms,
    })
    const { status } = await remembering.receiveWebhook({
      id: headers['svix-id'],
      timestamp: headers['svix-timestamp'],
      signature: headers['svix-signature'],
      body: Buffer.from(body),
    })
    expect(status).toBe(rows.areDown ? 503 : 200)
  }
  /** An event that the log takes and no row. */
  const deliverUnwritten: typeof deliver = async (...event) => {
    rows.areDown = true
    await deliver(...event)
    rows.areDown = false
  }
  for (const id of USERS) await deliver('user.created', userJson(id))
  for (const id of ORGANIZATIONS) await deliver('organization.created', organizationJson(id))
  for (const [n, user] of USERS.entries())
    await deliver('organizationMembership.created', membershipJson(`orgmem_${n}`, 'org_1', user))
  const tokenOf = (user: string, organization: string | null, more: object = {}) =>
    signer.mint({
      iss: ISSUER,
      azp: APP,
      sub: user,
      sid: `sess_${user}`,
      iat: START,
      nbf: START,
      exp: START + 3600,
      v: 2,
      sts: 'active',
      ...(organization && { o: { id: organization, rol: 'member', per: 'read', fpm: '1' }, fea: 'o:notes' }),
      ...more,
    })
  const machines = {
    oauth: (user: string) => signer.mint(oauthClaims({ sub: user }), OAUTH_HEADER),
    m2m: () => signer.mint(m2mClaims(), M2M_HEADER),
  }
  return { clock, stores, log, remembering, forgetful, deliver, deliverUnwritten, tokenOf, machines }
}

/** What an `Auth` says, its rows included. */
const said = (auth: object) => ({ ...auth, has: undefined })

const stepArbitrary = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('ask' as const),
      token: fc.nat(6),
      organization: fc.constantFrom<string | undefined | null>(
        undefined,
        undefined,
        null,
        '',
        ' ',
        'org_1',
        'org_2',
      ),
      beside: fc.constantFrom<string | undefined>(undefined, 'org_1', 'org_2'),
      times: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.oneof(
        fc.constantFrom(1, 1_999, 2_000, 299_999, 300_000, 900_000, -1, -5_000),
        fc.integer({ min: 0, max: 4_000_000 }),
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'ban' as const,
        'unban' as const,
        'end session' as const,
        'delete user' as const,
        'role' as const,
        'leave' as const,
        'delete organization' as const,
        'permissions' as const,
        'switch' as const,
        'listen' as const,
        'ignore' as const,
      ),
      user: fc.constantFrom(...USERS),
      isWritten: fc.boolean(),
    }),
  },
)

it('the answer that is ready is the answer that evaluating gives, whatever happens in between', async () => {
  let users = 0
  let machinesSeen = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(stepArbitrary, { minLength: 4, maxLength: 25 }),
      fc.constantFrom(0, 0.5, 5),
      fc.constantFrom({}, { tokens: 1 }, { users: 1 }, { tokens: 2, users: 2 }),
      async (steps, clockToleranceSeconds, cache) => {
        const { clock, stores, remembering, forgetful, tokenOf, machines, ...send } = await setUp({
          clockToleranceSeconds,
          cache,
        })
        const tokens = [
          tokenOf('user_1', 'org_1'),
          tokenOf('user_1', null),
          tokenOf('user_2', 'org_1'),
          tokenOf('user_2', 'org_2', { azp: undefined }),
          machines.oauth('user_1'),
          machines.oauth('user_2'),
          machines.m2m(),
        ]
        let ignore = () => {}
        const updated = () => ({ created_at: START * 1000, updated_at: clock.ms })
        for (const step of steps) {
          // What was looked at in this very millisecond is known.
          clock.ms += 1
          const deliver = 'isWritten' in step && !step.isWritten ? send.deliverUnwritten : send.deliver
          switch (step.kind) {
            case 'wait':
              clock.ms += step.ms
              break
            case 'listen':
              ignore()
              ignore = remembering.observe(() => {})
              break
            case 'ignore':
              ignore()
              break
            case 'ban':
            case 'unban':
              await deliver(
                'user.updated',
                userJson(step.user, { ...updated(), banned: step.kind === 'ban' }),
              )
              break
            case 'permissions':
              await deliver('role.updated', {
                ...webhookFixture('role.updated').data,
                ...updated(),
                key: 'org:member',
                permissions: [],
              })
              break
            case 'end session':
              await send.deliver('session.ended', sessionJson(`sess_${step.user}`, step.user))
              break
            case 'delete user':
              await send.deliver('user.deleted', { id: step.user, object: 'user', deleted: true })
              break
            case 'role':
            case 'leave': {
              const membership = membershipJson(`orgmem_${USERS.indexOf(step.user)}`, 'org_1', step.user, {
                ...updated(),
                role: 'org:guest',
              })
              const type = step.kind === 'role' ? 'updated' : 'deleted'
              await (step.kind === 'role' ? deliver : send.deliver)(
                `organizationMembership.${type}`,
                membership,
              )
              break
            }
            case 'delete organization':
              await send.deliver('organization.deleted', {
                id: 'org_1',
                object: 'organization',
                deleted: true,
              })
              break
            case 'switch': {
              const row = await stores.users.findByClerkId(step.user)
              if (row !== null) await stores.users.update(row.id, { isActive: !row.isActive })
              await remembering.users.forget(step.user)
              break
            }
            case 'ask':
              for (let i = 0; i < step.times; i++) {
                const authorization = `Bearer ${tokens[step.token]}`
                // The second comes while the rows of the first are read.
                const asked = [step.organization, step.beside].map((organization) => ({
                  authorization,
                  organization,
                }))
                const answers = await Promise.all(asked.map(remembering.authenticate))
                for (const [index, credentials] of asked.entries()) {
                  const ready = answers[index] as Auth
                  expect(said(ready)).toEqual(said(await forgetful.authenticate(credentials)))
                  if (ready.kind === 'user') users++
                  if (ready.kind === 'machine') machinesSeen++
                }
              }
          }
        }
        await Promise.all([remembering.close(), forgetful.close()])
      },
    ),
    { numRuns: 150 },
  )
  // Says nothing where everybody is refused.
  expect(users).toBeGreaterThan(200)
  expect(machinesSeen).toBeGreaterThan(200)
})

it.each<[string, (harness: Awaited<ReturnType<typeof setUp>>) => unknown, string]>([
  [
    'the session has ended',
    ({ deliver }) => deliver('session.ended', sessionJson('sess_user_1', 'user_1')),
    'session-revoked',
  ],
  [
    'the user is banned',
    ({ deliver }) => deliver('user.updated', userJson('user_1', { banned: true, updated_at: 2_000 })),
    'user-inactive',
  ],
  [
    'this process signs the session out',
    ({ remembering }) => remembering.signOut('sess_user_1'),
    'session-revoked',
  ],
  [
    'the application has switched the user off',
    async ({ stores, remembering }) => {
      const row = await stores.users.findByClerkId('user_1')
      await stores.users.update(row!.id, { isActive: false })
      await remembering.users.forget('user_1')
    },
    'user-inactive',
  ],
  [
    'the token is over',
    ({ clock }) => {
      clock.ms = (START + 3605) * 1000
    },
    'token-expired',
  ],
  [
    'the clock is set back to before the token was issued',
    ({ clock }) => {
      clock.ms = (START - 6) * 1000
    },
    'token-issued-in-future',
  ],
  [
    'another process has signed the session out, and it is time to look',
    async ({ clock, forgetful }) => {
      await forgetful.signOut('sess_user_1')
      clock.ms += 2_001
    },
    'session-revoked',
  ],
  [
    'another process has dropped the user, and it is time to look',
    async ({ clock, stores, forgetful }) => {
      const row = await stores.users.findByClerkId('user_1')
      await stores.users.update(row!.id, { isActive: false })
      await forgetful.users.forget('user_1')
      clock.ms += 2_001
    },
    'user-inactive',
  ],
  [
    'the application has changed the row without a word, and the cache of rows is over',
    async ({ clock, stores }) => {
      const row = await stores.users.findByClerkId('user_1')
      await stores.users.update(row!.id, { isActive: false })
      clock.ms += 300_000
    },
    'user-inactive',
  ],
])('the very next request is refused when %s', async (_what, happens, reason) => {
  const harness = await setUp()
  const { remembering, tokenOf } = harness
  const credentials = { authorization: `Bearer ${tokenOf('user_1', 'org_1')}` }
  for (let i = 0; i < 3; i++)
    expect(await remembering.authenticate(credentials)).toMatchObject({ kind: 'user' })
  await happens(harness)
  expect(await remembering.authenticate(credentials)).toMatchObject({ kind: 'anonymous', reason })
})

it.each<[string, (harness: Awaited<ReturnType<typeof setUp>>) => unknown, string]>([
  [
    'its user is banned',
    ({ deliver }) => deliver('user.updated', userJson('user_1', { banned: true, updated_at: 2_000 })),
    'user-inactive',
  ],
  [
    'the application has switched its user off',
    async ({ stores, remembering }) => {
      const row = await stores.users.findByClerkId('user_1')
      await stores.users.update(row!.id, { isActive: false })
      await remembering.users.forget('user_1')
    },
    'user-inactive',
  ],
  [
    'it is over',
    ({ clock }) => {
      clock.ms = (START + 3605) * 1000
    },
    'machine-credential-expired',
  ],
  [
    'the clock is set back to before it was issued',
    ({ clock }) => {
      clock.ms = (START - 6) * 1000
    },
    'token-issued-in-future',
  ],
])('the very next request of a machine is refused when %s', async (_what, happens, reason) => {
  const harness = await setUp()
  const { remembering, machines } = harness
  const credentials = { authorization: `Bearer ${machines.oauth('user_1')}` }
  const first = await remembering.authenticate(credentials)
  expect(first).toMatchObject({ kind: 'machine', userId: 'user_1' })
  for (let i = 0; i < 3; i++) expect(await remembering.authenticate(credentials)).toBe(first)
  await happens(harness)
  expect(await remembering.authenticate(credentials)).toMatchObject({ kind: 'anonymous', reason })
})

it('the very next request has the role that was changed, and no organisation when the membership or the organisation is gone', async () => {
  const changes: [string, object, object][] = [
    [
      'organizationMembership.updated',
      membershipJson('orgmem_0', 'org_1', 'user_1', { role: 'org:guest', updated_at: 1 }),
      { orgRole: 'org:guest', orgPermissions: [] },
    ],
    ['organizationMembership.deleted', membershipJson('orgmem_0', 'org_1', 'user_1'), { orgId: null }],
    ['organization.deleted', { id: 'org_1', object: 'organization', deleted: true }, { orgId: null }],
  ]
  for (const [type, data, expected] of changes) {
    const { clock, remembering, deliver, tokenOf } = await setUp()
    const credentials = { authorization: `Bearer ${tokenOf('user_1', 'org_1')}` }
    for (let i = 0; i < 3; i++)
      expect(await remembering.authenticate(credentials)).toMatchObject({
        orgId: 'org_1',
        orgRole: 'org:member',
      })
    clock.ms += 1_000
    await deliver(type, 'updated_at' in data ? { ...data, updated_at: clock.ms } : data)
    expect(await remembering.authenticate(credentials), type).toMatchObject({ kind: 'user', ...expected })
  }
})

it('nothing is ready when the log cannot be read for longer than the grace', async () => {
  const { clock, log, remembering, tokenOf } = await setUp({ session: { graceSeconds: 60 } })
  const credentials = { authorization: `Bearer ${tokenOf('user_1', 'org_1')}` }
  for (let i = 0; i < 3; i++)
    expect(await remembering.authenticate(credentials)).toMatchObject({ kind: 'user' })
  log.isDown = true
  clock.ms += 59_000
  expect(await remembering.authenticate(credentials)).toMatchObject({ kind: 'user' })
  clock.ms += 2_000
  expect(await remembering.authenticate(credentials)).toMatchObject({
    kind: 'unavailable',
    reason: 'changes-unavailable',
  })
})

it('a ready answer ends with the key that its token was verified with', async () => {
  const [old, next] = [createSigner('ins_old'), createSigner('ins_new')]
  const clock = { ms: START * 1000 }
  let published = old
  const clerk = createClerk({
    logger: false,
    jwksUrl: `${ISSUER}/.well-known/jwks.json`,
    issuer: ISSUER,
    authorizedParties: [APP],
    now: () => clock.ms,
    fetch: async () => Response.json({ keys: [published.jwk] }),
  })
  onTestFinished(() => clerk.close())
  const mint = (by: typeof old) =>
    by.mint({
      iss: ISSUER,
      azp: APP,
      sub: 'user_1',
      sid: 'sess_1',
      iat: START,
      nbf: START,
      exp: START + 3600,
    })
  const credentials = { authorization: `Bearer ${mint(old)}` }
  for (let i = 0; i < 3; i++) expect(await clerk.authenticate(credentials)).toMatchObject({ kind: 'user' })
  published = next
  clock.ms += 11_000
  // A token of the new key brings the new set.
  expect(await clerk.authenticate({ authorization: `Bearer ${mint(next)}` })).toMatchObject({ kind: 'user' })
  expect(await clerk.authenticate(credentials)).toMatchObject({ reason: 'key-not-found' })
})

it('hands the same Auth to request after request, and none of another kind of request', async () => {
  const { remembering, clock, tokenOf } = await setUp()
  const token = tokenOf('user_1', 'org_1')
  const authorization = `Bearer ${token}`
  const first = await remembering.authenticate({ authorization })
  expect(first.kind).toBe('user')
  expect(await remembering.authenticate({ authorization })).toBe(first)
  clock.ms += 2_500
  expect(await remembering.authenticate({ authorization })).toBe(first)
  expect(await remembering.authenticate({ authorization: `${authorization} \t` })).toBe(first)
  expect(await remembering.authenticate({ authorization: `bearer  ${token}` })).toBe(first)
  expect(await remembering.authenticate({ authorization: token })).toBe(first)
  // Another organisation, and what else could decide.
  expect(await remembering.authenticate({ authorization, organization: 'org_2' })).not.toBe(first)
  expect(await remembering.authenticate({ authorization: `${authorization}\u00a0x` })).toMatchObject({
    kind: 'anonymous',
  })
  expect(
    await remembering.authenticate({ authorization: `${authorization.slice(0, -4)}AAAA` }),
  ).toMatchObject({
    kind: 'anonymous',
  })
})

it('nothing in an answer that is ready can be changed for the next request', async () => {
  const { remembering, tokenOf, machines } = await setUp({
    accept: { m2m: 'jwt', oauth: { form: 'jwt', scopes: ['notes:read', 'missing:scope'] } },
  })
  const tokens = {
    'a user without an organisation': tokenOf('user_1', null),
    'a user in an organisation': tokenOf('user_1', 'org_1', { act: { sub: 'user_2' }, fva: [1, -1] }),
    "a user whom the token's organisation does not know": tokenOf('user_1', 'org_2'),
    'a machine': machines.m2m(),
    'an application': machines.oauth('user_1'),
  }
  for (const [who, token] of Object.entries(tokens)) {
    for (const organization of [undefined, 'org_1', 'org_2']) {
      const credentials = { authorization: `Bearer ${token}`, organization }
      const auth = await remembering.authenticate(credentials)
      expect(await remembering.authenticate(credentials)).toBe(auth)
      expect([who, organization, changeable(auth, 'auth')]).toEqual([who, organization, []])
    }
  }
})

/** Where in the value something can be put, replaced or taken away. */
function changeable(value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null) return []
  const within = Object.entries(value).flatMap(([name, one]) => changeable(one, `${path}.${name}`))
  return Object.isFrozen(value) ? within : [path, ...within]
}

it('listeners hear the same events of an answer that is ready, from the moment they listen', async () => {
  const { remembering, tokenOf } = await setUp()
  const credentials = { authorization: `Bearer ${tokenOf('user_1', 'org_1')}` }
  for (let i = 0; i < 3; i++) await remembering.authenticate(credentials)
  const events: ClerkEvent[] = []
  const ignore = remembering.observe((event) => events.push(event))
  for (let i = 0; i < 2; i++) await remembering.authenticate(credentials)
  ignore()
  await remembering.authenticate(credentials)
  const once = [
    'cache.hit token',
    'cache.hit user',
    'cache.hit membership',
    'cache.hit organization',
    'auth.success',
  ]
  expect(events.map((event) => ('cache' in event ? `${event.name} ${event.cache}` : event.name))).toEqual([
    ...once,
    ...once,
  ])
  expect(events.at(-1)).toMatchObject({ cached: true, userId: 'user_1', orgId: 'org_1', source: 'token' })
})

/** What accepts an API key in a header of its own, at a Clerk that knows none. */
const WITH_API_KEYS = {
  secretKey: 'sk_test_0123456789',
  accept: { apiKeys: true, apiKeyHeader: true },
  fetch: async () => Response.json({ errors: [{ code: 'resource_not_found' }] }, { status: 404 }),
} satisfies Partial<ClerkOptions>
const API_KEY = 'ak_0123456789abcdef'

it('an API key beside a token that came before is refused as it is beside a new one', async () => {
  const { remembering, tokenOf } = await setUp(WITH_API_KEYS)
  const authorization = `Bearer ${tokenOf('user_1', 'org_1')}`
  const refused = { kind: 'anonymous', reason: 'several-credentials', tokenRefused: true }
  expect(await remembering.authenticate({ authorization, apiKey: API_KEY })).toMatchObject(refused)
  for (let i = 0; i < 3; i++)
    expect(await remembering.authenticate({ authorization })).toMatchObject({ kind: 'user' })
  expect(await remembering.authenticate({ authorization, apiKey: API_KEY })).toMatchObject(refused)
})

/** Of every field that a request may carry, so that a new one is asked about here too. */
const carried = (tokens: readonly string[]) => {
  const absent = [undefined, undefined, undefined, undefined, undefined, undefined, null] as const
  const token = fc.constantFrom(...tokens)
  const fields: { [Field in keyof Required<Credentials>]: fc.Arbitrary<Credentials[Field]> } = {
    authorization: fc.oneof(
      { weight: 6, arbitrary: token.map((one) => `Bearer ${one}`) },
      {
        weight: 1,
        arbitrary: fc
          .tuple(token, fc.nat(5))
          .map(
            ([one, form]) =>
              [
                `bearer  ${one}`,
                one,
                `Bearer ${one} \t`,
                `Bearer ${one}, Bearer ${one}`,
                `Bearer ${one.slice(0, -4)}AAAA`,
                `Bearer ${one}\u00a0`,
              ][form],
          ),
      },
      { weight: 1, arbitrary: fc.constantFrom(undefined, null, '', 'Basic eDp5', `Bearer ${API_KEY}`) },
    ),
    apiKey: fc.constantFrom(...absent, '', ' ', API_KEY, ...tokens.slice(0, 1)),
    cookie: fc.oneof(
      fc.constantFrom(...absent, '', 'theme=dark'),
      fc
        .tuple(token, fc.constantFrom('', `; __client_uat=${START + 10}`, '; __client_uat=0'))
        .map(([one, more]) => `__session=${one}${more}`),
    ),
    origin: fc.constantFrom(...absent, APP, 'https://evil.example'),
    fetchSite: fc.constantFrom(...absent, 'same-origin', 'cross-site'),
    fetchDest: fc.constantFrom(...absent, 'document', 'empty'),
    method: fc.constantFrom(...absent, 'GET', 'POST', 'GET'),
    upgrade: fc.constantFrom(undefined, undefined, false, true),
    organization: fc.constantFrom(...absent, '', ' ', 'org_1', 'org_2', ' org_1'),
    clientAddress: fc.constantFrom(undefined, '192.0.2.1'),
    session: fc.constant(undefined),
    localUser: fc.constantFrom(...absent, ...absent, false, '', { id: 'local_1' }),
  }
  const anything = fc.record({ credentials: fc.record(fields), hasSession: fc.nat(9).map((n) => n === 0) })
  // Else most requests carry something that decides.
  const plain = token.map((one) => ({ credentials: { authorization: `Bearer ${one}` }, hasSession: false }))
  return fc.oneof(anything, plain)
}

/** A request as `given`, with a session that is empty, and what was read and written of it. */
function requestOf({ credentials: given, hasSession }: { credentials: Credentials; hasSession: boolean }) {
  const written: unknown[] = []
  let reads = 0
  const credentials: Credentials = {
    ...given,
    ...(hasSession && {
      session: {
        read: () => undefined,
        write: (record: unknown) => void written.push(record),
        renew: ({ keep }: { keep: boolean }) => void written.push({ keep }),
        end: () => void written.push('end'),
      },
    }),
  }
  Object.defineProperty(credentials, 'fetchDest', {
    enumerable: true,
    get() {
      reads++
      return given.fetchDest
    },
  })
  // Evaluating a request reads all of it.
  return { credentials, written, isEvaluated: () => reads > 0 }
}

it('whatever a request carries, it is answered as if nothing were ready', async () => {
  const { clock, stores, remembering, forgetful, tokenOf } = await setUp(WITH_API_KEYS)
  const evaluating = createClerk({
    ...stores,
    ...WITH_API_KEYS,
    logger: false,
    jwtKey: signer.pem,
    issuer: ISSUER,
    authorizedParties: [APP],
    provisioning: 'off',
    now: () => clock.ms,
  })
  evaluating.observe(() => undefined)
  const tokens = [
    tokenOf('user_1', 'org_1'),
    tokenOf('user_2', null),
    tokenOf('user_2', 'org_2', { azp: undefined }),
    tokenOf('user_1', 'org_1', { exp: START + 1 }),
  ]
  let ready = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(carried(tokens), { minLength: 3, maxLength: 12 }),
      fc.integer({ min: 0, max: 7_000 }),
      async (requests, waitMs) => {
        for (const [index, request] of [...requests, ...requests].entries()) {
          if (index === requests.length) clock.ms += waitMs
          const answers = []
          for (const clerk of [remembering, evaluating, forgetful]) {
            const { credentials, written, isEvaluated } = requestOf(request)
            const auth = await clerk.authenticate(credentials)
            answers.push({ ...said(auth), written })
            if (isEvaluated()) continue
            expect(clerk).toBe(remembering)
            ready++
            for (const field of Object.keys(DECIDES_BESIDE_A_TOKEN) as (keyof Credentials)[])
              if (DECIDES_BESIDE_A_TOKEN[field]) expect(credentials[field] ?? null).toBeNull()
          }
          expect(answers[0]).toEqual(answers[1])
          expect(answers[0]).toEqual(answers[2])
        }
        clock.ms = START * 1000
      },
    ),
    { numRuns: 150 },
  )
  expect(ready).toBeGreaterThan(200)
  await Promise.all([remembering.close(), evaluating.close(), forgetful.close()])
})
