import { randomUUID } from 'node:crypto'
import type { NewChange } from '@acme/clerk-core/store'
import type { Capability, ConformanceSubject, StoreHarness } from '@acme/clerk-testing/conformance'
import type { DatabaseServer } from '@acme/tools/services'
import type { Db, Document, Filter } from 'mongodb'
import { DEFINITIONS } from '../collection/definitions.js'
import type { MongoDatabase } from '../driver.js'
import { mongoStore } from '../mongo-store.js'
import type { MongoStoreOptions } from '../options.js'
import { DRIVERS, empty } from './drivers.js'
import { openProxy } from './proxy.js'

export interface Variant {
  driver: (typeof DRIVERS)[number]['driver']
  /** Whether the application has unique indexes of its own. */
  unique: boolean
  /** Races between several processes as well. */
  processes: boolean
  ids: 'ObjectId' | 'string'
  /** Whether the documents call every field otherwise. */
  mapped?: true
}

/** Else fewer rounds of each race, between two processes and not four. */
const THOROUGH = process.env.THOROUGH === '1'

const EVERYTHING: readonly Capability[] = [
  'users',
  'organizations',
  'roles',
  'inbox',
  'linking',
  'purge',
  'activity',
  'bulk',
  'listing',
  'custom-columns',
  'outage',
  'contention',
  'late-commits',
]
const UNIQUE: readonly Capability[] = [
  'unique-email',
  'unique-username',
  'unique-phone',
  'unique-external-id',
  'unique-slug',
]

const USER = [
  'clerkId',
  'email',
  'username',
  'phone',
  'firstName',
  'lastName',
  'imageUrl',
  'externalId',
  'publicMetadata',
  'deletedAt',
]

/** Before every name of ours, in documents that call each field otherwise. */
const PREFIX = 'app_'

const mappedFields = Object.fromEntries(
  Object.entries(DEFINITIONS).map(([key, { fields }]) => [
    key,
    { fields: Object.fromEntries(Object.keys(fields).map((field) => [field, `${PREFIX}${field}`])) },
  ]),
)

const unprefixed = (document: Document): Document =>
  Object.fromEntries(
    Object.entries(document).map(([name, value]) => [
      name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name,
      value,
    ]),
  )

/** Documents as the kit knows rows: an absent field is null. */
function rowsOf(db: Db, collection: string, nullable: readonly string[] = ['deletedAt']) {
  return async <R>(): Promise<R[]> => {
    const documents = await db.collection(collection).find().toArray()
    const nothing = Object.fromEntries(nullable.map((name) => [name, null]))
    return documents.map(
      ({ _id, ...document }): Document => ({ ...nothing, ...unprefixed(document), id: _id }),
    ) as R[]
  }
}

/** Times of the inbox and of the log, by collection. */
const TIMES = {
  clerkInbox: ['receivedAt', 'dueAt', 'leaseUntil', 'finishedAt'],
  clerkChanges: ['at', 'givenAt'],
} as const

/** So much time has passed for every event and every entry of the log. */
async function movedBack(db: Db, ms: number, name: (field: string) => string): Promise<void> {
  for (const [collection, fields] of Object.entries(TIMES)) {
    const moved = (document: Document): Document =>
      Object.fromEntries(
        fields.flatMap((field) => {
          const time: unknown = document[name(field)]
          return time instanceof Date ? [[name(field), new Date(time.getTime() - ms)]] : []
        }),
      )
    const operations = (await db.collection(collection).find().toArray()).map((document) => ({
      updateOne: { filter: { _id: document._id }, update: { $set: moved(document) } },
    }))
    if (operations.length > 0) await db.collection(collection).bulkWrite(operations)
  }
}

/** Takes the next position, and writes the entry when the function that is answered is called. */
async function appendLate(
  db: Db,
  { id, ...rest }: NewChange,
  name: (field: string) => string,
): Promise<() => Promise<void>> {
  const log = db.collection<Document & { _id: string | number }>('clerkChanges')
  const counter = await log.findOneAndUpdate(
    { _id: 'counter' },
    { $inc: { [name('given')]: 1 } },
    { upsert: true, returnDocument: 'after' },
  )
  const entry = { eventId: id, ...rest, narrowing: rest.narrows !== null, at: new Date() }
  const named = Object.fromEntries(Object.entries(entry).map(([field, value]) => [name(field), value]))
  return async () => void (await log.insertOne({ _id: counter?.[name('given')], ...named }))
}

const byId = (id: unknown) => ({ _id: { $eq: id } }) as Filter<Document>

/** The database, but another connection deletes the users, or brings them back, before each write to one. */
function contended(database: Db, around: Db, deletedAt: string): MongoDatabase {
  const writes = new Set<string | symbol>(['updateOne', 'findOneAndUpdate'])
  const overtake = async () => {
    const users = around.collection('users')
    const { modifiedCount } = await users.updateMany(
      { [deletedAt]: null },
      { $set: { [deletedAt]: new Date(0) } },
    )
    if (modifiedCount === 0) await users.updateMany({}, { $unset: { [deletedAt]: '' } })
  }
  return {
    databaseName: database.databaseName,
    command: (command) => database.command(command),
    collection: (name, options) =>
      new Proxy(database.collection(name, options), {
        get(collection, property) {
          const member: unknown = Reflect.get(collection, property)
          if (typeof member !== 'function') return member
          if (name !== 'users' || !writes.has(property)) return member.bind(collection)
          return async (...args: unknown[]) => {
            await overtake()
            return Reflect.apply(member, collection, args)
          }
        },
      }),
  }
}

/** The store of this package under the conformance kit; the probe reads the database with the bare driver. */
export function mongoSubject(
  server: DatabaseServer,
  { driver, unique, processes, ids, mapped }: Variant,
): ConformanceSubject {
  return {
    capabilities: [
      ...EVERYTHING,
      ...(unique ? UNIQUE : []),
      ...(processes ? (['multi-process'] as const) : []),
    ],
    async open(): Promise<StoreHarness> {
      const { connect } = DRIVERS.find((candidate) => candidate.driver === driver) ?? DRIVERS[0]
      const database = await server.createDatabase('conformance')
      const proxy = await openProxy(database.url)
      const client = connect(proxy.url, { serverSelectionTimeoutMS: 2000 })
      const around = connect(database.url)
      const db = around.db()
      const newId = ids === 'string' ? randomUUID : undefined
      const name = (field: string) => (mapped ? `${PREFIX}${field}` : field)
      const storeOptions: MongoStoreOptions<object, unknown> = {
        ...(newId && { newId }),
        ...(mapped && mappedFields),
      }
      const stores = mongoStore(client.db(), storeOptions)
      if (unique) {
        const options = { unique: true, sparse: true }
        for (const column of ['email', 'username', 'phone', 'externalId']) {
          await db.collection('users').createIndex({ [name(column)]: 1 }, options)
        }
        await db.collection('organizations').createIndex({ [name('slug')]: 1 }, options)
      }
      await stores.ensureIndexes()
      return {
        stores,
        contended: mongoStore(contended(client.db(), db, name('deletedAt')), storeOptions),
        probe: {
          users: rowsOf(db, 'users', USER),
          organizations: rowsOf(db, 'organizations', ['name', 'slug', 'deletedAt']),
          memberships: rowsOf(db, 'memberships', ['role', 'deletedAt']),
          roles: rowsOf(db, 'clerkRoles', ['key', 'name', 'deletedAt']),
          invitations: rowsOf(db, 'invitations'),
          inbox: rowsOf(db, 'clerkInbox'),
          log: async () => {
            const entries = await db
              .collection('clerkChanges')
              .find({ [name('eventId')]: { $exists: true } })
              .sort({ _id: 1 })
              .toArray()
            return entries.map((entry) => ({ ...unprefixed(entry), id: entry[name('eventId')] }))
          },
        },
        reset: () => empty(db),
        async createLocalUser(fields) {
          const given = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined)
          const id = newId === undefined ? {} : { _id: newId() }
          const document: Document = {
            ...id,
            ...Object.fromEntries(given.map(([field, value]) => [name(field), value])),
          }
          return (await db.collection('users').insertOne(document)).insertedId
        },
        customColumn: {
          write: async (id, theme) =>
            void (await db.collection('users').updateOne(byId(id), { $set: { theme } })),
          read: async (id) => (await db.collection('users').findOne(byId(id)))?.theme ?? null,
        },
        setActive: async (id, isActive) =>
          void (await db.collection('users').updateOne(byId(id), { $set: { [name('isActive')]: isActive } })),
        elapse: (ms) => movedBack(db, ms, name),
        appendLate: (change) => appendLate(db, change, name),
        breakConnection: async () => {
          const restore = proxy.cut()
          return async () => restore()
        },
        ...(processes && {
          processes: {
            module: new URL('open-stores.ts', import.meta.url),
            data: { url: database.url, driver },
            execArgv: ['--import', import.meta.resolve('tsx')],
            ...(THOROUGH ? {} : { workers: 2 }),
          },
        }),
        ...(THOROUGH ? {} : { raceRounds: 10 }),
        async close() {
          await client.close()
          await around.close()
          await proxy.close()
          await database.drop()
        },
      }
    },
  }
}
