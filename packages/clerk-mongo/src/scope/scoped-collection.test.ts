import {
  type Clerk,
  ConfigurationError,
  type Connection,
  CurrentAuthError,
  StoreInputError,
  withConnection,
} from '@acme/clerk-core'
import { describeWith } from '@acme/tools/services/vitest'
import fc from 'fast-check'
import type { Collection, Document, MongoClient } from 'mongodb'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DRIVERS } from '../testing/drivers.js'
import { type ScopedCollection, scopedCollection } from './scoped-collection.js'
import { TenantScopeError } from './tenant-scope-error.js'

interface Invoice extends Document {
  _id: string
  orgId: string
  n: number
  tags?: string[]
}

/** As while a request of a member is answered: its `auth` is all that is read of it. */
function memberOf(orgId: string | null) {
  const kinds = { kind: 'user', sessionStatus: 'active', organizationMismatch: false, source: 'token' }
  const auth = { ...kinds, orgId, userId: 'user_1' }
  const connection = { auth, current: async () => auth } as object as Connection<object>
  const clerk = { authenticate: async () => auth } as object as Pick<Clerk<never>, 'authenticate'>
  return <T>(call: () => Promise<T>) => withConnection(clerk as never, connection as never, call)
}

/** In JavaScript nothing stops a caller from passing this. */
const untyped = (scoped: ScopedCollection<Invoice>) =>
  scoped as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>

await describeWith('mongodb', 'a collection scoped to an organisation', (server) => {
  describe.each(DRIVERS)('with $driver', ({ connect, newId }) => {
    let client: MongoClient
    let collection: Collection<Invoice>
    let mine: ScopedCollection<Invoice>
    let drop: () => Promise<void>

    beforeAll(async () => {
      const database = await server.createDatabase('scope')
      drop = database.drop
      client = connect(database.url)
      collection = client.db().collection<Invoice>('invoices')
      mine = scopedCollection(collection, 'org_a')
    })
    beforeEach(async () => {
      await collection.deleteMany({})
      await collection.insertMany([
        { _id: 'a1', orgId: 'org_a', n: 1, tags: ['x'] },
        { _id: 'a2', orgId: 'org_a', n: 2 },
        { _id: 'b1', orgId: 'org_b', n: 1, tags: ['y'] },
        { _id: 'b2', orgId: 'org_b', n: 2 },
      ])
    })
    afterAll(async () => {
      await client.close()
      await drop()
    })

    const theirs = () => collection.find({ orgId: 'org_b' }).sort({ _id: 1 }).toArray()
    const idsOf = (documents: readonly { _id: unknown }[]) => documents.map(({ _id }) => _id).sort()

    test('a collection of the request is confined to the organisation of each', async () => {
      const [ours, theirs] = ['org_a', 'org_b'].map(memberOf)
      const db = scopedCollection(collection, { of: 'request' })
      const ids = async () => (await db.find().toArray()).map(({ _id }) => _id)
      const seen = await Promise.all([ours, theirs, ours].map((as) => as?.(ids)))
      expect(seen).toEqual([['a1', 'a2'], expect.not.arrayContaining(['a1']), ['a1', 'a2']])
      await ours?.(() => db.insertOne({ _id: 'a3', n: 3 }))
      expect(await collection.findOne({ _id: 'a3' })).toMatchObject({ orgId: 'org_a' })
      await theirs?.(() => db.deleteMany())
      expect(await ours?.(ids)).toEqual(['a1', 'a2', 'a3'])
    })

    test('where there is no request, or no organisation, a collection of the request refuses', async () => {
      const db = scopedCollection(collection, { of: 'request' })
      await expect(db.findOne()).rejects.toMatchObject({ code: 'no-current-auth' })
      expect(() => db.find()).toThrow(CurrentAuthError)
      const refused = memberOf(null)(() => db.deleteMany())
      await expect(refused).rejects.toMatchObject({ code: 'organization-required', status: 403 })
      for (const wrong of [{ clerk: undefined }, { clerk: {} }, { clerks: 1 }]) {
        expect(() => scopedCollection(collection, { of: 'request', ...wrong } as never)).toThrow(
          ConfigurationError,
        )
      }
      for (const wrong of [undefined, null, {}]) {
        expect(() => scopedCollection(collection, wrong as never)).toThrow(StoreInputError)
      }
    })

    test('reads see its own documents and no others', async () => {
      expect(idsOf(await mine.find().toArray())).toEqual(['a1', 'a2'])
      expect(idsOf(await mine.find({ n: { $gt: 0 } }, { sort: { n: -1 }, limit: 1 }).toArray())).toEqual([
        'a2',
      ])
      expect(await mine.findOne({ _id: 'b1' })).toBeNull()
      expect(await mine.countDocuments()).toBe(2)
      expect(await mine.distinct('tags')).toEqual(['x'])
      expect(await mine.aggregate([{ $group: { _id: null, sum: { $sum: '$n' } } }]).toArray()).toEqual([
        { _id: null, sum: 3 },
      ])
      const seen: unknown[] = []
      for await (const { _id } of mine.find()) seen.push(_id)
      expect(seen.sort()).toEqual(['a1', 'a2'])
    })

    test.each([
      { orgId: 'org_b' },
      { orgId: { $ne: 'org_a' } },
      { $or: [{ orgId: 'org_b' }, {}] },
      { $nor: [{ orgId: 'org_a' }] },
      { $and: [{ orgId: { $in: ['org_b'] } }] },
      { _id: 'b1' },
    ])('the filter %j reaches no other organisation', async (filter) => {
      expect((await mine.find(filter as object).toArray()).filter(({ orgId }) => orgId !== 'org_a')).toEqual(
        [],
      )
      await mine.updateMany(filter as object, { $set: { n: 99 } })
      await mine.deleteMany(filter as object)
      expect((await theirs()).map(({ n }) => n)).toEqual([1, 2])
    })

    test('writes stamp what they make', async () => {
      await mine.insertOne({ _id: 'a3', n: 3 })
      await mine.insertMany([
        { _id: 'a4', n: 4 },
        { _id: 'a5', n: 5, orgId: 'org_a' },
      ])
      await mine.updateOne({ _id: 'a6' }, { $set: { n: 6 } }, { upsert: true })
      await mine.replaceOne({ _id: 'a7' }, { n: 7 }, { upsert: true })
      await mine.findOneAndUpdate({ _id: 'a8' }, { $inc: { n: 8 } }, { upsert: true })
      await mine.findOneAndReplace({ _id: 'a1' }, { n: 11 })
      await mine.bulkWrite([
        { insertOne: { document: { _id: 'a9', n: 9 } as Invoice } },
        { updateOne: { filter: { _id: 'a10' }, update: { $set: { n: 10 } }, upsert: true } },
        { replaceOne: { filter: { _id: 'a2' }, replacement: { n: 22 } as Invoice } },
        { updateMany: { filter: {}, update: { $set: { seen: true } } } },
        { deleteOne: { filter: { _id: 'b1' } } },
        { deleteMany: { filter: { _id: 'b2' } } },
      ])
      const documents = await collection.find({ orgId: 'org_a' }).toArray()
      expect(documents).toHaveLength(10)
      expect(documents.every(({ seen }) => seen === true)).toBe(true)
      expect(await theirs()).toEqual([
        { _id: 'b1', orgId: 'org_b', n: 1, tags: ['y'] },
        { _id: 'b2', orgId: 'org_b', n: 2 },
      ])
    })

    test('an upsert or a replacement under the id of another tenant fails, and changes nothing', async () => {
      await expect(mine.updateOne({ _id: 'b1' }, { $set: { n: 9 } }, { upsert: true })).rejects.toThrow(
        'E11000',
      )
      await expect(mine.replaceOne({ _id: 'b1' }, { n: 9 }, { upsert: true })).rejects.toThrow('E11000')
      expect((await theirs()).map(({ n }) => n)).toEqual([1, 2])
    })

    class Hidden {
      declare orgId: string
    }
    Object.defineProperty(Hidden.prototype, 'orgId', { value: 'org_b', enumerable: true })

    test.each<[string, unknown]>([
      ['$set', { $set: { orgId: 'org_b' } }],
      ['$set to its own', { $set: { orgId: 'org_a' } }],
      ['$set inside it', { $set: { 'orgId.x': 1 } }],
      ['$unset', { $unset: { orgId: '' } }],
      ['$rename from', { $rename: { orgId: 'old' } }],
      ['$rename to', { $rename: { n: 'orgId' } }],
      ['$setOnInsert', { $setOnInsert: { orgId: 'org_b' } }],
      ['a map', { $set: new Map([['orgId', 'org_b']]) }],
      ['an inherited field', { $set: new Hidden() }],
      ['toBSON', { $set: { toBSON: () => ({ orgId: 'org_b' }) } }],
      ['a map of operators', new Map([['$set', { orgId: 'org_b' }]])],
      ['a pipeline', [{ $set: { n: 1 } }]],
      ['a replacement', { n: 1 }],
    ])('the tenant cannot be changed by %s', async (_, update) => {
      const options = { upsert: true }
      for (const method of ['updateOne', 'updateMany', 'findOneAndUpdate']) {
        await expect(untyped(mine)[method]?.({}, update, options)).rejects.toThrow(TenantScopeError)
      }
      await expect(
        mine.bulkWrite([{ updateMany: { filter: {}, update: update as object } }]),
      ).rejects.toThrow(TenantScopeError)
      expect(await collection.countDocuments({ orgId: 'org_a' })).toBe(2)
    })

    test.each<[string, unknown]>([
      ["another tenant's id", { _id: 'z', orgId: 'org_b', n: 1 }],
      ['null', { _id: 'z', orgId: null, n: 1 }],
      ['a map', new Map([['orgId', 'org_b']])],
      ['an inherited field', new Hidden()],
      ['an array', [{ orgId: 'org_b' }]],
    ])('a document cannot be written with %s for a tenant', async (_, document) => {
      for (const call of [
        ['insertOne', document],
        ['insertMany', [document]],
        ['replaceOne', { _id: 'a1' }, document],
        ['findOneAndReplace', { _id: 'a1' }, document],
      ] as const) {
        const [method, ...args] = call
        await expect(untyped(mine)[method]?.(...args)).rejects.toThrow(TenantScopeError)
      }
      expect(await collection.countDocuments()).toBe(4)
    })

    test.each([
      [[{ $lookup: { from: 'invoices', pipeline: [], as: 'all' } }]],
      [
        [
          {
            $graphLookup: {
              from: 'invoices',
              startWith: 1,
              connectFromField: 'n',
              connectToField: 'n',
              as: 'all',
            },
          },
        ],
      ],
      [[{ $unionWith: 'invoices' }]],
      [[{ $match: {} }, { $out: 'stolen' }]],
      [[{ $merge: 'invoices' }]],
      [[{ $facet: { all: [{ $unionWith: 'invoices' }] } }]],
      [[{ $collStats: { count: {} } }]],
      [[{ $search: {} }]],
      [[{ $set: {}, $out: 'stolen' }]],
      [[{ $project: { x: { $function: { body: 'function(){}', args: [], lang: 'js' } } } }]],
      [[{ $match: { $where: '1' } }]],
      [[[{ $out: 'stolen' }]]],
      [[new Map([['$out', 'stolen']])]],
    ])('the pipeline %j is refused', (pipeline) => {
      expect(() => mine.aggregate(pipeline as Document[])).toThrow(TenantScopeError)
    })

    test('the first stage of a search by place is confined in its own query', () => {
      const pipeline = [{ $geoNear: { near: [0, 0], distanceField: 'd', query: { n: 1 } } }, { $out: 'x' }]
      expect(() => mine.aggregate(pipeline)).toThrow('$out')
    })

    test.each<[string, unknown[]]>([
      ['find', [{ $where: 'this.orgId' }]],
      ['find', [{ $expr: { $function: { body: 'x', args: [], lang: 'js' } } }]],
      ['find', [{ $or: [{ $where: '1' }] }]],
      ['find', [{}, { collation: { locale: 'en', strength: 1 } }]],
      ['find', [{}, { projection: { x: { $function: {} } } }]],
      ['find', ['text']],
      ['aggregate', [[], { out: 'stolen' }]],
      ['aggregate', [{}]],
      ['watch', []],
      ['estimatedDocumentCount', []],
      ['drop', []],
      ['rename', ['x']],
      ['createIndex', [{ n: 1 }]],
      ['initializeOrderedBulkOp', []],
      ['mapReduce', []],
    ])('%s %j is refused', (method, args) => {
      expect(() => untyped(mine)[method]?.(...args)).toThrow(TenantScopeError)
    })

    test('a cursor has no way to another filter or stage', () => {
      for (const cursor of [mine.find(), mine.aggregate([])] as unknown as object[]) {
        for (const name of [
          'filter',
          'addStage',
          'addQueryModifier',
          'lookup',
          'out',
          'clone',
          'collation',
        ]) {
          expect(name in cursor).toBe(false)
        }
      }
    })

    test('a bulk operation that it does not know is refused', async () => {
      const unknown: object[] = [
        { insertMany: { documents: [] } },
        {},
        { deleteOne: { filter: {} }, deleteMany: { filter: {} } },
        { constructor: {} },
      ]
      for (const operation of unknown) {
        await expect(untyped(mine).bulkWrite?.([operation])).rejects.toThrow(TenantScopeError)
      }
    })

    test.each([null, undefined, '', { $ne: null }, ['org_a']])(
      'an organisation that is %j opens nothing',
      (orgId) => {
        expect(() => scopedCollection(collection, orgId as string)).toThrow(StoreInputError)
      },
    )

    test.each(['_id', '$where', 'a.b', '', '__proto__'])('a tenant field %j is refused', (field) => {
      expect(() => scopedCollection(collection, 'org_a', { field })).toThrow(ConfigurationError)
    })

    test('values of the driver pass through', async () => {
      const _id = newId() as unknown as string
      const at = new Date(5)
      await mine.insertOne({ _id, n: 1, at, bytes: Buffer.from('x'), nested: { list: [newId()] } })
      expect(await mine.findOne({ _id, at: { $lte: at } })).toMatchObject({ _id, at, orgId: 'org_a' })
    })

    const id = fc.constantFrom('a1', 'a2', 'b1', 'b2', 'c1', 'c2')
    const filter = fc.oneof(
      fc.constant({}),
      fc.record({ _id: id }),
      fc.record({ orgId: fc.constantFrom('org_a', 'org_b') }),
      fc.record({ n: fc.record({ $gte: fc.integer({ min: 0, max: 4 }) }) }),
      fc.record({
        $or: fc.array(fc.oneof(fc.record({ _id: id }), fc.record({ orgId: fc.constant('org_b') })), {
          minLength: 1,
          maxLength: 3,
        }),
      }),
    )
    const change = fc.oneof(
      fc.record({ $inc: fc.record({ n: fc.integer({ min: 1, max: 3 }) }) }),
      fc.record({ $set: fc.record({ orgId: fc.constantFrom('org_a', 'org_b') }) }),
      fc.record({ $unset: fc.constantFrom({ n: '' }, { orgId: '' }) }),
      fc.constant({ $rename: { n: 'orgId' } }),
    )
    const document = fc.record(
      { _id: id, n: fc.integer(), orgId: fc.constantFrom('org_a', 'org_b') },
      { requiredKeys: ['n'] },
    )
    const upsert = fc.record({ upsert: fc.boolean() })
    const operation = fc.oneof(
      fc.tuple(
        fc.constantFrom('find', 'findOne', 'deleteOne', 'deleteMany', 'findOneAndDelete', 'countDocuments'),
        filter,
      ),
      fc.tuple(fc.constantFrom('updateOne', 'updateMany', 'findOneAndUpdate'), filter, change, upsert),
      fc.tuple(fc.constantFrom('replaceOne', 'findOneAndReplace'), filter, document, upsert),
      fc.tuple(fc.constant('insertOne'), document),
      fc.tuple(
        fc.constant('aggregate'),
        fc.array(fc.oneof(fc.record({ $match: filter }), fc.constant({ $unionWith: 'invoices' })), {
          maxLength: 2,
        }),
      ),
      fc.tuple(
        fc.constant('bulkWrite'),
        fc.array(
          fc.oneof(
            fc.record({ deleteMany: fc.record({ filter }) }),
            fc.record({ updateMany: fc.record({ filter, update: change }) }),
            fc.record({ insertOne: fc.record({ document }) }),
          ),
          { minLength: 1, maxLength: 3 },
        ),
      ),
    )

    test("whatever one tenant does, it neither sees nor changes another's documents", {
      timeout: 60_000,
    }, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 8 }), async (operations) => {
          const before = await theirs()
          for (const [method, ...args] of operations) {
            try {
              const result = await untyped(mine)[method]?.(...args)
              const read =
                method === 'find' || method === 'aggregate'
                  ? await (result as { toArray(): Promise<unknown> }).toArray()
                  : result
              expect(JSON.stringify(read) ?? '').not.toContain('org_b')
            } catch (error) {
              // Refused by the scope, by a duplicate key, or by the server for contradicting the filter: nothing happened.
              if (!(error instanceof Error) || !/TenantScope|Mongo/.test(error.name)) throw error
            }
          }
          expect(await theirs()).toEqual(before)
          expect(await collection.countDocuments({ orgId: { $nin: ['org_a', 'org_b'] } })).toBe(0)
        }),
        { numRuns: 60 },
      )
    })
  })
})
