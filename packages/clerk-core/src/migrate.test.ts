import { type OfflineClerk, startClerk } from '@acme/clerk-testing'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createClerk } from './create-clerk.js'
import {
  type MigrateUsersOptions,
  type MigrationOutcome,
  type MigrationSource,
  PASSWORD_HASHERS,
} from './domain/users/bulk.js'
import { ConfigurationError } from './ground/errors.js'
import type { ClerkOptions } from './options.js'

let offline: OfflineClerk
beforeAll(async () => {
  offline = await startClerk()
})
afterAll(() => offline.stop())
beforeEach(() => offline.reset())

function migrator(options: Partial<ClerkOptions> = {}) {
  const { url, secretKey, publishableKey } = offline
  const clerk = createClerk<never>({
    ...{ secretKey, publishableKey, apiUrl: url, authorizedParties: 'any', logger: false },
    api: { requestsPer10Seconds: 1_000_000, concurrency: 8 },
    ...options,
  })
  return async (rows: MigrationSource, settings?: MigrateUsersOptions) => {
    const outcomes: MigrationOutcome[] = []
    for await (const outcome of clerk.users.migrate(rows, settings)) outcomes.push(outcome)
    return outcomes.sort((a, b) => a.line - b.line)
  }
}

const people = (count: number) =>
  Array.from({ length: count }, (_, n) => ({
    external_id: `id-${n}`,
    email_address: `person${n}@example.com`,
  }))

type Found = { external_id: string | null; email_addresses: { email_address: string }[] }
const atClerk = () => offline.call<Found[]>('GetUserList', { query: { limit: 500, order_by: '+created_at' } })
const kinds = (outcomes: readonly MigrationOutcome[]) => outcomes.map(({ outcome }) => outcome)

describe('a row', () => {
  it('is created with every field that Clerk documents, also as a CSV has it', async () => {
    const migrate = migrator()
    const [outcome] = await migrate([
      {
        external_id: 17,
        email_address: '["ada@example.com","countess@example.com"]',
        email_address_identification_status: '["verified","reserved"]',
        phone_number: '+15555550100',
        username: 'ada_l',
        first_name: 'Ada',
        last_name: 'Lovelace',
        password_digest: '$2a$12$9HhLqMJxqBKhlZasxjlhger67GFcC4aOAtpcU.THpcSLiQve4mq6.',
        password_hasher: 'bcrypt',
        public_metadata: '{"plan":"pro"}',
        private_metadata: { crm: [1, null] },
        unsafe_metadata: '',
        created_at: new Date('2020-01-02T03:04:05Z'),
        banned: 'false',
        locale: null,
      },
    ])
    expect(outcome).toMatchObject({ line: 1, outcome: 'created', userId: expect.stringMatching(/^user_/) })
    const user = offline.getUser(outcome?.userId ?? '')
    expect(user).toMatchObject({
      ...{ external_id: '17', username: 'ada_l', first_name: 'Ada', last_name: 'Lovelace' },
      ...{ public_metadata: { plan: 'pro' }, private_metadata: { crm: [1, null] }, banned: false },
      ...{ password_enabled: true, created_at: Date.parse('2020-01-02T03:04:05Z') },
    })
    expect(user.email_addresses.map(({ email_address }) => email_address)).toEqual([
      'ada@example.com',
      'countess@example.com',
    ])
  })

  it.each(PASSWORD_HASHERS)('may have a digest of %s', async (hasher) => {
    const row = { username: `u_${hasher}`, password_digest: 'x'.repeat(40), password_hasher: hasher }
    expect(kinds(await migrator()([row]))).toEqual(['created'])
  })

  it.each([
    ['no object', 7, ''],
    ['nothing that identifies it', { first_name: 'Ada' }, 'external_id'],
    ['a name that is none', { external_id: '1', 'e-mail': 'x' }, '(another name)'],
    ['an inherited name', { external_id: '1', constructor: 'x' }, 'constructor'],
    ['no address', { email_address: 'ada' }, 'email_address'],
    ['a number of another form', { phone_number: '0555' }, 'phone_number'],
    [
      'an unknown hasher',
      { username: 'a', password_digest: 'x', password_hasher: 'rot13' },
      'password_hasher',
    ],
    ['a digest alone', { username: 'a', password_digest: 'x' }, 'password_hasher'],
    ['a hasher alone', { username: 'a', password_hasher: 'md5' }, 'password_digest'],
    [
      'both',
      { username: 'a', password: '12345678', password_digest: 'x', password_hasher: 'md5' },
      'password',
    ],
    ['a short password', { username: 'a', password: '1234567' }, 'password'],
    ['metadata that is none', { username: 'a', public_metadata: '[1]' }, 'public_metadata'],
    ['a flag that is none', { username: 'a', banned: 'perhaps' }, 'banned'],
    ['a time that is none', { username: 'a', created_at: '2020-13-40T00:00:00Z' }, 'created_at'],
    ['a day alone', { username: 'a', created_at: '2020-01-02' }, 'created_at'],
    ['a count that is none', { username: 'a', create_organizations_limit: -1 }, 'create_organizations_limit'],
    [
      'too few statuses',
      { email_address: ['a@b.c', 'd@e.f'], email_address_identification_status: 'verified' },
      'email_address_identification_status',
    ],
  ])('is invalid with %s, and nothing is sent', async (_, row, field) => {
    const before = offline.requests.length
    const [outcome] = await migrator()([row as never])
    expect(outcome).toMatchObject({ outcome: 'invalid', userId: null, problems: [{ field }] })
    expect(offline.requests.length).toBe(before)
  })
})

describe('rows', () => {
  it('are all validated first; the invalid ones are told by line, and the others go on', async () => {
    const order: string[] = []
    const { url, secretKey, publishableKey } = offline
    const clerk = createClerk<never>({
      ...{ secretKey, publishableKey, apiUrl: url, authorizedParties: 'any', logger: false },
    })
    const rows = [
      { line: 2, email_address: 'a@example.com' },
      { line: 3, email_address: 'A@example.com' },
      { line: 5, email_address: 'b@example.com' },
      { line: 6, email_address: 'none' },
    ]
    const progress: unknown[] = []
    const onProgress = (step: unknown) => progress.push(step)
    for await (const { line, outcome } of clerk.users.migrate(rows, { onProgress })) {
      order.push(`${line} ${outcome}`)
      if (outcome === 'invalid') expect(await atClerk()).toEqual([])
    }
    expect(order.slice(0, 2)).toEqual(['3 invalid', '6 invalid'])
    expect(order.slice(2).sort()).toEqual(['2 created', '5 created'])
    expect(progress.at(-1)).toEqual({ done: 4, total: 4 })
  })

  it('come from a list, a generator, or a function that is called twice', async () => {
    const migrate = migrator()
    let calls = 0
    async function* rows() {
      calls++
      yield* people(3)
    }
    expect(kinds(await migrate(rows))).toEqual(['created', 'created', 'created'])
    expect(calls).toBe(2)
    expect(kinds(await migrate(rows(), { skipExisting: true }))).toEqual(['exists', 'exists', 'exists'])
    expect(kinds(await migrate(people(3)))).toEqual(['failed', 'failed', 'failed'])
  })

  it('ask a hundred at a time who exists, and tell a user from another who has the address', async () => {
    offline.createUser({ externalId: 'id-0', emailAddress: ['other@example.com'] })
    offline.createUser({ externalId: 'theirs', emailAddress: ['person1@example.com'] })
    offline.createUser({ emailAddress: ['main@example.com', 'person2@example.com'] })
    const before = offline.requests.length
    const outcomes = await migrator()(people(250), { skipExisting: true })
    const told = outcomes.slice(0, 4).map(({ outcome, matchedBy, codes }) => [outcome, matchedBy, ...codes])
    expect(told).toEqual([
      ['exists', 'external_id'],
      ['failed', 'email_address', 'identifier-taken'],
      ['exists', 'email_address'],
      ['created', null],
    ])
    const asked = offline.requests.slice(before)
    expect(asked.filter(({ method }) => method === 'POST')).toHaveLength(249)
    // Three pages, and two questions for each of both rows that were refused.
    expect(asked.filter(({ method }) => method === 'GET')).toHaveLength(3 + 4)
  })

  it('with external ids that Clerk would read as "without" are found exactly', async () => {
    offline.createUser({ externalId: '-7', username: 'minus' })
    offline.createUser({ externalId: 'Abc', username: 'upper' })
    const rows = [{ external_id: '-7' }, { external_id: '7' }, { external_id: 'abc' }]
    const settings = { skipExisting: true }
    const named = rows.map((row, index) => ({ ...row, username: `user_${index}` }))
    expect(kinds(await migrator()(named, settings))).toEqual(['exists', 'created', 'created'])
  })

  it('in a dry run are compared by every identifier, and none is created', async () => {
    offline.createUser({ emailAddress: ['person1@example.com'] })
    expect(kinds(await migrator()(people(2), { dryRun: true, skipExisting: true }))).toEqual([
      'valid',
      'exists',
    ])
    expect(await atClerk()).toHaveLength(1)
  })

  it('that Clerk refuses are told by its codes', async () => {
    offline.faults.set('POST /v1/users', {
      ...{ status: 422, times: 1 },
      body: { errors: [{ code: 'form_password_pwned', message: 'person0@example.com' }] },
    })
    const outcomes = await migrator()(people(2), { concurrency: 1 })
    expect(outcomes).toMatchObject([
      { outcome: 'failed', status: 422, codes: ['form_password_pwned'] },
      { outcome: 'created' },
    ])
    expect(JSON.stringify(outcomes)).not.toContain('person')
  })

  it('wait while Clerk asks for it, and end with a key that is refused', async () => {
    offline.faults.set('POST /v1/users', { status: 429, headers: { 'retry-after': '1' }, times: 1 })
    expect(kinds(await migrator()(people(3)))).toEqual(['created', 'created', 'created'])
    offline.faults.set('POST /v1/users', { status: 401 })
    const rest = people(5).slice(3)
    await expect(migrator()(rest)).rejects.toThrow('401')
    const noKey = createClerk<never>({
      ...{
        issuer: offline.issuer,
        jwksUrl: `${offline.url}/.well-known/jwks.json`,
        authorizedParties: 'any',
      },
    })
    const first = noKey.users.migrate(people(1))[Symbol.asyncIterator]()
    await expect(first.next()).rejects.toThrow(ConfigurationError)
  })

  it('in hand are finished after the signal, with their outcomes, and no other is begun', async () => {
    const stop = new AbortController()
    const settings = {
      ...{ concurrency: 3, signal: stop.signal },
      onProgress: ({ done }: { done: number }) => done >= 10 && stop.abort(),
    }
    const outcomes = await migrator()(people(200), settings)
    const there = await atClerk()
    expect(outcomes.length).toBe(there.length)
    expect(there.length).toBeLessThan(200)
    const rest = await migrator()(people(200), { resume: outcomes })
    expect(rest.filter(({ outcome }) => outcome === 'resumed')).toHaveLength(outcomes.length)
    expect(await atClerk()).toHaveLength(200)
  })
})

describe('nobody is created twice', () => {
  it('when an answer is lost, whether Clerk created the user or not', async () => {
    let requests = 0
    const lossy: typeof fetch = async (url, init) => {
      if (init?.method !== 'POST') return fetch(url, init)
      requests++
      // Every third is lost on the way there, every other third on the way back.
      if (requests % 3 === 1) throw new TypeError('the connection was lost')
      const answer = await fetch(url, init)
      if (requests % 3 === 2) return new Response('', { status: 502 })
      return answer
    }
    const outcomes = await migrator({ fetch: lossy })(people(12), { concurrency: 2 })
    expect(new Set(kinds(outcomes))).toEqual(new Set(['created']))
    expect(await atClerk()).toHaveLength(12)
    expect(new Set(outcomes.map(({ userId }) => userId)).size).toBe(12)
  })

  it('when it is ended anywhere, with or without its last lines of the log, and begun anew', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ after: fc.nat(12), lostLines: fc.nat(4) }), { maxLength: 3 }),
        fc.integer({ min: 1, max: 5 }),
        async (ends, concurrency) => {
          await offline.reset()
          const rows = people(15)
          let log: MigrationOutcome[] = []
          for (const { after, lostLines } of ends) {
            let sent = 0
            const kill = new AbortController()
            // Of what was sent last nothing is heard again: some of it arrived.
            const killed: typeof fetch = async (url, init) => {
              if (init?.method !== 'POST' || ++sent <= after) return fetch(url, init)
              kill.abort()
              if (sent % 2 === 0) await fetch(url, init)
              throw new TypeError('killed')
            }
            const migrate = createClerk<never>({
              ...{
                secretKey: offline.secretKey,
                publishableKey: offline.publishableKey,
                apiUrl: offline.url,
              },
              ...{ authorizedParties: 'any', logger: false, fetch: killed },
            }).users.migrate(rows, { resume: log, concurrency, signal: kill.signal })
            const lines: MigrationOutcome[] = []
            for await (const outcome of migrate) {
              lines.push(outcome)
              if (lines.length > after) break
            }
            log = [...log, ...lines.slice(0, Math.max(0, lines.length - lostLines))]
          }
          const rest = await migrator()(rows, { resume: log, concurrency })
          expect(rest).toHaveLength(15)
          const users = await atClerk()
          expect(users.map(({ external_id }) => external_id).sort()).toEqual(
            rows.map(({ external_id }) => external_id).sort(),
          )
        },
      ),
      { numRuns: 15 },
    )
  }, 120_000)

  it('and the log of another instance ends no row of this one', async () => {
    await using other = await startClerk()
    const theirs = createClerk<never>({
      ...{ secretKey: other.secretKey, publishableKey: other.publishableKey, apiUrl: other.url },
      ...{ authorizedParties: 'any', logger: false },
    })
    const log: MigrationOutcome[] = []
    for await (const outcome of theirs.users.migrate(people(3))) log.push(outcome)
    expect(kinds(await migrator()(people(3), { resume: log }))).toEqual(['created', 'created', 'created'])
  })
})
