import { ConfigurationError } from '@acme/clerk-core'
import { StoreFaultError } from '@acme/clerk-core/store'
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
  changes: 'clerkChanges',
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
        'The index `mine` of `people` must be unique',
      )
    })

    test('a store without its unique index says so when it is checked', async () => {
      const { users, ensureIndexes } = mongoStore((await open()).db())
      await expect(users.ping()).rejects.toThrow('Call ensureIndexes()')
      await ensureIndexes()
      await expect(users.ping()).resolves.toBeUndefined()
    })

    test('a unique index that takes one row without a value is named, with the statement that mends it', async () => {
      const db = (await open()).db()
      const users = db.collection('users')
      for (const column of ['email', 'username', 'phone', 'externalId']) {
        await users.createIndex({ [column]: 1 }, { unique: true })
      }
      await db.collection('organizations').createIndex({ slug: 1 }, { unique: true, name: 'by slug' })
      const store = mongoStore(db)
      const error = await store.ensureIndexes().catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(ConfigurationError)
      const statements = [
        'db.users.dropIndex("email_1"); db.users.createIndex({"email":1}, {"name":"email_1","unique":true,"partialFilterExpression":{"email":{"$gt":""}}})',
        'db.users.dropIndex("username_1"); db.users.createIndex({"username":1}, {"name":"username_1","unique":true,"partialFilterExpression":{"username":{"$gt":""}}})',
        '"partialFilterExpression":{"phone":{"$gt":""}}',
        '"partialFilterExpression":{"externalId":{"$gt":""}}',
        'db.organizations.dropIndex("by slug"); db.organizations.createIndex({"slug":1}, {"name":"by slug","unique":true,',
      ]
      for (const statement of statements) expect(String(error)).toContain(statement)
      // What is ours was made all the same.
      await store.users.ping()
      const found = [...(await store.users.inspect()), ...(await store.organizations.inspect())]
      expect(found).toHaveLength(5)
      for (const { severity, remedy } of found) {
        expect(severity).toBe('error')
        // The very statement mends it.
        const [, statement = ''] = /shell: (.+?)\. With Mongoose/.exec(remedy) ?? []
        const shell = { users: db.collection('users'), organizations: db.collection('organizations') }
        for (const call of statement.split('; ')) await new Function('db', `return ${call}`)(shell)
      }
      await store.ensureIndexes()
      expect([...(await store.users.inspect()), ...(await store.organizations.inspect())]).toEqual([])
    })

    test('a write that such an index refuses says the same, and no address', async () => {
      const db = (await open()).db()
      await db.collection('users').createIndex({ email: 1 }, { unique: true })
      const { users, ensureIndexes } = mongoStore(db)
      await ensureIndexes().catch(() => undefined)
      await users.apply(userSnapshot({ email: null }))
      const refused = [
        () => users.apply(userSnapshot({ clerkId: 'user_2', email: null, firstName: 'secret' })),
        () => users.remove('user_3', 1),
      ]
      for (const refuse of refused) {
        const error = await refuse().catch((thrown: unknown) => thrown)
        expect(error).toBeInstanceOf(StoreFaultError)
        expect(error).toMatchObject({ fault: 'unique', model: 'users', field: 'email', index: 'email_1' })
        expect(String(error)).toContain('db.users.dropIndex("email_1")')
        expect(String(error)).not.toContain('secret')
      }
    })

    test.each<[string, object, boolean]>([
      ['sparse', { sparse: true }, true],
      ['of documents that have one', { partialFilterExpression: { email: { $exists: true } } }, true],
      ['of texts', { partialFilterExpression: { email: { $type: 'string' } } }, true],
      ['of texts that are not empty', { partialFilterExpression: { email: { $gt: '' } } }, true],
      [
        'of texts of live rows',
        { partialFilterExpression: { $and: [{ email: { $gt: '' } }, { live: true }] } },
        true,
      ],
      ['of live rows, whatever they have', { partialFilterExpression: { live: true } }, false],
      ['of everything but', { partialFilterExpression: { email: { $lte: 'z' } } }, false],
    ])('a unique index on email that is %s', async (_, options, isRight) => {
      const db = (await open()).db()
      await db.collection('users').createIndex({ email: 1 }, { unique: true, name: 'mail', ...options })
      const { ensureIndexes, users } = mongoStore(db)
      const ensured = await ensureIndexes().then(
        () => true,
        () => false,
      )
      expect(ensured).toBe(isRight)
      expect((await users.inspect()).length).toBe(isRight ? 0 : 1)
    })

    test.each<[string, object]>([
      ['of live rows alone', { partialFilterExpression: { deletedAt: null } }],
      ['that ignores case', { collation: { locale: 'en', strength: 2 } }],
    ])('a unique index on clerkId %s does not keep ids apart', async (_, options) => {
      const db = (await open()).db()
      await db.collection('users').createIndex({ clerkId: 1 }, { unique: true, name: 'ids', ...options })
      const { ensureIndexes, users } = mongoStore(db)
      await expect(ensureIndexes()).rejects.toThrow('db.users.dropIndex("ids")')
      await expect(users.ping()).rejects.toThrow(StoreFaultError)
      expect(await users.inspect()).toMatchObject([{ severity: 'error' }])
    })

    test('a missing index is a finding: an error where it keeps ids unique, else a warning', async () => {
      const { users, organizations, inbox } = mongoStore((await open()).db())
      const severities = async ({ inspect }: { inspect(): Promise<readonly { severity: string }[]> }) =>
        (await inspect()).map(({ severity }) => severity)
      expect(await severities(users)).toEqual(['error', 'warning', 'warning', 'warning'])
      expect(new Set(await severities(inbox))).toEqual(new Set(['warning']))
      expect(await severities(inbox)).toHaveLength(INDEXES.inbox.length + INDEXES.changes.length)
      expect((await severities(organizations)).filter((severity) => severity === 'error')).toHaveLength(4)
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
      const claim = async (body = event) => {
        const claimed = await inbox.claim(body, 0)
        return claimed.status === 'claimed' ? claimed.owner : expect.fail(claimed.status)
      }
      await claim()
      const owner = await claim()
      await inbox.renew('msg_1', owner, 1)
      await inbox.succeeded('msg_1', owner, 'mail')
      await inbox.release('msg_1', owner, { error: 'failed', retryAfterMs: 0 })
      await inbox.due(10)
      await inbox.finish('msg_1', await claim(), 'done')
      await claim({ ...event, id: 'msg_2' })
      await claim({ ...event, id: 'msg_3' })
      for (const query of [{}, { status: 'open' }, { type: event.type }, { since: 5 }] as const) {
        const { next } = await inbox.list({ ...query, limit: 1 })
        await inbox.list({ ...query, limit: 1, ...(next !== null && { after: next }) })
      }
      await inbox.discardEarlier('user_1', { exceptId: 'msg_3' })
      const change = { ...event, narrows: 'user_1', version: null }
      for (let entry = 0; entry < 3; entry++) await inbox.append(change)
      const { position } = await inbox.changesSince(null, 1)
      await inbox.append(change)
      await db.collection<{ _id: number }>('clerkChanges').deleteOne({ _id: 3 })
      await inbox.changesSince((await inbox.changesSince(position, 9)).position, 9)
      await inbox.revocations((await inbox.revocations(null, 1)).position, 1)
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
