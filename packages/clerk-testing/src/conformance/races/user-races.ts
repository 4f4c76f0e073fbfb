import type { ApplyOutcome } from '@acme/clerk-core/store'
import { expectEqual, expectFields, expectThat } from '../expect.js'
import { aPlainUser, aUser, T } from '../samples.js'
import { count, times } from './answers.js'
import type { Race } from './race.js'

export const userRaces: readonly Race[] = [
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
          const end = { deletedAt: new Date(T + 5), version: T + 1, firstName: 'Last' }
          expectFields(row, end, 'A removal among updates ends in another state.')
        },
      }
    },
  },
  {
    id: 'race-unique-email',
    title: 'of three users who claim one address at once the newest has it, and no user is kept out',
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
            'The newest holder of an address must have it, no other.',
          )
        },
      }
    },
  },
  {
    id: 'race-verified-address',
    title: 'of three users who claim one address at once the one who proved it has it, whatever the versions',
    entity: 'users',
    needs: ['unique-email'],
    rounds: 30,
    round(name, { users }) {
      const email = `${name}@example.com`
      const ids = times(3, (index) => `user_${name}_${index}`)
      return {
        calls: ids.map((clerkId, index) => ({
          op: 'apply',
          input: aPlainUser({ clerkId, email, emailVerified: index === 0, version: T + index }),
        })),
        async check() {
          const rows = await Promise.all(ids.map((clerkId) => users.findByClerkId(clerkId)))
          const addresses = rows.map((row) => (row === null ? 'no row' : row.email))
          const fault = 'The verified holder of an address must have it, no other row.'
          expectEqual(addresses, [email, null, null], fault)
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
          expectEqual(addresses, [y, x], 'An address that was free was not stored.')
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
          const fault = 'The row belongs to another user than was told so.'
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
          expectEqual(holders.length, 1, 'No row holds the address, or two do.')
        },
      }
    },
  },
]
