import { describeWith } from '@acme/tools/services/vitest'
import type { Db, MongoClient } from 'mongodb'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { mongoStore } from '../mongo-store.js'
import { DRIVERS, empty } from '../testing/drivers.js'
import { organizationSnapshot, userSnapshot } from '../testing/snapshots.js'

await describeWith('mongodb', "unique columns by the application's own indexes", (server) => {
  describe.each(DRIVERS)('with $driver', ({ connect }) => {
    let client: MongoClient
    let db: Db
    let drop: () => Promise<void>

    beforeAll(async () => {
      const database = await server.createDatabase('unique')
      drop = database.drop
      client = connect(database.url)
      db = client.db()
      await db.collection('users').createIndex({ email: 1 }, { unique: true, sparse: true })
      await db
        .collection('users')
        .createIndex({ username: 1 }, { unique: true, sparse: true, name: 'handle' })
      await db.collection('organizations').createIndex({ slug: 1 }, { unique: true, sparse: true })
      await mongoStore(db).ensureIndexes()
    })
    beforeEach(() => empty(db))
    afterAll(async () => {
      await client.close()
      await drop()
    })

    const users = () => mongoStore(db).users
    const emailOf = async (clerkId: string) => (await users().findByClerkId(clerkId))?.email

    test('an address that moves from one user to another ends at the newer, whichever event comes first', async () => {
      const before = userSnapshot({ clerkId: 'user_old', version: 1 })
      const after = userSnapshot({ clerkId: 'user_new', version: 2 })
      for (const order of [
        [before, after],
        [after, before],
      ]) {
        await empty(db)
        for (const snapshot of order) await users().apply(snapshot)
        expect(await emailOf('user_new')).toBe('ada@example.com')
        expect(await users().findByClerkId('user_old')).toMatchObject({
          email: null,
          emailVerified: false,
          version: 1,
        })
      }
    })

    test('a row that Clerk does not know never gives its address up', async () => {
      await db.collection('users').insertOne({ email: 'ada@example.com', username: 'ada' })
      const { user } = await users().apply(userSnapshot({ username: 'ada' }))
      expect(user).toMatchObject({ email: null, username: null, firstName: 'Ada' })
      expect(await db.collection('users').findOne({ email: 'ada@example.com' })).not.toHaveProperty('clerkId')
    })

    test('a deleted row holds nothing that is unique, and a late update does not give it back', async () => {
      await users().apply(userSnapshot({ username: 'ada' }))
      expect(await users().remove('user_1', 5000)).toMatchObject({ email: null, username: null })
      const { user } = await users().apply(
        userSnapshot({ username: 'ada', version: 2000, firstName: 'Late' }),
      )
      expect(user).toMatchObject({
        email: null,
        username: null,
        firstName: 'Late',
        deletedAt: new Date(5000),
      })
      expect((await users().apply(userSnapshot({ clerkId: 'user_2', version: 1 }))).user.email).toBe(
        'ada@example.com',
      )
    })

    test('two contested values are resolved each for itself', async () => {
      await users().apply(
        userSnapshot({ clerkId: 'user_a', version: 1, email: 'x@example.com', username: 'a' }),
      )
      await users().apply(
        userSnapshot({ clerkId: 'user_b', version: 9, email: 'b@example.com', username: 'x' }),
      )
      const { user } = await users().apply(
        userSnapshot({ version: 5, email: 'x@example.com', username: 'x' }),
      )
      expect(user).toMatchObject({ email: 'x@example.com', username: null })
      expect(await emailOf('user_a')).toBeNull()
      expect(await users().findByClerkId('user_b')).toMatchObject({ username: 'x' })
    })

    test('many users who want one address at once: exactly the newest has it', {
      timeout: 60_000,
    }, async () => {
      for (let round = 0; round < 10; round++) {
        await empty(db)
        const versions = [1, 2, 3, 4, 5, 6]
        await Promise.all(
          versions.map((version) => users().apply(userSnapshot({ clerkId: `user_${version}`, version }))),
        )
        expect(await Promise.all(versions.map((version) => emailOf(`user_${version}`)))).toEqual([
          null,
          null,
          null,
          null,
          null,
          'ada@example.com',
        ])
      }
    })

    test('linking does not take a username from a row that Clerk does not know', async () => {
      const { insertedId } = await db
        .collection('users')
        .insertOne({ email: 'ada@example.com', username: 'own' })
      await db.collection('users').insertOne({ email: 'other@example.com', username: 'ada' })
      expect(await users().link(insertedId, userSnapshot({ username: 'ada' }))).toMatchObject({
        clerkId: 'user_1',
        username: null,
      })
    })

    test('an index made after the store has looked is seen when it is met', async () => {
      const { users: early } = mongoStore(db)
      await early.remove('user_9', 1)
      await db.collection('users').createIndex({ phone: 1 }, { unique: true, sparse: true, name: 'late' })
      await early.apply(userSnapshot({ clerkId: 'user_old', email: null, phone: '+1', version: 1 }))
      await early.apply(userSnapshot({ clerkId: 'user_new', email: null, phone: '+1', version: 2 }))
      expect(await early.findByClerkId('user_old')).toMatchObject({ phone: null })
      await db.collection('users').dropIndex('late')
    })

    test('slugs of organisations are resolved the same way', async () => {
      const { organizations } = mongoStore(db)
      await organizations.applyOrganization(organizationSnapshot({ clerkId: 'org_new', version: 2 }))
      const { organization } = await organizations.applyOrganization(
        organizationSnapshot({ clerkId: 'org_old', version: 1 }),
      )
      expect(organization).toMatchObject({ slug: null, name: 'Acme' })
    })

    test("a unique index on a column of the application's own is the application's problem, told without the value", async () => {
      await db.collection('users').createIndex({ code: 1 }, { unique: true, sparse: true, name: 'code' })
      const { users: coded } = mongoStore(db, { create: () => ({ code: 'secret-code' }) })
      await coded.apply(userSnapshot())
      const second = coded.apply(userSnapshot({ clerkId: 'user_2', email: null }))
      await expect(second).rejects.toMatchObject({
        ...{ name: 'StoreFaultError', fault: 'unique', driverCode: '11000', model: 'users', index: 'code' },
      })
      await expect(second).rejects.not.toThrow('secret-code')
      await db.collection('users').dropIndex('code')
    })
  })
})
