import { ConfigurationError } from '@acme/clerk-core'
import type { Inbox, Stores } from '@acme/clerk-core/store'
import type { Db, ObjectId } from 'mongodb'
import { reach } from './collection/errors.js'
import type { MongoDatabase } from './driver.js'
import { type Collections, checkIndexes, ensureIndexes } from './indexes.js'
import { normalizeEmails } from './normalize-emails.js'
import type { MongoStoreOptions } from './options.js'
import type { MongoMembership, MongoUser } from './rows.js'
import { mongoInbox } from './stores/inbox.js'
import { type MongoOrganizationStore, mongoOrganizations } from './stores/organizations.js'
import { type MongoUserStore, mongoUsers } from './stores/users.js'

export interface MongoStores<U extends MongoUser<Id>, Id = ObjectId> extends Stores<U, MongoMembership<Id>> {
  users: MongoUserStore<U>
  organizations: MongoOrganizationStore<Id>
  inbox: Required<Inbox>
  /**
   * Creates the indexes that the stores' queries and their uniqueness need; does nothing where they exist. Call it when you
   * deploy, before the first request.
   *
   * @throws {StoreUnavailableError}
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
 * const clerk = createClerk({ ...fromEnv(), ...store })
 * ```
 *
 * @throws {ConfigurationError}
 */
export function mongoStore<Columns extends object = object, Id = ObjectId>(
  database: MongoDatabase,
  { collections: names = {}, newId, create, externalIdColumn = '_id' }: MongoStoreOptions<Columns, Id> = {},
): MongoStores<MongoUser<Id> & Readonly<Columns>, Id> {
  checkFieldName(externalIdColumn)
  const db = database as Db
  const collections: Collections = {
    users: db.collection(names.users ?? 'users'),
    organizations: db.collection(names.organizations ?? 'organizations'),
    memberships: db.collection(names.memberships ?? 'memberships'),
    roles: db.collection(names.roles ?? 'clerkRoles'),
    invitations: db.collection(names.invitations ?? 'invitations'),
    inbox: db.collection(names.inbox ?? 'clerkInbox'),
  }
  const alive = async () => {
    await db.command({ ping: 1 })
  }
  return {
    users: mongoUsers(
      collections.users,
      { ...(newId ? { newId } : {}), ...(create ? { create } : {}), externalIdColumn },
      () => checkIndexes(collections.users),
    ),
    organizations: mongoOrganizations<Id>(collections, newId, () => checkIndexes(collections.memberships)),
    inbox: mongoInbox(collections.inbox, alive),
    ensureIndexes: () => reach(() => ensureIndexes(collections)),
    normalizeEmails: () => reach(() => normalizeEmails(collections.users)),
  }
}
