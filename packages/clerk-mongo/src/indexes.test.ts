import { describeWith } from '@acme/tools/services/vitest'
import { afterAll, describe, expect, test } from 'vitest'
import { INDEXES } from './indexes.js'
import { mongoStore } from './mongo-store.js'
import { isCovered, recordQueries } from './testing/coverage.js'
import { DRIVERS } from './testing/drivers.js'
import { membershipSnapshot, organizationSnapshot, userSnapshot } from './testing/snapshots.js'

const DAY_MS = 24 * 3600 * 1000
const COLLECTIONS = {
  users: 'users',
  organizations: 'organizations',
  memberships: 'memberships',
  invitations: 'invitations',
  inbox: 'clerkInbox',
} as const

test('the check knows a query that scans', () => {
  const keys = [{ a: 1, b: 1 }]
  const query = (filter: object, sort = {}) => ({ collection: 'x', filter, sort })
  expect(isCovered(query({ b: { $eq: 1 } }), keys)).toBe(false)
  expect(isCovered(query({}), keys)).toBe(false)
  expect(isCovered(query({ $or: [{ a: { $eq: 1 } }, { b: { $eq: 1 } }] }), keys)).toBe(false)
  expect(isCovered(query({ a: { $ne: 1 } }), keys)).toBe(false)
  expect(isCovered(query({ a: { $eq: 1 } }, { c: 1 }), keys)).toBe(false)
  expect(isCovered(query({ a: { $gt: 1 } }, { b: 1 }), keys)).toBe(false)
  expect(isCovered(query({ $and: [{ a: { $eq: 1 } }] }, { b: 1 }), keys)).toBe(true)
})

await describeWith('mongodb', 'indexes', (server) => {
  describe.each(DRIVERS)('with $driver', ({ connect }) => {
    const closing: (() => Promise<void>)[] = []
    afterAll(async () => {
      for (const close of closing) await close()
    })
    async function open() {
      const database = await server.createDatabase('indexes')
      const client = connect(database.url, { monitorCommands: true })
      closing.push(async () => {
        await client.close()
        await database.drop()
      })
      return client
    }

    test('can be ensured again and again, by several processes at once', async () => {
      const db = (await open()).db()
      await Promise.all([1, 2, 3].map(() => mongoStore(db).ensureIndexes()))
      await mongoStore(db).ensureIndexes()
      for (const [name, collection] of Object.entries(COLLECTIONS)) {
        const keys = (await db.collection(collection).indexes()).map(({ key }) => JSON.stringify(key))
        const wanted = INDEXES[name as keyof typeof INDEXES].map(({ key }) => JSON.stringify(key))
        expect(keys.sort()).toEqual(['{"_id":1}', ...wanted].sort())
      }
    })

    test("an application's own index with the same key serves, unless it is not unique where it has to be", async () => {
      const db = (await open()).db()
      await db.collection('users').createIndex({ email: 1 }, { unique: true, sparse: true, name: 'mail' })
      await mongoStore(db).ensureIndexes()
      expect(
        (await db.collection('users').indexes())
          .filter(({ key }) => Object.keys(key)[0] === 'email')
          .map(({ name }) => name),
      ).toEqual(['mail'])
      await db.collection('people').createIndex({ clerkId: 1 }, { name: 'mine' })
      await expect(mongoStore(db, { collections: { users: 'people' } }).ensureIndexes()).rejects.toThrow(
        'mine of people must be unique',
      )
    })

    test('a store without its unique index says so when it is checked', async () => {
      const { users, ensureIndexes } = mongoStore((await open()).db())
      await expect(users.ping()).rejects.toThrow('call ensureIndexes()')
      await ensureIndexes()
      await expect(users.ping()).resolves.toBeUndefined()
    })

    test('no query of the stores reads a whole collection', async () => {
      const client = await open()
      const db = client.db()
      for (const column of ['username', 'phone', 'externalId']) {
        await db.collection('users').createIndex({ [column]: 1 }, { unique: true, sparse: true })
      }
      await db.collection('organizations').createIndex({ slug: 1 }, { unique: true, sparse: true })
      const { users, organizations, inbox, ensureIndexes } = mongoStore(db)
      await ensureIndexes()
      const { insertedId } = await db
        .collection('users')
        .insertOne({ email: 'Ada@example.com', username: 'ada' })
      const seen = recordQueries(client)

      const taken = { username: 'grace', phone: '+1', externalId: 'e' }
      await users.findByClerkId('user_1')
      await users.findLinkable({ email: 'ada@example.com' })
      await users.link(insertedId, userSnapshot())
      await users.apply(userSnapshot({ version: 2000, ...taken }))
      await users.apply(userSnapshot({ version: 1 }))
      await users.apply(userSnapshot({ clerkId: 'user_2', version: 3000, ...taken }))
      await users.apply(userSnapshot({ clerkId: 'user_3', version: 0, ...taken }))
      await users.remove('user_4', 1000)
      await users.apply(userSnapshot({ clerkId: 'user_4', version: 0 }))
      await users.apply(userSnapshot({ clerkId: 'user_4', version: 4000, ...taken }))
      await users.remove('user_4', 500)
      await users.purge(DAY_MS, 30 * DAY_MS)
      await organizations.applyOrganization(organizationSnapshot())
      await organizations.applyOrganization(organizationSnapshot({ clerkId: 'org_2', version: 2000 }))
      await organizations.removeOrganization('org_2', 1000)
      await organizations.applyMembership(membershipSnapshot())
      await organizations.removeMembership(
        { clerkId: 'orgmem_2', orgId: 'org_1', userId: 'user_1', createdAt: 5 },
        9,
      )
      await organizations.findMembership('org_1', 'user_1')
      await organizations.listMemberships({ orgId: 'org_1' })
      await organizations.listMemberships({ userId: 'user_1' })
      const role = { clerkId: 'role_1', key: 'org:member', permissions: [], version: 1000 }
      await organizations.applyRole(role)
      await organizations.applyRole(role)
      await organizations.removeRole('role_2', 1000)
      await organizations.findRole('org:member')
      await organizations.findInvitation('orginv_1')
      const event = { id: 'msg_1', type: 'user.created', timestamp: 1, subjects: ['user_1'], body: '{}' }
      await inbox.claim(event, 10, 20)
      await inbox.claim(event, 10, 20)
      await inbox.applied('msg_1', 11)
      await inbox.succeeded('msg_1', 'mail')
      await inbox.pending(10)
      await inbox.release('msg_1', 'failed')
      await inbox.done('msg_1', 12)
      await inbox.changesSince(0)
      await inbox.prune(100)

      expect(seen.length).toBeGreaterThan(50)
      const uncovered: unknown[] = []
      for (const [name, collection] of Object.entries(COLLECTIONS)) {
        // What is unique by the application's own index has that index.
        const own = (await db.collection(collection).indexes())
          .filter(({ unique }) => unique)
          .map(({ key }) => key)
        const keys = [...INDEXES[name as keyof typeof INDEXES].map(({ key }) => key), ...own]
        uncovered.push(...seen.filter((query) => query.collection === collection && !isCovered(query, keys)))
      }
      expect(uncovered).toEqual([])
    })
  })
})
