import { expectEqual, expectFields, fail } from '../expect.js'
import { aMembership, anOrganization, aPlainUser, T } from '../samples.js'
import { count, times } from './answers.js'
import type { RaceAnswer, RaceCall } from './operations.js'
import type { Race } from './race.js'

/** Outcomes are what became of each snapshot, whichever was there first. `versions` are those of the calls. */
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
    if (outcome === 'unchanged') fail(`${said}: no other call brought the same.`, answers)
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

const versionSets: readonly Versions[] = [
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

export const versionRaces: readonly Race[] = kinds.flatMap(({ entity, prefix, call, read, field }) =>
  versionSets.map(({ id, title, versions, rounds, known }) => ({
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
