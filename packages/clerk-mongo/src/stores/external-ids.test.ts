import { ConfigurationError } from '@acme/clerk-core'
import { describeWith } from '@acme/tools/services/vitest'
import { expect, test } from 'vitest'
import { mongoStore } from '../mongo-store.js'
import { DRIVERS } from '../testing/drivers.js'

await describeWith('mongodb', 'external ids', (server) => {
  for (const { driver, connect } of DRIVERS) {
    test(`are found whatever type an id is of, exactly, with driver ${driver}`, async () => {
      const database = await server.createDatabase('external_ids')
      const client = connect(database.url)
      const db = client.db()
      const users = db.collection('users')
      const { insertedId } = await users.insertOne({ kind: 'ObjectId' })
      const hex = String(insertedId)
      await users.insertMany([
        { _id: 7 as never, kind: 'number' },
        { _id: '007' as never, kind: 'text' },
        { _id: 'ABC' as never, kind: 'letters' },
        { _id: 9007199254740993n as never, kind: 'long' },
      ])
      const store = mongoStore<{ kind?: string }>(db).users
      const kinds = async (externalId: string) =>
        (await store.findLinkable({ externalId })).map(({ kind }) => kind)
      expect(await kinds(hex)).toEqual(['ObjectId'])
      expect(await kinds('7')).toEqual(['number'])
      expect(await kinds('007')).toEqual(['text'])
      expect(await kinds('ABC')).toEqual(['letters'])
      const lookalikes = [
        hex.toUpperCase(),
        '07',
        '7.0',
        ' 7',
        'abc',
        'f'.repeat(24),
        '9007199254740992',
        '.*',
      ]
      for (const other of lookalikes) expect(await kinds(other)).toEqual([])
      // 7 as a number and as text are two rows with one text: core links neither.
      await users.insertOne({ _id: '7' as never, kind: 'the same text' })
      expect(await kinds('7')).toHaveLength(2)

      const named = mongoStore<{ kind?: string }>(db, { externalIdColumn: 'legacyId' }).users
      await users.insertOne({ _id: 'x' as never, legacyId: 42, kind: 'named' })
      expect(await named.findLinkable({ externalId: '42' })).toMatchObject([{ kind: 'named' }])
      const snapshot = { clerkId: 'user_1', externalId: '42', version: 1 }
      await users.updateOne({ _id: 'x' as never }, { $set: { legacyId: 43 } })
      expect(await named.link('x' as never, snapshot, 'external-id')).toBeNull()
      const linked = await named.link('x' as never, { ...snapshot, externalId: '43' }, 'external-id')
      expect(linked).toMatchObject({ clerkId: 'user_1', kind: 'named' })
      await client.close()
      await database.drop()
    })
  }

  test.each(['', 'a.b', '$where'])('are not kept in a field "%s"', async (externalIdColumn) => {
    const database = await server.createDatabase('external_ids')
    const [first] = DRIVERS
    const client = first.connect(database.url)
    expect(() => mongoStore(client.db(), { externalIdColumn })).toThrow(ConfigurationError)
    await client.close()
    await database.drop()
  })
})
