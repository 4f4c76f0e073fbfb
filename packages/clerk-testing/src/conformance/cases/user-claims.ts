import { casesOf } from '../case.js'
import { expectEqual, expectFields, expectThat } from '../expect.js'
import { aPlainUser, T } from '../samples.js'

export const userClaimsCases = casesOf('users', [
  {
    id: 'claims-create',
    title: 'a snapshot built from claims (version 0) creates a row, which any snapshot of Clerk replaces',
    async run({ users }) {
      const { user, outcome } = await users.apply(aPlainUser({ version: 0, firstName: 'Claimed' }))
      expectEqual(outcome, 'created', 'Claims must create the row of a new user.')
      expectFields(user, { firstName: 'Claimed', version: 0, isActive: true }, 'The row is another.')
      const next = await users.apply(aPlainUser({ version: 1, firstName: 'Clerk' }))
      expectEqual(next.outcome, 'updated', 'A snapshot of Clerk must replace claims.')
      expectFields(next.user, { firstName: 'Clerk', version: 1, id: user.id }, 'Claims outlived Clerk.')
    },
  },
  {
    id: 'claims-do-not-overwrite',
    title: 'claims do not overwrite what is stored, not even earlier claims',
    async run({ users }) {
      for (const version of [0, T]) {
        const clerkId = `user_${version}`
        await users.apply(aPlainUser({ clerkId, version, firstName: 'Stored' }))
        const { outcome } = await users.apply(aPlainUser({ clerkId, version: 0, firstName: 'Claimed' }))
        const row = await users.findByClerkId(clerkId)
        const fault = `Claims overwrote a row of version ${version}.`
        expectFields(row, { firstName: 'Stored', version }, fault)
        const honest = outcome === 'stale' || outcome === 'unchanged'
        expectThat(honest, 'Claims that changed nothing are reported as a change.', outcome)
      }
    },
  },
  {
    id: 'claims-do-not-resurrect',
    title: 'claims do not bring a deleted user back',
    async run({ users }) {
      await users.remove('user_ada', T)
      const { user } = await users.apply(aPlainUser({ version: 0 }))
      expectFields(user, { deletedAt: new Date(T) }, 'Claims undid a deletion.')
    },
  },
])
