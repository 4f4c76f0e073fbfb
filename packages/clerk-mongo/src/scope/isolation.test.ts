import { describeWith } from '@acme/tools/services/vitest'
import fc from 'fast-check'
import type { Collection, Document, MongoClient } from 'mongodb'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DRIVERS } from '../testing/drivers.js'
import { type ScopedCollection, scopedCollection } from './scoped-collection.js'
import { TenantScopeError } from './tenant-scope-error.js'

type Call = [method: string, ...args: unknown[]]

const call = async (on: object, [method, ...args]: Call): Promise<unknown> => {
  const answer = (on as Record<string, (...args: unknown[]) => unknown>)[method]?.(...args)
  return method === 'find' || method === 'aggregate' ? (answer as { toArray(): unknown }).toArray() : answer
}

const rows = (tenants: readonly string[]) =>
  tenants.flatMap((t) =>
    [1, 2, 3].map((n) => ({
      ...{
        _id: `${t}${n}`,
        orgId: `org_${t}`,
        n,
        text: `coffee ${t === 'b' ? 'foreign' : 'mine'}`,
        tags: [`${t}x`],
      },
      ...{ list: [{ k: n }] },
    })),
  )

await describeWith('mongodb', 'isolation of a scoped collection', (server) => {
  describe.each(DRIVERS)('with $driver', ({ connect, driver }) => {
    let client: MongoClient
    let both: Collection
    let alone: Collection
    let ignoringCase: Collection
    let drop: () => Promise<void>
    let url: string

    beforeAll(async () => {
      const database = await server.createDatabase('isolation')
      drop = database.drop
      url = database.url
      client = connect(database.url)
      const db = client.db()
      both = db.collection('both')
      alone = db.collection('alone')
      ignoringCase = await db.createCollection('ignoring', { collation: { locale: 'en', strength: 1 } })
    })
    beforeEach(async () => {
      await both.deleteMany({})
      await both.insertMany(rows(['a', 'b']) as Document[])
    })
    afterAll(async () => {
      await client.close()
      await drop()
    })
    const mine = () => scopedCollection(both, 'org_a') as ScopedCollection<Document>
    const theirs = () => both.find({ orgId: 'org_b' }).sort({ _id: 1 }).toArray()

    test('a collection that compares without regard to case keeps its tenants apart', async () => {
      await ignoringCase.deleteMany({})
      await ignoringCase.insertMany([
        { orgId: 'org_a', n: 1 },
        { orgId: 'ORG_A', n: 2 },
      ])
      const scoped = scopedCollection(ignoringCase, 'org_a') as ScopedCollection<Document>
      expect((await scoped.find().toArray()).map(({ n }) => n)).toEqual([1])
      expect(await scoped.findOne({ n: 2 })).toBeNull()
      expect(await scoped.countDocuments()).toBe(1)
      expect(await scoped.distinct('n')).toEqual([1])
      expect(await scoped.aggregate([{ $match: {} }]).toArray()).toHaveLength(1)
      const update = { $set: { seen: true } }
      await scoped.updateMany({}, update)
      await scoped.updateOne({ n: 2 }, update)
      await scoped.replaceOne({ n: 2 }, { n: 3 })
      await scoped.findOneAndUpdate({ n: 2 }, update)
      await scoped.findOneAndReplace({ n: 2 }, { n: 3 })
      await scoped.findOneAndDelete({ n: 2 })
      await scoped.bulkWrite([
        { updateOne: { filter: { n: 2 }, update } },
        { updateMany: { filter: { n: 2 }, update } },
        { replaceOne: { filter: { n: 2 }, replacement: { n: 3 } } },
        { deleteOne: { filter: { n: 2 } } },
        { deleteMany: { filter: { n: 2 } } },
      ])
      await scoped.deleteOne({ n: 2 })
      await scoped.deleteMany({})
      expect(await ignoringCase.find({}, { projection: { _id: 0 } }).toArray()).toEqual([
        { orgId: 'ORG_A', n: 2 },
      ])
    })

    test('each command that compares says that it does so character by character', async () => {
      const monitored = connect(url, { monitorCommands: true })
      const without: string[] = []
      const seen = new Set<string>()
      monitored.on('commandStarted', ({ commandName, command }) => {
        seen.add(commandName)
        const parts: Document[] = command.updates ?? command.deletes ?? [command]
        for (const { collation } of parts) if (collation?.locale !== 'simple') without.push(commandName)
      })
      const scoped = scopedCollection(
        monitored.db().collection('both'),
        'org_a',
      ) as ScopedCollection<Document>
      const update = { $set: { seen: true } }
      await scoped.find().toArray()
      await scoped.findOne({})
      await scoped.countDocuments()
      await scoped.distinct('n')
      await scoped.aggregate([]).toArray()
      await scoped.updateOne({}, update)
      await scoped.updateMany({}, update)
      await scoped.replaceOne({ n: 1 }, { n: 1 })
      await scoped.findOneAndUpdate({}, update)
      await scoped.findOneAndReplace({ n: 1 }, { n: 1 })
      await scoped.findOneAndDelete({ n: 1 })
      await scoped.bulkWrite([
        { updateOne: { filter: {}, update } },
        { updateMany: { filter: {}, update } },
        { replaceOne: { filter: { n: 2 }, replacement: { n: 2 } } },
        { deleteOne: { filter: { n: 2 } } },
        { deleteMany: { filter: { n: 2 } } },
      ])
      await scoped.deleteOne({ n: 3 })
      await scoped.deleteMany({})
      await monitored.close()
      const compares = ['find', 'aggregate', 'distinct', 'update', 'findAndModify', 'delete']
      expect(compares.filter((name) => !seen.has(name))).toEqual([])
      expect(without.filter((name) => compares.includes(name))).toEqual([])
    })

    const dated = Object.assign(new Date(), { toBSON: () => 1 })
    test.each<Call>([
      ['find', { n: { $unheardOf: 1 } }],
      ['find', { $unheardOf: 1 }],
      ['find', { $expr: { $unheardOf: '$n' } }],
      ['find', {}, { projection: { x: { $unheardOf: 1 } } }],
      ['find', { n: dated }],
      ['aggregate', [{ $project: { x: { $unheardOf: 1 } } }]],
      ['aggregate', [{ $group: { _id: null, x: { $unheardOf: 1 } } }]],
      ['aggregate', [{ $geoNear: { near: [0, 0], distanceField: 'd' }, $out: 'stolen' }]],
      ['aggregate', [{ $match: {}, $limit: 1 }]],
      ['updateOne', {}, { $unheardOf: { n: 1 } }],
      ['updateOne', {}, { $set: { n: 1 } }, { upsert: 1 }],
      ['updateOne', {}, { $set: { n: dated } }],
      ['bulkWrite', [{ updateOne: { filter: {}, update: { $set: { n: 1 } }, upsert: 'yes' } }]],
      ['bulkWrite', { deleteMany: { filter: {} } }],
      ['insertMany', { n: 1 }],
      ['distinct', { $ne: 1 }],
    ])('%s %j is refused', async (...made) => {
      await expect((async () => call(mine(), made))()).rejects.toThrow(TenantScopeError)
      expect(await both.countDocuments()).toBe(6)
    })

    const id = fc.constantFrom('a1', 'a2', 'a3', 'b1', 'b2', 'c1', 'c2')
    const org = fc.constantFrom('org_a', 'org_b')
    const number = fc.integer({ min: 0, max: 4 })
    const leaf: fc.Arbitrary<Document> = fc.oneof(
      fc.constant({}),
      fc.record({ _id: id }),
      fc.record({ orgId: org }),
      fc.record({ orgId: fc.record({ $ne: org }) }),
      fc.record({ 'orgId.x': fc.constantFrom('org_b', null) }),
      fc.record({ n: fc.oneof(number, fc.record({ $gte: number }), fc.record({ $in: fc.array(number) })) }),
      fc.record({ list: fc.record({ $elemMatch: fc.record({ k: number }) }) }),
      fc.record({ 'list.k': number }),
      fc.record({ text: fc.record({ $regex: fc.constantFrom('foreign', 'mine') }) }),
      fc.record({ $expr: fc.record({ $gt: fc.tuple(fc.constant('$n'), number) }) }),
      fc.constant({ $expr: { $eq: ['$orgId', 'org_b'] } }),
    )
    const filter = fc.oneof(
      leaf,
      leaf,
      fc
        .constantFrom('$and', '$or', '$nor')
        .chain((name) =>
          fc.array(leaf, { minLength: 1, maxLength: 3 }).map((parts): Document => ({ [name]: parts })),
        ),
    )
    const change: fc.Arbitrary<unknown> = fc.oneof(
      fc.record({ $inc: fc.record({ n: number }) }),
      fc.record({ $set: fc.record({ text: fc.constant('mine') }) }),
      fc.record({ $set: fc.record({ orgId: org }) }),
      fc.record({ $set: fc.record({ 'orgId.x': org }) }),
      fc.record({ $push: fc.record({ tags: fc.constant('ax') }) }),
      fc.record({ $pull: fc.record({ list: fc.record({ k: fc.record({ $lt: number }) }) }) }),
      fc.record({ $set: fc.record({ 'list.$[e].k': number }) }),
      fc.record({ $unset: fc.constantFrom({ n: '' }, { orgId: '' }) }),
      fc.constantFrom({ $rename: { n: 'orgId' } }, { $rename: { n: 'm' } }, { $rename: { orgId: 'n' } }),
      fc.constant([{ $set: { orgId: 'org_b' } }]),
      fc.record({ n: number }),
    )
    const document = fc.record(
      { _id: id, n: number, orgId: org, text: fc.constant('mine') },
      { requiredKeys: ['n', '_id'] },
    )
    const options = fc.record(
      {
        upsert: fc.boolean(),
        hint: fc.constantFrom({ _id: 1 }, '_id_'),
        arrayFilters: fc.constant([{ 'e.k': { $gt: 0 } }]),
      },
      { requiredKeys: [] },
    )
    const sorted = fc.constant({ sort: { _id: 1 } })
    const branch = fc.constantFrom<Document[]>(
      [{ $group: { _id: '$orgId', n: { $sum: '$n' } } }, { $sort: { _id: 1 } }],
      [{ $unwind: '$tags' }, { $sortByCount: '$tags' }, { $sort: { _id: 1 } }],
      [{ $bucket: { groupBy: '$n', boundaries: [0, 2, 9], default: 'other' } }],
      [{ $setWindowFields: { sortBy: { _id: 1 }, output: { sum: { $sum: '$n' } } } }],
      [{ $replaceRoot: { newRoot: { n: '$n' } } }, { $sort: { n: 1 } }],
      [{ $redact: { $cond: [{ $eq: ['$orgId', 'org_b'] }, '$$KEEP', '$$PRUNE'] } }],
      [{ $lookup: { from: 'both', localField: 'n', foreignField: 'n', as: 'all' } }],
      [{ $unionWith: 'both' }],
      [{ $merge: 'both' }],
    )
    const stages = fc
      .tuple(filter, branch, fc.boolean())
      .map(([match, rest, facet]): Document[] => [
        { $match: match },
        { $sort: { _id: 1 } },
        ...(facet ? [{ $facet: { x: rest, y: [{ $count: 'n' }] } }] : rest),
      ])
    const made: fc.Arbitrary<Call> = fc.oneof(
      fc.tuple(fc.constant('find'), filter, sorted),
      fc.tuple(fc.constant('findOne'), filter, sorted),
      fc.tuple(fc.constant('countDocuments'), filter),
      fc.tuple(fc.constant('distinct'), fc.constantFrom('tags', 'orgId', 'list.k'), filter),
      fc.tuple(fc.constantFrom('deleteOne', 'findOneAndDelete'), fc.record({ _id: id })),
      fc.tuple(fc.constant('deleteMany'), filter),
      fc.tuple(fc.constantFrom('updateOne', 'findOneAndUpdate'), fc.record({ _id: id }), change, options),
      fc.tuple(fc.constant('updateMany'), filter, change, options),
      fc.tuple(
        fc.constantFrom('replaceOne', 'findOneAndReplace'),
        fc.record({ _id: id }),
        document.map(({ _id, ...rest }) => rest),
        fc.record({ upsert: fc.boolean() }),
      ),
      fc.tuple(fc.constant('insertOne'), document),
      fc.tuple(fc.constant('insertMany'), fc.array(document, { minLength: 1, maxLength: 2 })),
      fc.tuple(fc.constant('aggregate'), stages),
      fc.tuple(
        fc.constant('bulkWrite'),
        fc.array(
          fc.oneof(
            fc.record({ deleteMany: fc.record({ filter }) }),
            fc.record({ updateMany: fc.record({ filter, update: change }) }),
            fc.record({
              updateOne: fc.record({ filter: fc.record({ _id: id }), update: change, upsert: fc.boolean() }),
            }),
            fc.record({ insertOne: fc.record({ document }) }),
          ),
          { minLength: 1, maxLength: 1 },
        ),
      ),
    )

    /** The same call without a scope: what it makes says whose it is. */
    const stamped = ([method, ...args]: Call): Call => {
      const own = (value: unknown) => ({ ...(value as Document), orgId: 'org_a' })
      const [first, second, third] = args
      if (method === 'insertOne') return [method, own(first)]
      if (method === 'insertMany') return [method, (first as unknown[]).map(own)]
      if (method === 'replaceOne' || method === 'findOneAndReplace')
        return [method, first, own(second), third]
      const upserted = (update: unknown) => ({ ...(update as Document), $setOnInsert: { orgId: 'org_a' } })
      if (method.includes('pdate') && (third as { upsert?: boolean })?.upsert === true) {
        return [method, first, upserted(second), third]
      }
      if (method !== 'bulkWrite') return [method, ...args]
      const [[name = '', bulk = {}] = []] = Object.entries((first as Document[])[0] as Document)
      const body = bulk as Document
      if (name === 'insertOne') return [method, [{ insertOne: { document: own(body.document) } }]]
      return body.upsert === true
        ? [method, [{ [name]: { ...body, update: upserted(body.update) } }]]
        : [method, first]
    }

    const GENERATED = '"generated"'
    /** An upsert without an `_id` gets one from the server, another one in each collection. */
    const masked = (value: unknown) => JSON.stringify(value ?? null).replaceAll(/"[0-9a-f]{24}"/g, GENERATED)
    const inOrder = (row: Document) => masked(Object.fromEntries(Object.entries(row).sort()))

    test('a scoped call neither shows nor changes what is not its own, and does what it would do alone', {
      timeout: 120_000,
    }, async () => {
      const outcomes = new Map<string, number>()
      const own = (collection: Collection) => collection.find({ orgId: 'org_a' }).sort({ _id: 1 }).toArray()
      const before = await theirs()
      await fc.assert(
        fc.asyncProperty(fc.array(made, { minLength: 1, maxLength: 8 }), async (calls) => {
          await both.deleteMany({})
          await alone.deleteMany({})
          await both.insertMany(rows(['a', 'b']) as Document[])
          await alone.insertMany(rows(['a']) as Document[])
          for (const each of calls) {
            const text = JSON.stringify(each)
            const outcome = await call(mine(), structuredClone(each)).then(
              (answer) => ({ answer }),
              (error: Error) => ({ error }),
            )
            const name = 'error' in outcome ? outcome.error.name : 'done'
            outcomes.set(name, (outcomes.get(name) ?? 0) + 1)
            expect(await theirs(), text).toEqual(before)
            expect(await both.countDocuments({ orgId: { $nin: ['org_a', 'org_b'] } }), text).toBe(0)
            if ('error' in outcome) {
              expect(name, text).toMatch(/TenantScope|Mongo/)
              // A call that writes to many may have written to some before the error.
              if (/Many|bulkWrite|aggregate/.test(each[0])) break
              continue
            }
            expect(JSON.stringify(outcome.answer) ?? '', text).not.toMatch(/org_b|foreign|"b\d"/)
            const expected = await call(alone, stamped(each))
            expect(JSON.parse(masked(outcome.answer)), text).toEqual(JSON.parse(masked(expected)))
            const rowsNow = (await own(both)).map(inOrder).sort()
            expect(rowsNow, text).toEqual((await own(alone)).map(inOrder).sort())
            // From here on the two collections differ by an id that the server has made.
            if (rowsNow.some((row) => row.includes(GENERATED))) break
          }
        }),
        { numRuns: Number(process.env.FUZZ_RUNS ?? (driver === 'driver 6' ? 20 : 60)) },
      )
      const all = [...outcomes.values()].reduce((sum, n) => sum + n, 0)
      expect((outcomes.get('done') ?? 0) / all, JSON.stringify([...outcomes])).toBeGreaterThan(0.2)
    })
  })
})
