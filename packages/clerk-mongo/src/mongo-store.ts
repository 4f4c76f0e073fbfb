import { ConfigurationError } from '@acme/clerk-core'
import { type Inbox, readOptions, type StoreFinding, type Stores } from '@acme/clerk-core/store'
import type { CollectionOptions, Db, ObjectId } from 'mongodb'
import { Columns, problemsOf } from './collection/columns.js'
import { DEFINITIONS } from './collection/definitions.js'
import { reach } from './collection/errors.js'
import { MappedCollection } from './collection/mapped-collection.js'
import type { MongoDatabase } from './driver.js'
import { type CollectionKey, type Collections, checkIndexes, ensureIndexes, inspect } from './indexes.js'
import { normalizeEmails } from './normalize-emails.js'
import { type CollectionNames, type MongoStoreOptions, OPTION_RULES } from './options.js'
import type { MongoMembership, MongoUser } from './rows.js'
import { serverClock } from './server-clock.js'
import { mongoInbox } from './stores/inbox.js'
import { type MongoOrganizationStore, mongoOrganizations } from './stores/organizations.js'
import { type MongoUserStore, mongoUsers } from './stores/users.js'
import { inspectUnlinked } from './validator-problems.js'

/** For `check()` and `ready()`: what in the database will refuse a write, with what mends it. Writes nothing. */
interface Inspected {
  inspect(use?: { readonly linking: boolean }): Promise<readonly StoreFinding[]>
}

export interface MongoStores<U extends MongoUser<Id>, Id = ObjectId> extends Stores<U, MongoMembership<Id>> {
  users: MongoUserStore<U> & Inspected
  organizations: MongoOrganizationStore<Id> & Inspected
  inbox: Required<Inbox> & Inspected
  /**
   * Creates the indexes that the stores' queries and their uniqueness need; does nothing where they exist. Call it when you
   * deploy, before the first request.
   *
   * @throws {StoreUnavailableError} {@link ConfigurationError} for indexes of the application's that would lock users out,
   * with the statements of the shell that mend them
   */
  ensureIndexes(): Promise<void>
  /**
   * For linking: gives every row the lower-cased address by which an index finds it. Without, each look for a row to link
   * reads all rows that the application made. Reads the whole collection; answers how many rows it changed.
   *
   * @throws {StoreUnavailableError}
   */
  normalizeEmails(): Promise<number>
}

/** A path into a document is no field of a row, and a name with `$` is an operator. */
function checkFieldName(name: string): void {
  if (/^[^.$\0]+$/.test(name)) return
  const message = 'is no name of a field at the top of a document.'
  const remedy = "Name one, as 'legacyId'."
  throw new ConfigurationError([{ option: 'mongoStore externalIdColumn', message, remedy }])
}

/**
 * The three stores in MongoDB, through the official driver (6 or 7) and whatever client the application has. Needs nothing
 * that a standalone server lacks: every write is atomic by being one document's.
 *
 * ```ts
 * const store = mongoStore(client.db())
 * await store.ensureIndexes()
 * const clerk = createClerk(fromEnv(), store)
 * ```
 *
 * @throws {ConfigurationError} for options that it does not know, or with a value that they cannot have
 */
export function mongoStore<Own extends object = object, Id = ObjectId>(
  database: MongoDatabase,
  given?: MongoStoreOptions<Own, Id>,
): MongoStores<MongoUser<Id> & Readonly<Own>, Id> {
  const options = readOptions<MongoStoreOptions<Own, Id>>('mongoStore', given, OPTION_RULES)
  const { newId, create, externalIdColumn = '_id' } = options
  checkFieldName(externalIdColumn)
  const db = database as Db
  const collections = open(db, options)
  const { users, organizations, memberships, roles, invitations, inbox, changes } = collections
  const alive = async () => {
    await db.command({ ping: 1 })
  }
  const stores: Omit<MongoStores<MongoUser<Id> & Readonly<Own>, Id>, 'ensureIndexes' | 'normalizeEmails'> = {
    users: {
      ...mongoUsers(
        users,
        { ...(newId ? { newId } : {}), ...(create ? { create } : {}), externalIdColumn },
        () => checkIndexes(users),
      ),
      inspect: (use) =>
        reach(async () => [
          ...(await inspect({ users }, () => create?.({ clerkId: 'user_0', version: 0 }) ?? {})),
          ...(use?.linking ? await inspectUnlinked(users) : []),
        ]),
    },
    organizations: {
      ...mongoOrganizations<Id>(collections, newId, () => checkIndexes(memberships)),
      inspect: () => reach(() => inspect({ organizations, memberships, roles, invitations })),
    },
    inbox: {
      ...mongoInbox(collections, serverClock(database), alive),
      inspect: () => reach(() => inspect({ inbox, changes })),
    },
  }
  // Not enumerable: what is spread into `createClerk` are the stores, and it takes no option that it does not know.
  return Object.defineProperties(stores as MongoStores<MongoUser<Id> & Readonly<Own>, Id>, {
    ensureIndexes: { value: () => reach(() => ensureIndexes(collections)) },
    normalizeEmails: { value: () => reach(() => normalizeEmails(users)) },
  })
}

const NAMES: Required<CollectionNames> = {
  users: 'users',
  organizations: 'organizations',
  memberships: 'memberships',
  roles: 'clerkRoles',
  invitations: 'invitations',
  inbox: 'clerkInbox',
  changes: 'clerkChanges',
}

/**
 * For the inbox and the log, whatever the application's client says. They are read where they are written: a copy that is
 * behind would answer that an event is free which is held, or lack entries. A write counts once most of the members have
 * it: a position that an election takes back could be given twice.
 */
const OF_SEVERAL_PROCESSES: CollectionOptions = {
  readPreference: 'primary',
  readConcern: { level: 'local' },
  writeConcern: { w: 'majority', wtimeoutMS: 10_000 },
}

const OPTIONS: Partial<Record<CollectionKey, CollectionOptions>> = {
  inbox: OF_SEVERAL_PROCESSES,
  changes: OF_SEVERAL_PROCESSES,
}

/** Every collection under the names of the stores. */
function open(db: Db, options: MongoStoreOptions<object, unknown>): Collections {
  const keys = Object.keys(NAMES) as CollectionKey[]
  const problems = keys.flatMap((key) => problemsOf(DEFINITIONS[key], options[key]?.fields))
  if (problems.length > 0) throw new ConfigurationError(problems)
  const entries = keys.map((key) => {
    const columns = new Columns(DEFINITIONS[key], options[key]?.fields)
    return [
      key,
      new MappedCollection(db.collection(options.collections?.[key] ?? NAMES[key], OPTIONS[key]), columns),
    ] as const
  })
  return Object.fromEntries(entries) as Collections
}
