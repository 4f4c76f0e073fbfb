import fc from 'fast-check'
import { expect, it, test } from 'vitest'
import { createSigner } from '../../../testing/signer.js'
import { APP, ISSUER, START } from '../../../testing/token-harness.js'
import { createClerk } from '../../create-clerk.js'
import type { Credentials } from '../../domain/credentials/credentials.js'
import type { SessionRecord } from '../../domain/session/record.js'
import { memoryStore } from '../../domain/store/memory/memory-store.js'
import { ReadyRecord } from './ready-record.js'

const signer = createSigner()

const RECORD: SessionRecord = {
  v: 2,
  iss: ISSUER,
  aud: null,
  azp: APP,
  azpMissing: null,
  sts: 'active',
  sub: 'user_1',
  sid: 'sess_1',
  checkedAt: START,
  asOf: START,
  tokenAt: START,
  org: { id: 'org_1', role: 'org:member', slug: null, per: 'read', fpm: '1', permissions: null },
  pla: null,
  fea: 'o:notes',
  fva: [1, -1],
  act: { sub: 'user_2' },
  claims: null,
}

/** Two instances on the same stores, of which one remembers nothing. */
async function setUp() {
  const clock = { ms: START * 1000 }
  const stores = memoryStore({ now: () => clock.ms })
  const common = {
    ...stores,
    logger: false,
    jwtKey: signer.pem,
    issuer: ISSUER,
    authorizedParties: [APP],
    provisioning: 'off',
    session: { revalidateAfterSeconds: 300 },
    now: () => clock.ms,
  } as const
  const remembering = createClerk(common)
  const forgetful = createClerk({
    ...common,
    cache: { tokens: 0, users: 0 },
    invalidation: { pollSeconds: 0 },
  })
  await Promise.all([remembering.ready(), forgetful.ready()])
  for (const clerkId of ['user_1', 'user_2'])
    await stores.users.apply({ ...userSnapshot, clerkId, version: START * 1000 })
  return { clock, stores, remembering, forgetful }
}

const userSnapshot = {
  email: null,
  username: null,
  phone: null,
  firstName: null,
  lastName: null,
  imageUrl: null,
  externalId: null,
  publicMetadata: {},
  banned: false,
  deprovisioned: false,
  locked: false,
}

/** A request with a session that holds this, and what was written to it. Each time it is parsed anew, as stores do. */
function requestWith(held: unknown, more: Credentials = {}) {
  const text = JSON.stringify(held)
  const written: unknown[] = []
  const credentials: Credentials = {
    cookie: 'app=1',
    method: 'GET',
    ...more,
    session: {
      read: () => (text === undefined ? undefined : JSON.parse(text)),
      write: (record) => void written.push(record),
      renew: ({ keep }) => void written.push({ keep }),
      end: () => void written.push('end'),
    },
  }
  return { credentials, written }
}

const said = (auth: object) => ({ ...auth, has: undefined })

it('hands the same Auth to request after request of one record, and to none of another', async () => {
  const { clock, remembering } = await setUp()
  const ask = (held: unknown, more?: Credentials) =>
    remembering.authenticate(requestWith(held, more).credentials)
  const first = await ask(RECORD)
  expect(first).toMatchObject({ kind: 'user', source: 'session', userId: 'user_1' })
  clock.ms += 2_500
  expect(await ask(RECORD)).toBe(await ask(RECORD))
  const same = await ask(RECORD)
  expect(await ask({ ...RECORD, others: [{ ...RECORD, iss: 'https://other.example' }] })).toBe(same)
  expect(await ask(RECORD, { organization: 'org_2' })).not.toBe(same)
  expect(await ask(RECORD, { localUser: { id: 1 } })).toMatchObject({ kind: 'local' })
  expect(await ask(RECORD, { method: 'POST' })).toMatchObject({ reason: 'cross-site-request' })
  expect(await ask({ ...RECORD, sub: 'user_2' })).toMatchObject({ userId: 'user_2' })
  expect(await ask({ ...RECORD, movedBy: 'x', until: START + 30 })).toMatchObject({ kind: 'anonymous' })
  expect(await ask({ ...RECORD, iss: 'https://other.example' })).toMatchObject({ kind: 'anonymous' })
  expect(await ask(undefined)).toMatchObject({ kind: 'anonymous' })
})

const HAPPENINGS = ['sign out', 'switch off', 'switch on', 'forget'] as const

it('the answer that is ready is the answer that evaluating gives, whatever the session holds and whatever happens', async () => {
  let again = 0
  let latest: unknown = null
  const changed = fc.constantFrom<Partial<Record<keyof SessionRecord | 'movedBy' | 'until', unknown>>>(
    ...[{}, {}, {}, {}, { sub: 'user_2' }, { sid: 'sess_2' }, { sid: '' }, { iss: 'https://other.example' }],
    ...[{ checkedAt: START + 100 }, { asOf: START + 100, tokenAt: START + 100 }, { checkedAt: START - 290 }],
    ...[
      { azp: 'https://evil.example' },
      { azp: null },
      { azp: null, azpMissing: 'same-origin' },
      { aud: ['x'] },
    ],
    ...[
      { org: null },
      { org: { ...RECORD.org, role: 'org:admin' } },
      { org: { ...RECORD.org, id: 'org_2' } },
    ],
    ...[{ sts: 'pending' }, { act: null }, { fva: null }, { claims: { tier: 'gold' } }, { v: 1 }],
    ...[{ movedBy: 'x', until: START + 30 }],
  )
  const more = fc.constantFrom<Credentials>(
    ...[{}, {}, {}, {}, { organization: 'org_1' }, { organization: ' ' }, { method: 'POST' }],
    ...[{ method: 'POST', origin: APP }, { upgrade: true }, { localUser: { id: 1 } }, { cookie: null }],
    ...[{ cookie: 'app=1; __client_uat=0' }, { cookie: `app=1; __client_uat=${START + 50}` }],
    ...[{ cookie: 'app=1; __session=x' }, { authorization: 'Bearer x' }, { apiKey: 'ak_1' }],
  )
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('ask' as const),
        changed,
        more,
        times: fc.integer({ min: 1, max: 3 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('wait' as const),
        ms: fc.constantFrom(1, 1_999, 2_000, 20_000, 100_000, 299_999, 300_000, -1, -7_000),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom(...HAPPENINGS) }) },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 20 }), async (steps) => {
      const { clock, stores, remembering, forgetful } = await setUp()
      for (const one of steps) {
        clock.ms += 1
        if (one.kind === 'wait') clock.ms += one.ms
        else if (one.kind === 'sign out') await remembering.signOut('sess_1')
        else if (one.kind === 'ask')
          for (let i = 0; i < one.times; i++) {
            const answers = []
            for (const clerk of [remembering, forgetful]) {
              const { credentials, written } = requestWith({ ...RECORD, ...one.changed }, one.more)
              const auth = await clerk.authenticate(credentials)
              answers.push({ ...said(auth), written })
              if (clerk !== remembering || auth.kind !== 'user') continue
              if (auth === latest) again++
              latest = auth
            }
            expect(answers[0]).toEqual(answers[1])
          }
        else {
          const row = await stores.users.findByClerkId('user_1')
          if (row !== null && one.kind !== 'forget')
            await stores.users.update(row.id, { isActive: one.kind === 'switch on' })
          await remembering.users.forget('user_1')
        }
      }
      await Promise.all([remembering.close(), forgetful.close()])
    }),
    { numRuns: 150 },
  )
  // Says nothing where nothing is ready.
  expect(again).toBeGreaterThan(100)
})

it('the very next request is refused when another process has signed the session out, and it is time to look', async () => {
  const { clock, remembering, forgetful } = await setUp()
  const ask = () => remembering.authenticate(requestWith(RECORD).credentials)
  for (let i = 0; i < 3; i++) expect(await ask()).toMatchObject({ kind: 'user' })
  await forgetful.signOut('sess_1')
  clock.ms += 2_001
  expect(await ask()).toMatchObject({ kind: 'anonymous', reason: 'session-revoked' })
})

test('a record is known again field by field, and only where it is plain JSON', () => {
  const ready = ReadyRecord.of(RECORD, 300)
  expect(ready?.isIn(structuredClone(RECORD))).toBe(true)
  // `RECORD` has every field that a record has to have: a new one is asked about here.
  for (const field of Object.keys(RECORD) as (keyof SessionRecord)[]) {
    const { [field]: _, ...without } = RECORD
    expect([field, ready?.isIn(without)]).toEqual([field, false])
    expect([field, ready?.isIn({ ...RECORD, [field]: ['other'] })]).toEqual([field, false])
  }
  expect(ready?.isIn({ ...RECORD, act: { sub: 'user_2', more: 1 } })).toBe(false)
  expect(ready?.isIn({ ...RECORD, fva: { 0: 1, 1: -1, length: 2 } })).toBe(false)
  expect(ready?.isIn(null)).toBe(false)
  expect(ReadyRecord.of({ ...RECORD, act: { sub: 'user_2', at: new Date(0) } as never }, 300)).toBeNull()
  expect(ReadyRecord.of({ ...RECORD, claims: { tier: 'gold' } }, 300)).toBeNull()
})
