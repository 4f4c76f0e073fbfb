import { StoreInputError, StoreUnavailableError } from '@acme/clerk-core'
import { describeWith } from '@acme/tools/services/vitest'
import type { Db, MongoClient, ObjectId } from 'mongodb'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { mongoStore } from '../mongo-store.js'
import { DRIVERS, empty } from '../testing/drivers.js'
import { userSnapshot } from '../testing/snapshots.js'

const DAY_MS = 24 * 3600 * 1000

await describeWith('mongodb', 'users in MongoDB', (server) => {
  describe.each(DRIVERS)('with $driver', ({ connect }) => {
    let client: MongoClient
    let db: Db
    let drop: () => Promise<void>

    beforeAll(async () => {
      const database = await server.createDatabase('users')
      drop = database.drop
      client = connect(database.url)
      db = client.db()
      await mongoStore(db).ensureIndexes()
    })
    beforeEach(() => empty(db))
    afterAll(async () => {
      await client.close()
      await drop()
    })

    test('a row has what Clerk says, an ObjectId of its own, and the columns that the application adds', async () => {
      const { users } = mongoStore(db, {
        create: ({ email }) => ({ nickname: email?.split('@')[0] ?? 'anonymous' }),
      })
      const { user, outcome } = await users.apply(
        userSnapshot({ publicMetadata: { $gt: 1, 'a.b': { __proto: 2 } } }),
      )
      expect(outcome).toBe('created')
      expect(user.id.toHexString()).toHaveLength(24)
      expect(user).toMatchObject({
        clerkId: 'user_1',
        nickname: 'ada',
        isActive: true,
        deletedAt: null,
        username: null,
      })
      expect(await users.findByClerkId('user_1')).toEqual(user)
    })

    test('a sync never touches a column of the application, nor the id', async () => {
      const { users } = mongoStore(db, { newId: () => `id-${Math.random()}`, create: () => ({ credits: 1 }) })
      const { user } = await users.apply(userSnapshot())
      await db.collection('users').updateOne({ clerkId: 'user_1' }, { $set: { credits: 7 } })
      const later = await users.apply(userSnapshot({ version: 2000, firstName: 'Augusta' }))
      expect(later).toMatchObject({
        outcome: 'updated',
        user: { id: user.id, credits: 7, firstName: 'Augusta' },
      })
    })

    test('a column that the application adds under a name of ours does not break the write', async () => {
      const { users } = mongoStore(db, {
        create: () => ({ username: 'taken', clerkId: 'user_2', deletedAt: new Date(), tier: 1 }),
      })
      const { user } = await users.apply(userSnapshot())
      expect(user).toMatchObject({ clerkId: 'user_1', username: null, deletedAt: null, tier: 1 })
    })

    test('a row that only records a deletion has the application’s columns as well, and is nobody else’s', async () => {
      const { users } = mongoStore(db, {
        create: ({ email }) => ({ plan: email == null ? 'none' : 'free', clerkId: 'user_2', version: 9 }),
      })
      expect(await users.remove('user_1', 5)).toMatchObject({ clerkId: 'user_1', plan: 'none', version: 0 })
      expect(await db.collection('users').countDocuments({ clerkId: 'user_1', plan: 'none' })).toBe(1)
    })

    test('a row without clerkId has no such field, and several of them can be', async () => {
      const users = db.collection('users')
      await users.insertMany([{ email: 'a@example.com' }, { email: 'b@example.com' }])
      await mongoStore(db).users.apply(userSnapshot({ email: null }))
      expect(await users.countDocuments({ clerkId: { $exists: true } })).toBe(1)
      expect(await users.countDocuments({ clerkId: { $exists: true }, email: { $exists: true } })).toBe(0)
    })

    test('a row to which the application itself gave a clerkId is filled, though it has no version', async () => {
      await db.collection('users').insertOne({ clerkId: 'user_1', email: 'old@example.com', credits: 3 })
      const { user, outcome } = await mongoStore(db).users.apply(userSnapshot())
      expect({ outcome, ...user }).toMatchObject({
        outcome: 'updated',
        email: 'ada@example.com',
        credits: 3,
        version: 1000,
      })
    })

    test.each([{ $ne: null }, ['user_1'], '', 'x'.repeat(10_000), null, 7])(
      'an id that is %j is refused before any query',
      async (id) => {
        const { users } = mongoStore(db)
        await expect(users.findByClerkId(id as string)).rejects.toThrow(StoreInputError)
        await expect(users.remove(id as string, 1)).rejects.toThrow(StoreInputError)
        await expect(users.findLinkable({ email: id as string })).rejects.toThrow(StoreInputError)
        await expect(users.apply(userSnapshot({ clerkId: id as string }))).rejects.toThrow(StoreInputError)
      },
    )

    test.each([{ $ne: null }, { _bsontype: 'ObjectId' }, [], null, undefined])(
      'a local id that is %j links nothing',
      async (id) => {
        await db.collection('users').insertOne({ email: 'ada@example.com', emailVerified: true })
        await expect(mongoStore(db).users.link(id as unknown as ObjectId, userSnapshot())).rejects.toThrow(
          StoreInputError,
        )
      },
    )

    test('an e-mail address is data, whatever is in it', async () => {
      await db.collection('users').insertMany([{ email: 'a.da@example.com' }, { email: 'axda@example.com' }])
      const { users } = mongoStore(db)
      expect((await users.findLinkable({ email: 'a.da@example.com' })).map(({ email }) => email)).toEqual([
        'a.da@example.com',
      ])
      expect(await users.findLinkable({ email: '.*' })).toEqual([])
      expect(await users.findLinkable({ email: 'a_da@example.com' })).toEqual([])
    })

    test('rows of the application are linkable in any case, and normalizing gives each the address it is found by', async () => {
      const store = mongoStore(db)
      const addresses = [
        'ada@example.com',
        'Ada@Example.com',
        'ADA@example.com',
        'a.da@example.com',
        'xada@example.com',
      ]
      await db.collection('users').insertMany(addresses.map((email) => ({ email })))
      expect(await store.users.findLinkable({ email: 'aDa@Example.com' })).toHaveLength(3)
      expect(await store.normalizeEmails()).toBe(5)
      expect(await store.normalizeEmails()).toBe(0)
      expect(await store.users.findLinkable({ email: 'aDA@example.com' })).toHaveLength(3)
    })

    test('an address that the application changed behind our back is not found under its old name', async () => {
      const store = mongoStore(db)
      await db.collection('users').insertOne({ email: 'old@example.com', emailLower: 'old@example.com' })
      await db.collection('users').updateOne({}, { $set: { email: 'new@example.com' } })
      expect(await store.users.findLinkable({ email: 'old@example.com' })).toEqual([])
      expect(await store.users.findLinkable({ email: 'new@example.com' })).toHaveLength(1)
    })

    test('linking keeps the id and the columns, and only one of two gets the row', async () => {
      const { insertedId } = await db
        .collection('users')
        .insertOne({ email: 'Ada@example.com', emailVerified: true, passwordHash: 'x' })
      const { users } = mongoStore<{ passwordHash: string }>(db)
      const linked = await Promise.all([
        users.link(insertedId, userSnapshot()),
        users.link(insertedId, userSnapshot({ clerkId: 'user_2' })),
      ])
      expect(linked.filter((row) => row !== null)).toHaveLength(1)
      expect(linked.find((row) => row !== null)).toMatchObject({
        id: insertedId,
        passwordHash: 'x',
        version: 1000,
      })
      expect(await db.collection('users').countDocuments()).toBe(1)
    })

    test('a Clerk user who has a row is not linked to another', async () => {
      const { users } = mongoStore(db)
      await users.apply(userSnapshot({ email: 'else@example.com' }))
      const { insertedId } = await db.collection('users').insertOne({ email: 'ada@example.com' })
      expect(await users.link(insertedId, userSnapshot())).toBeNull()
    })

    test('claims create a row or fill one that has nothing but its id, and change no other', async () => {
      const { users } = mongoStore(db)
      const claims = userSnapshot({ version: 0, firstName: 'Claimed' })
      await users.remove('user_2', 5)
      expect(await users.apply({ ...claims, clerkId: 'user_2', email: null })).toMatchObject({
        outcome: 'updated',
        user: { firstName: 'Claimed', deletedAt: new Date(5), isActive: true },
      })
      expect(await users.apply(claims)).toMatchObject({
        outcome: 'created',
        user: { version: 0, isActive: true },
      })
      expect(await users.apply({ ...claims, firstName: 'Other' })).toMatchObject({
        outcome: 'unchanged',
        user: { firstName: 'Claimed' },
      })
      expect(await users.apply(userSnapshot())).toMatchObject({
        outcome: 'updated',
        user: { firstName: 'Ada' },
      })
    })

    test('fifty first sign-ins at once make one row', { timeout: 60_000 }, async () => {
      const { users } = mongoStore(db)
      const applied = await Promise.all(Array.from({ length: 50 }, () => users.apply(userSnapshot())))
      expect(new Set(applied.map(({ user }) => user.id.toHexString())).size).toBe(1)
      expect(applied.filter(({ outcome }) => outcome === 'created')).toHaveLength(1)
      expect(await db.collection('users').countDocuments()).toBe(1)
    })

    test('few versions at once, many times: the newest always stays', { timeout: 60_000 }, async () => {
      const { users } = mongoStore(db)
      for (let round = 0; round < 150; round++) {
        const clerkId = `user_${round}`
        await Promise.all(
          [1, 2, 3, 4].map((version) =>
            users.apply(
              userSnapshot({ clerkId, version, email: `${round}@example.com`, firstName: `v${version}` }),
            ),
          ),
        )
        expect(await users.findByClerkId(clerkId)).toMatchObject({ version: 4, firstName: 'v4' })
      }
    })

    test('deletions and updates at once end deleted, with the newest fields and the earliest deletion', {
      timeout: 60_000,
    }, async () => {
      const { users } = mongoStore(db)
      for (let round = 0; round < 50; round++) {
        const clerkId = `user_${round}`
        await Promise.all([
          users.apply(userSnapshot({ clerkId, version: 1 })),
          users.remove(clerkId, 5000),
          users.apply(userSnapshot({ clerkId, version: 2, firstName: 'newest' })),
          users.remove(clerkId, 4000),
        ])
        expect(await users.findByClerkId(clerkId)).toMatchObject({
          version: 2,
          firstName: 'newest',
          isActive: true,
          deletedAt: new Date(4000),
        })
      }
    })

    test('an erased row keeps its id and deletion, and no late event fills it again', async () => {
      const { users } = mongoStore(db)
      await users.apply(userSnapshot({ privateMetadata: { secret: 1 }, username: 'ada', phone: '+1' }))
      await users.apply(userSnapshot({ clerkId: 'user_live', email: null }))
      await users.remove('user_1', 1000)
      await expect(users.purge(10 * DAY_MS, 16 * DAY_MS)).rejects.toThrow(StoreInputError)
      expect(await users.purge(10 * DAY_MS, 17 * DAY_MS)).toBe(1)
      expect(await users.purge(10 * DAY_MS, 17 * DAY_MS)).toBe(0)
      expect(await users.apply(userSnapshot({ version: 9e15 }))).toMatchObject({ outcome: 'stale' })
      const [stored] = await db.collection('users').find({ clerkId: 'user_1' }).toArray()
      expect(Object.keys(stored ?? {}).sort()).toEqual([
        '_id',
        'banned',
        'clerkId',
        'deletedAt',
        'deprovisioned',
        'emailVerified',
        'isActive',
        'locked',
        'version',
      ])
    })

    test('erasing works in batches', { timeout: 60_000 }, async () => {
      const rows = Array.from({ length: 1203 }, (_, n) => ({
        clerkId: `user_${n}`,
        deletedAt: new Date(1),
        version: n,
        firstName: 'x',
      }))
      await db.collection('users').insertMany(rows)
      expect(await mongoStore(db).users.purge(DAY_MS, 30 * DAY_MS)).toBe(1203)
      expect(await db.collection('users').countDocuments({ firstName: { $exists: true } })).toBe(0)
    })

    test('a server that is gone is an outage, never an answer', async () => {
      const gone = connect('mongodb://127.0.0.1:1', { serverSelectionTimeoutMS: 100 })
      const { users } = mongoStore(gone.db('x'))
      await expect(users.findByClerkId('user_1')).rejects.toThrow(StoreUnavailableError)
      await expect(users.apply(userSnapshot())).rejects.toThrow(StoreUnavailableError)
      await expect(users.ping()).rejects.toThrow(StoreUnavailableError)
      await gone.close()
      await expect(users.remove('user_1', 1)).rejects.toThrow(StoreUnavailableError)
    })
  })
})
