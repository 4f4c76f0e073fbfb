import type { ApplyOutcome } from '@acme/clerk-core'
import { expectEqual, expectFields, expectThat, fail } from '../expect.js'
import { aMembership, anEvent, anOrganization, aPlainUser, aUser, T } from '../samples.js'
import type { RaceAnswer, RaceCall } from './operations.js'
import type { Race } from './race.js'

const LEASE = T + 60_000
const count = (answers: readonly RaceAnswer[], outcome: string) =>
  answers.filter((answer) => answer.outcome === outcome).length

const times = <T>(length: number, make: (index: number) => T): T[] =>
  Array.from({ length }, (_, i) => make(i))

/** Outcomes are what became of each snapshot, whoever was there first. `versions` are those of the calls. */
function expectHonest(answers: readonly RaceAnswer[], versions: readonly number[], fresh: boolean): void {
  expectEqual(
    count(answers, 'created'),
    fresh ? 1 : 0,
    'Not exactly one of several first applies created the row.',
  )
  const highest = Math.max(...versions)
  for (const [index, { outcome, version = -1 }] of answers.entries()) {
    const own = versions[index] ?? 0
    const said = `Version ${own - T} was reported as ${outcome} with a row of version ${version - T}`
    if (own === highest && outcome !== 'created' && outcome !== 'updated')
      fail(`${said}, and it is the highest: it cannot have lost.`, answers)
    if (outcome === 'stale' && version <= own) fail(`${said}: nothing newer was there.`, answers)
    if (outcome !== 'stale' && version < own)
      fail(`${said}: the row answered is older than the snapshot.`, answers)
  }
}

interface Versions {
  readonly id: string
  readonly title: string
  readonly versions: readonly number[]
  readonly rounds: number
  /** The row is there already, with version T. */
  readonly known?: true
}

const versionRaces: readonly Versions[] = [
  {
    id: 'race-many-versions',
    title: 'of 50 versions at once the highest stays, and every outcome is true',
    versions: times(50, (index) => T + 1 + index),
    rounds: 3,
  },
  {
    id: 'race-few-versions',
    title: 'of four versions of a new row at once the highest stays, in many rounds',
    versions: times(4, (index) => T + 1 + index),
    rounds: 40,
  },
  {
    id: 'race-known-row',
    title: 'of four versions of a known row at once the highest stays, in many rounds',
    versions: times(4, (index) => T + 1 + index),
    rounds: 25,
    known: true,
  },
]

/** The same races for everything that has a version. */
const kinds: readonly {
  readonly entity: Race['entity']
  readonly prefix: string
  readonly call: (name: string, version: number) => RaceCall
  readonly read: (bench: Parameters<Race['round']>[1], name: string) => Promise<object | null>
  readonly field: (version: number) => object
}[] = [
  {
    entity: 'users',
    prefix: '',
    call: (name, version) => ({
      op: 'apply',
      input: aPlainUser({ clerkId: `user_${name}`, version, firstName: `v${version}` }),
    }),
    read: ({ users }, name) => users.findByClerkId(`user_${name}`),
    field: (version) => ({ version, firstName: `v${version}` }),
  },
  {
    entity: 'organizations',
    prefix: 'organization-',
    call: (name, version) => ({
      op: 'applyOrganization',
      input: anOrganization({ clerkId: `org_${name}`, slug: null, version, name: `v${version}` }),
    }),
    read: ({ organizations }, name) => organizations.findOrganization(`org_${name}`),
    field: (version) => ({ version, name: `v${version}` }),
  },
  {
    entity: 'organizations',
    prefix: 'membership-',
    call: (name, version) => ({
      op: 'applyMembership',
      input: aMembership({
        clerkId: `orgmem_${name}`,
        userId: `user_${name}`,
        version,
        role: `org:v${version}`,
      }),
    }),
    read: ({ organizations }, name) => organizations.findMembership('org_acme', `user_${name}`),
    field: (version) => ({ version, role: `org:v${version}` }),
  },
]

const versioned: readonly Race[] = kinds.flatMap(({ entity, prefix, call, read, field }) =>
  versionRaces.map(({ id, title, versions, rounds, known }) => ({
    id: `${prefix}${id}`,
    title: `${prefix === '' ? '' : `(${prefix.slice(0, -1)}) `}${title}`,
    entity,
    rounds,
    round: (name, bench) => ({
      async prepare() {
        if (!known) return
        const { users, organizations } = bench.harness.stores
        const { op, input } = call(name, T)
        if (op === 'apply') await users?.apply(input)
        if (op === 'applyOrganization') await organizations?.applyOrganization(input)
        if (op === 'applyMembership') await organizations?.applyMembership(input)
      },
      calls: versions.map((version) => call(name, version)),
      async check(answers) {
        expectHonest(answers, versions, known === undefined)
        const stored = await read(bench, name)
        expectFields(stored, field(Math.max(...versions)), 'The highest of several versions did not stay.')
      },
    }),
  })),
)

const userRaces: readonly Race[] = [
  {
    id: 'race-first-sign-in',
    title: '50 first requests of one new user give one row and no error',
    entity: 'users',
    rounds: 4,
    round: (name, { probe }) => ({
      calls: times(50, () => ({ op: 'apply', input: aPlainUser({ clerkId: `user_${name}` }) })),
      async check(answers) {
        const rows = (await probe.users()).filter(({ clerkId }) => clerkId === `user_${name}`)
        expectEqual(rows.length, 1, 'Several first applies of one user made several rows.')
        const honest = count(answers, 'created') === 1 && count(answers, 'unchanged') === answers.length - 1
        expectThat(
          honest,
          'One of several equal first applies creates the row, the others change nothing.',
          answers,
        )
      },
    }),
  },
  {
    id: 'race-removal',
    title: 'a removal among updates is never undone, and loses no update',
    entity: 'users',
    rounds: 30,
    round(name, { users }) {
      const clerkId = `user_${name}`
      return {
        calls: [
          { op: 'apply', input: aPlainUser({ clerkId, version: T }) },
          { op: 'apply', input: aPlainUser({ clerkId, version: T + 1, firstName: 'Last' }) },
          { op: 'remove', input: { clerkId, at: T + 7 } },
          { op: 'remove', input: { clerkId, at: T + 5 } },
        ],
        async check() {
          const row = await users.findByClerkId(clerkId)
          const end = { deletedAt: new Date(T + 5), isActive: false, version: T + 1, firstName: 'Last' }
          expectFields(row, end, 'A removal among updates ends in another state.')
        },
      }
    },
  },
  {
    id: 'race-unique-email',
    title: 'of three users who claim one address at once the newest has it, and nobody is kept out',
    entity: 'users',
    needs: ['unique-email'],
    rounds: 30,
    round(name, { users }) {
      const email = `${name}@example.com`
      const ids = times(3, (index) => `user_${name}_${index}`)
      return {
        calls: ids.map((clerkId, index) => ({
          op: 'apply',
          input: aPlainUser({ clerkId, email, emailVerified: true, version: T + index }),
        })),
        async check() {
          const rows = await Promise.all(ids.map((clerkId) => users.findByClerkId(clerkId)))
          const addresses = rows.map((row) => (row === null ? 'no row' : row.email))
          expectEqual(
            addresses,
            [null, null, email],
            'The newest holder of an address must have it, nobody else.',
          )
        },
      }
    },
  },
  {
    id: 'race-addresses-swapped',
    title: 'two users who take over each other’s address at once both have it',
    entity: 'users',
    needs: ['unique-email'],
    rounds: 30,
    round(name, { users }) {
      const [a, b] = [`user_${name}_a`, `user_${name}_b`]
      const [x, y] = [`x${name}@example.com`, `y${name}@example.com`]
      const holder = (clerkId: string, email: string, version: number) =>
        aPlainUser({ clerkId, email, emailVerified: true, version })
      return {
        async prepare() {
          await users.apply(holder(a, x, T))
          await users.apply(holder(b, y, T))
        },
        calls: [
          { op: 'apply', input: holder(a, y, T + 1) },
          { op: 'apply', input: holder(b, x, T + 2) },
        ],
        async check(answers) {
          const outcomes: readonly ApplyOutcome[] = ['updated', 'updated']
          expectEqual(
            answers.map(({ outcome }) => outcome),
            outcomes,
            'Both are updates.',
          )
          const rows = await Promise.all([users.findByClerkId(a), users.findByClerkId(b)])
          const addresses = rows.map((row) => row?.email)
          expectEqual(addresses, [y, x], 'An address that nobody else holds any more was lost.')
        },
      }
    },
  },
  {
    id: 'race-link',
    title: 'of several users who would be linked to one row exactly one is',
    entity: 'users',
    needs: ['linking'],
    rounds: 20,
    round(name, { createLocalUser, probe }) {
      const email = `${name}@example.com`
      return {
        async prepare() {
          await createLocalUser({ email, emailVerified: true })
        },
        calls: times(4, (index) => ({
          op: 'link',
          input: aUser({
            clerkId: `user_${name}_${index}`,
            email,
            username: null,
            phone: null,
            externalId: null,
          }),
        })),
        async check(answers) {
          expectEqual(count(answers, 'linked'), 1, 'Not exactly one of several links of one row succeeded.')
          const rows = (await probe.users()).filter((row) => row.email === email)
          const winner = answers.findIndex(({ outcome }) => outcome === 'linked')
          const fault = 'The row belongs to somebody else than was told so.'
          expectEqual(
            rows.map(({ clerkId }) => clerkId),
            [`user_${name}_${winner}`],
            fault,
          )
        },
      }
    },
  },
  {
    id: 'race-link-and-apply',
    title: 'a link and applies of the same user at once give one row and no error',
    entity: 'users',
    needs: ['linking'],
    rounds: 20,
    round(name, { createLocalUser, probe, declares }) {
      const email = `${name}@example.com`
      const clerkId = `user_${name}`
      const snapshot = aUser({ clerkId, email, username: null, phone: null, externalId: null })
      return {
        async prepare() {
          await createLocalUser({ email, emailVerified: true })
        },
        calls: [
          { op: 'link', input: snapshot },
          { op: 'apply', input: snapshot },
          { op: 'apply', input: { ...snapshot, version: T + 1, firstName: 'Augusta' } },
        ],
        async check() {
          const rows = (await probe.users()).filter((row) => row.clerkId === clerkId)
          expectEqual(rows.length, 1, 'One user has several rows.')
          expectFields(
            rows[0] ?? null,
            { version: T + 1, firstName: 'Augusta' },
            'The newest snapshot did not stay.',
          )
          if (!declares('unique-email')) return
          const holders = (await probe.users()).filter((row) => row.email === email)
          expectEqual(holders.length, 1, 'The address is lost, or held twice.')
        },
      }
    },
  },
]

const inboxRaces: readonly Race[] = [
  {
    id: 'race-claim',
    title: 'of many claims of a new event exactly one is told that it is claimed',
    entity: 'inbox',
    rounds: 20,
    round: (name) => ({
      calls: times(8, (index) => ({
        op: 'claim',
        input: { event: anEvent({ id: `msg_${name}` }), now: T, leaseUntil: LEASE + index },
      })),
      async check(answers) {
        expectEqual(count(answers, 'claimed'), 1, 'Not exactly one of several claims got the event.')
        expectEqual(
          count(answers, 'busy'),
          answers.length - 1,
          'The other claims must be told that it is busy.',
        )
      },
    }),
  },
  {
    id: 'race-expired-lease',
    title: 'of many claims of a lease that ran out exactly one gets it',
    entity: 'inbox',
    rounds: 20,
    round(name, { inbox }) {
      const event = anEvent({ id: `msg_${name}` })
      return {
        async prepare() {
          await inbox.claim(event, T, LEASE)
        },
        calls: times(8, () => ({ op: 'claim', input: { event, now: LEASE, leaseUntil: LEASE + 60_000 } })),
        async check(answers) {
          expectEqual(count(answers, 'claimed'), 1, 'Not exactly one of several claims got an expired lease.')
        },
      }
    },
  },
  {
    id: 'race-handlers',
    title: 'handlers that succeed side by side are all remembered',
    entity: 'inbox',
    rounds: 15,
    round(name, { inbox }) {
      const event = anEvent({ id: `msg_${name}` })
      return {
        async prepare() {
          await inbox.claim(event, T, LEASE)
        },
        calls: times(6, (index) => ({
          op: 'succeeded',
          input: { id: event.id, handler: `handler-${index}` },
        })),
        async check() {
          const claim = await inbox.claim(event, LEASE, LEASE + 1)
          const names = claim.status === 'claimed' ? [...claim.succeeded].sort() : claim
          const all = times(6, (index) => `handler-${index}`)
          expectEqual(names, all, 'A handler that succeeded beside another is forgotten: it would run again.')
        },
      }
    },
  },
]

export const races: readonly Race[] = [...versioned, ...userRaces, ...inboxRaces]
