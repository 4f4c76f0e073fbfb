import { casesOf } from '../case.js'
import { expectEqual, expectFields, expectRejection, expectThat, sameId } from '../expect.js'
import { aPlainUser, aUser, T } from '../samples.js'

/** Fields of a snapshot that a record shows unchanged. */
const shown = ({ clerkId, email, emailVerified, username, phone, ...rest }: ReturnType<typeof aUser>) => ({
  ...{ clerkId, email, emailVerified, username, phone },
  firstName: rest.firstName,
  lastName: rest.lastName,
  imageUrl: rest.imageUrl,
  externalId: rest.externalId,
  publicMetadata: rest.publicMetadata,
  banned: rest.banned,
  deprovisioned: rest.deprovisioned,
  version: rest.version,
})

export const userVersionCases = casesOf('users', [
  {
    id: 'create-stores-every-field',
    title: 'a first snapshot creates one row with every synced field',
    async run({ users, probe }) {
      const snapshot = aUser()
      const { user, outcome } = await users.apply(snapshot)
      expectEqual(outcome, 'created', 'The first snapshot of a user is not reported as created.')
      const expected = { ...shown(snapshot), isActive: true, deletedAt: null }
      expectFields(user, expected, 'apply answers another row than it was given.')
      expectFields(await users.findByClerkId('user_ada'), expected, 'findByClerkId reads another row.')
      const rows = await probe.users()
      expectEqual(rows.length, 1, 'One new user must be one row.')
      expectFields(rows[0] ?? null, expected, 'The database holds another row than was applied.')
      expectThat(sameId(rows[0]?.id, user.id), 'The id answered is not the id of the row.', user.id)
      expectThat(!sameId(user.id, 'user_ada'), "The local id must be the store's own, not Clerk's.")
    },
  },
  {
    id: 'null-not-undefined',
    title: 'what Clerk does not have is null, in every column',
    async run({ users, probe }) {
      const snapshot = aPlainUser({ firstName: null, lastName: null, imageUrl: null })
      await users.apply(snapshot)
      const nothing = { ...shown(snapshot), deletedAt: null }
      expectFields(await users.findByClerkId('user_ada'), nothing, 'null is not told from absent.')
      expectFields((await probe.users())[0] ?? null, nothing, 'The database does not hold null.')
    },
  },
  {
    id: 'unknown-is-null',
    title: 'an unknown user is null',
    async run({ users }) {
      expectEqual(await users.findByClerkId('user_nobody'), null, 'An unknown user must be null.')
    },
  },
  {
    id: 'newer-version-wins',
    title: 'a newer snapshot replaces every synced field and keeps the row',
    async run({ users, probe }) {
      const { user: first } = await users.apply(aUser())
      const next = aPlainUser({ firstName: 'Augusta', publicMetadata: { plan: 'pro' }, version: T + 1 })
      const { user, outcome } = await users.apply(next)
      expectEqual(outcome, 'updated', 'A newer snapshot that changes the row is not reported as updated.')
      expectFields(user, { ...shown(next), id: first.id }, 'A newer snapshot was not stored.')
      expectEqual((await probe.users()).length, 1, 'An update made another row.')
    },
  },
  {
    id: 'older-version-loses',
    title: 'an older snapshot changes nothing',
    async run({ users }) {
      await users.apply(aUser({ version: T + 5, firstName: 'New' }))
      await users.apply(aUser({ version: T + 4, firstName: 'Old' }))
      expectFields(
        await users.findByClerkId('user_ada'),
        { firstName: 'New', version: T + 5 },
        'An older version overwrote a newer one.',
      )
    },
  },
  {
    id: 'stale-is-reported',
    title: 'an older snapshot is reported as stale, with the row that won',
    async run({ users }) {
      await users.apply(aUser({ version: T + 5, firstName: 'New' }))
      const { user, outcome } = await users.apply(aUser({ version: T + 4, firstName: 'Old' }))
      expectEqual(outcome, 'stale', 'An older snapshot must be reported as stale.')
      expectFields(user, { firstName: 'New', version: T + 5 }, 'A stale apply must answer the stored row.')
    },
  },
  {
    id: 'equal-version-later-write-wins',
    title: 'of equal versions the later write wins',
    async run({ users }) {
      await users.apply(aUser({ firstName: 'First' }))
      const { user, outcome } = await users.apply(aUser({ firstName: 'Second' }))
      expectEqual(outcome, 'updated', 'A second snapshot of one version that changes the row is an update.')
      expectFields(user, { firstName: 'Second', version: T }, 'Of equal versions the later write must win.')
    },
  },
  {
    id: 'unchanged-is-reported',
    title: 'the same snapshot again is unchanged, and a newer one with the same fields is not lost',
    async run({ users }) {
      await users.apply(aUser())
      const again = await users.apply(aUser())
      expectEqual(again.outcome, 'unchanged', 'The same snapshot again must be reported as unchanged.')
      await users.apply(aUser({ version: T + 9 }))
      const between = await users.apply(aUser({ version: T + 8, firstName: 'Between' }))
      expectEqual(between.outcome, 'stale', 'A newer version with equal fields was not remembered.')
    },
  },
  {
    id: 'contention-is-an-outage',
    title: 'a write that other writers get ahead of each time ends as an outage, which can be tried again',
    needs: ['contention'],
    async run({ users, contended }) {
      await users.apply(aPlainUser())
      const newer = aPlainUser({ version: T + 1, firstName: 'Augusta' })
      const fault =
        'Exhausted attempts are no outage: the event would be taken for one that cannot be applied.'
      await expectRejection(() => contended.apply(newer), 'StoreUnavailableError', fault)
      const before = await users.findByClerkId('user_ada')
      expectFields(before, { version: T, firstName: 'Ada' }, 'A write that was given up was made.')
      const { outcome } = await users.apply(newer)
      expectEqual(outcome, 'updated', 'The same write must be possible once it is alone.')
    },
  },
  {
    id: 'ids-are-exact',
    title: 'ids that differ only in case are two users',
    async run({ users, probe }) {
      await users.apply(aPlainUser({ clerkId: 'user_2aB', firstName: 'One' }))
      const { outcome } = await users.apply(aPlainUser({ clerkId: 'user_2Ab', firstName: 'Two' }))
      expectEqual(outcome, 'created', "Another user's row was taken for this one's: ids compare by case.")
      expectEqual((await probe.users()).length, 2, 'Two ids that differ in case must be two rows.')
      expectFields(await users.findByClerkId('user_2aB'), { firstName: 'One' }, 'The wrong row was found.')
      expectEqual(await users.findByClerkId('USER_2AB'), null, 'An id in another case found a row.')
    },
  },
  {
    id: 'text-round-trips',
    title: 'long and international texts come back as they were',
    async run({ users }) {
      const snapshot = aUser({
        firstName: 'Zoë 🦊 李',
        lastName: "O'Brien; DROP TABLE users --",
        imageUrl: `https://img.clerk.com/${'a'.repeat(1000)}`,
        email: `${'a'.repeat(64)}@${'b'.repeat(180)}.example`,
      })
      await users.apply(snapshot)
      expectFields(await users.findByClerkId('user_ada'), shown(snapshot), 'A text was cut or altered.')
      const { outcome } = await users.apply(snapshot)
      expectEqual(outcome, 'unchanged', 'What was stored is not what was given.')
    },
  },
])
