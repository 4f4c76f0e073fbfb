import { expectEqual, expectFields, expectThat } from '../expect.js'
import { aPlainUser, T } from '../samples.js'
import { times } from './answers.js'
import type { RaceCall } from './operations.js'
import type { Race } from './race.js'

const SIZE = 8

/** Batches that overlap, and single calls beside them. */
export const bulkRaces: readonly Race[] = [
  {
    id: 'race-bulk',
    title:
      'batches beside each other and beside apply end with the highest version of each user, and each is made once',
    entity: 'users',
    needs: ['bulk'],
    rounds: 12,
    round(name, { users, probe }) {
      const ids = times(SIZE, (index) => `user_${name}_${index}`)
      const of = (clerkId: string, version: number) =>
        aPlainUser({ clerkId, version, firstName: `v${version}` })
      const batch = (version: number, order: readonly string[]): RaceCall => ({
        op: 'applyMany',
        input: order.map((clerkId) => of(clerkId, version)),
      })
      const [first = '', second = ''] = ids
      return {
        calls: [
          batch(T + 1, ids),
          batch(T + 2, [...ids].reverse()),
          batch(T + 3, ids),
          { op: 'apply', input: of(first, T + 4) },
          { op: 'apply', input: of(second, T) },
        ],
        async check(answers) {
          const outcomes = answers.flatMap(({ outcome }) => outcome.split(' '))
          const made = outcomes.filter((outcome) => outcome === 'created').length
          expectEqual(made, SIZE, 'Not exactly one of several calls created each row.')
          expectThat(
            !outcomes.includes('unchanged'),
            'No call brought what another one had brought.',
            answers,
          )
          const rows = (await probe.users()).filter(({ clerkId }) => ids.some((id) => id === clerkId))
          expectEqual(rows.length, SIZE, 'Several batches made several rows of one user.')
          for (const clerkId of ids) {
            const version = clerkId === first ? T + 4 : T + 3
            const end = { version, firstName: `v${version}` }
            expectFields(
              await users.findByClerkId(clerkId),
              end,
              'The highest of several versions did not stay.',
            )
          }
        },
      }
    },
  },
  {
    id: 'race-bulk-removal',
    title: 'a removal beside batches is never undone, and loses no update',
    entity: 'users',
    needs: ['bulk'],
    rounds: 12,
    round(name, { users }) {
      const ids = times(SIZE, (index) => `user_${name}_${index}`)
      const [gone = '', other = ''] = ids
      const batch = (version: number): RaceCall => ({
        op: 'applyMany',
        input: ids.map((clerkId) => aPlainUser({ clerkId, version, firstName: `v${version}` })),
      })
      return {
        calls: [batch(T + 1), { op: 'remove', input: { clerkId: gone, at: T + 7 } }, batch(T + 2)],
        async check() {
          const end = { version: T + 2, firstName: `v${T + 2}` }
          const deleted = { ...end, deletedAt: new Date(T + 7) }
          expectFields(
            await users.findByClerkId(gone),
            deleted,
            'A removal beside batches ends in another state.',
          )
          expectFields(await users.findByClerkId(other), { ...end, deletedAt: null }, 'An update was lost.')
        },
      }
    },
  },
  {
    id: 'race-bulk-unique',
    title: 'of batches and single calls that claim one address at once the newest has it',
    entity: 'users',
    needs: ['bulk', 'unique-email'],
    rounds: 12,
    round(name, { users }) {
      const email = `${name}@example.com`
      const of = (index: number) =>
        aPlainUser({ clerkId: `user_${name}_${index}`, email, emailVerified: true, version: T + index })
      const others = (index: number) =>
        times(3, (other) => aPlainUser({ clerkId: `user_${name}_${index}_${other}`, version: T }))
      return {
        calls: [
          { op: 'applyMany', input: [...others(0), of(0), of(1)] },
          { op: 'applyMany', input: [of(3), ...others(1)] },
          { op: 'apply', input: of(2) },
        ],
        async check() {
          for (const index of times(4, (one) => one)) {
            const held = { email: index === 3 ? email : null, emailVerified: index === 3 }
            const row = await users.findByClerkId(`user_${name}_${index}`)
            expectFields(row, held, 'An address that several claim at once is not with the newest.')
          }
        },
      }
    },
  },
]
