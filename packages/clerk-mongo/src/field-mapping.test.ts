import { ConfigurationError } from '@acme/clerk-core'
import type { UserSnapshot } from '@acme/clerk-core/store'
import { describeWith } from '@acme/tools/services/vitest'
import fc from 'fast-check'
import { type Db, type Document, MongoClient, ObjectId } from 'mongodb'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DEFINITIONS } from './collection/definitions.js'
import { mongoStore } from './mongo-store.js'
import type { MongoStoreOptions } from './options.js'
import { empty } from './testing/drivers.js'
import { MAPPED } from './testing/mapped.js'
import {
  invitationSnapshot,
  membershipSnapshot,
  organizationSnapshot,
  userSnapshot,
} from './testing/snapshots.js'

const DAY_MS = 24 * 3600 * 1000
const PURGED_AT = 30 * DAY_MS

type Options = MongoStoreOptions<object, unknown>
type Key = keyof typeof DEFINITIONS

/** The names of the documents' fields that a store with these options may write. */
function writable(key: Key, options: Options): Set<string> {
  const fields = new Map<string, string | null>(Object.entries(options[key]?.fields ?? {}))
  const names = Object.keys(DEFINITIONS[key].fields).map((field) => {
    const given = fields.get(field)
    return given === undefined ? field : given
  })
  return new Set(names.filter((name) => name !== null))
}

const without = (document: Document | null | undefined, names: ReadonlySet<string>): Document =>
  Object.fromEntries(Object.entries(document ?? {}).filter(([name]) => !names.has(name)))

/** What an application may have beside the synced fields, under names that are close to ours. */
const ownNames = fc.oneof(
  fc.constantFrom('createdAt', 'updatedAt', 'created_at', '__v', 'id', 'name', 'status', 'role', 'enabled'),
  fc.constantFrom('constructor', 'toString', 'user', 'clerk', 'last_login', 'Email', 'email ', 'emails'),
  // Ours, where it is mapped elsewhere or not stored.
  fc.constantFrom(
    'email',
    'version',
    'deletedAt',
    'locked',
    'phone',
    'isActive',
    'slug',
    'key',
    'type',
    'body',
  ),
  fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_]{0,8}$/),
)
const ownValues = fc.oneof(
  fc.date({ noInvalidDate: true }),
  fc.string(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.array(fc.integer(), { maxLength: 3 }),
  fc.record({ at: fc.date({ noInvalidDate: true }), by: fc.string() }),
)
const ownDocuments = fc.dictionary(ownNames, ownValues, { maxKeys: 8, noNullPrototype: true })

const OPTIONS: readonly [string, Options][] = [
  ['names of ours', {}],
  ['names of the application', MAPPED],
]

await describeWith('mongodb', 'fields of the documents', (server) => {
  let client: MongoClient
  let db: Db
  let drop: () => Promise<void>

  beforeAll(async () => {
    const database = await server.createDatabase('fields')
    client = new MongoClient(database.url)
    db = client.db()
    drop = database.drop
    await mongoStore(db).ensureIndexes()
  })
  beforeEach(() => empty(db))
  afterAll(async () => {
    await client.close()
    await drop()
  })

  test('the application’s createdAt survives linking, syncing and erasure; Clerk’s own is clerkCreatedAt', async () => {
    const createdAt = new Date('2019-05-01')
    const { insertedId } = await db
      .collection('users')
      .insertOne({ email: 'ada@example.com', emailVerified: true, createdAt })
    const { users } = mongoStore(db)
    const linked = await users.link(insertedId, userSnapshot({ createdAt: 5000 }))
    expect(linked).toMatchObject({ createdAt, clerkCreatedAt: new Date(5000) })
    await users.apply(userSnapshot({ createdAt: 6000, version: 2000 }))
    expect(await db.collection('users').findOne()).toMatchObject({
      createdAt,
      clerkCreatedAt: new Date(6000),
    })
    await users.remove('user_1', 1000)
    expect(await users.purge(10 * DAY_MS, PURGED_AT)).toBe(1)
    const erased = await db.collection('users').findOne()
    expect(erased).toMatchObject({ createdAt, clerkId: 'user_1' })
    expect(erased).not.toHaveProperty('clerkCreatedAt')
  })

  test('lastSignInAt and lastActiveAt are in the rows without being asked for, and only grow', async () => {
    const { users } = mongoStore(db)
    const times = (fields: Partial<UserSnapshot>) => users.apply(userSnapshot(fields))
    await times({ version: 5, lastSignInAt: 500, lastActiveAt: 500 })
    await times({ version: 6, lastSignInAt: 400, lastActiveAt: null })
    expect(await users.findByClerkId('user_1')).toMatchObject({
      ...{ version: 6, lastSignInAt: new Date(500), lastActiveAt: new Date(500) },
    })
    const stale = await times({ version: 4, lastSignInAt: 900, firstName: 'Old' })
    expect(stale).toMatchObject({ outcome: 'stale', user: { lastSignInAt: new Date(900), firstName: 'Ada' } })
    expect(await users.findByClerkId('user_1')).toEqual(stale.user)
    await users.remove('user_1', 1000)
    await users.purge(10 * DAY_MS, PURGED_AT)
    expect((await times({ version: 7, lastSignInAt: 999 })).user.lastSignInAt).toBeNull()
  })

  test('sign-ins at once leave the latest', async () => {
    const { users } = mongoStore(db)
    await users.apply(userSnapshot({ version: 9 }))
    const at = Array.from({ length: 20 }, (_, n) => 1000 + ((n * 7) % 20))
    await Promise.all(at.map((lastSignInAt) => users.apply(userSnapshot({ version: 8, lastSignInAt }))))
    expect((await users.findByClerkId('user_1'))?.lastSignInAt).toEqual(new Date(1019))
  })

  describe.each(OPTIONS)('under %s', (_, options) => {
    const linkable = { [options.users?.fields?.email ?? 'email']: 'ada@example.com' }

    test('whatever the application has in a user’s document stays through every operation', {
      timeout: 120_000,
    }, async () => {
      const ours = writable('users', options)
      await fc.assert(
        fc.asyncProperty(ownDocuments, fc.boolean(), async (given, isLinked) => {
          await empty(db)
          const { users, normalizeEmails } = mongoStore(db, options)
          const own = without(given, ours)
          const _id = new ObjectId()
          const clerkId = options.users?.fields?.clerkId ?? 'clerkId'
          await db
            .collection('users')
            .insertOne({ ...own, ...linkable, _id, ...(isLinked ? { [clerkId]: 'user_1' } : {}) })
          const unchanged = async () =>
            expect(without(await db.collection('users').findOne({ _id }), ours)).toEqual({ ...own, _id })
          const times = { createdAt: 1, lastSignInAt: 2, lastActiveAt: 3 }

          await normalizeEmails()
          await unchanged()
          if (!isLinked) {
            expect(await users.findLinkable({ email: 'ada@example.com' })).toHaveLength(1)
            expect(await users.link(_id, userSnapshot(times))).toMatchObject({ id: _id, clerkId: 'user_1' })
            await unchanged()
          }
          const all = {
            username: 'ada',
            phone: '+1',
            externalId: 'e',
            privateMetadata: { a: 1 },
            locked: true,
          }
          const { user } = await users.apply(userSnapshot({ ...times, ...all, version: 2000 }))
          expect(user).toMatchObject({ id: _id, clerkId: 'user_1', email: 'ada@example.com', version: 2000 })
          expect(await users.findByClerkId('user_1')).toEqual(user)
          await unchanged()
          await users.apply(userSnapshot({ version: 0, firstName: 'Claimed' }))
          await users.apply(userSnapshot({ version: 1999, lastSignInAt: 9 }))
          await users.apply(userSnapshot({ version: 3000, email: null, publicMetadata: {}, imageUrl: null }))
          await unchanged()
          // Another user, who takes what is unique and is refused it.
          await users.apply(userSnapshot({ clerkId: 'user_2', ...all, version: 4000 }))
          await users.remove('user_1', 1000)
          await unchanged()
          expect(await users.purge(10 * DAY_MS, PURGED_AT)).toBe(1)
          await unchanged()
        }),
        { numRuns: 15 },
      )
    })

    test('the same for organisations, memberships, roles, invitations and events', {
      timeout: 120_000,
    }, async () => {
      const { organizations, inbox } = mongoStore(db, options)
      const collections = {
        organizations: 'organizations',
        memberships: 'memberships',
        roles: 'clerkRoles',
        invitations: 'invitations',
        inbox: 'clerkInbox',
      } as const
      const role = {
        clerkId: 'role_1',
        key: 'org:member',
        name: 'Member',
        permissions: ['org:read'],
        version: 2,
      }
      const event = { id: 'msg_1', type: 'user.created', timestamp: 1, subjects: ['user_1'], body: '{}' }
      const change = {
        id: 'msg_1',
        type: 'user.created',
        subjects: ['user_1'],
        narrows: 'user_1',
        version: 7,
      }
      const claimed = async () => {
        const claim = await inbox.claim(event, 0)
        return claim.status === 'claimed' ? claim.owner : expect.fail(claim.status)
      }
      const ids = {
        organizations: 'org_1',
        memberships: 'orgmem_1',
        roles: 'role_1',
        invitations: 'orginv_1',
      }
      await fc.assert(
        fc.asyncProperty(ownDocuments, async (given) => {
          await empty(db)
          for (const [key, name] of Object.entries(collections) as [keyof typeof collections, string][]) {
            const own = without(given, writable(key, options))
            if (key === 'inbox') await inbox.claim(event, 0)
            const rest =
              key === 'inbox'
                ? {}
                : {
                    [Object.entries(options[key]?.fields ?? {}).find(([field]) => field === 'clerkId')?.[1] ??
                      'clerkId']: ids[key],
                  }
            await db.collection(name).updateOne(rest, { $set: { ...own, ...rest } }, { upsert: true })
          }
          await organizations.applyOrganization(organizationSnapshot())
          await organizations.applyMembership(membershipSnapshot())
          await organizations.applyMembership(membershipSnapshot({ version: 2000, role: 'org:admin' }))
          await organizations.applyRole(role)
          await organizations.applyInvitation(invitationSnapshot())
          expect(await organizations.findOrganization('org_1')).toMatchObject({ name: 'Acme', slug: 'acme' })
          expect(await organizations.findMembership('org_1', 'user_1')).toMatchObject({ role: 'org:admin' })
          expect(await organizations.listMemberships({ userId: 'user_1' })).toHaveLength(1)
          expect(await organizations.findRole('org:member')).toMatchObject({ clerkId: 'role_1' })
          expect(await organizations.findInvitation('orginv_1')).toMatchObject({ status: 'pending' })
          await organizations.removeMembership({ clerkId: 'orgmem_1' }, 5)
          await organizations.removeRole('role_1', 5)
          await organizations.removeOrganization('org_1', 5)
          const owner = await claimed()
          await inbox.succeeded('msg_1', owner, 'mail')
          await inbox.release('msg_1', owner, { error: 'failed', retryAfterMs: 0 })
          expect(await inbox.due(9)).toMatchObject([
            { id: 'msg_1', attempts: 2, body: '{}', error: 'failed' },
          ])
          expect(await inbox.claim(event, 0)).toMatchObject({ status: 'claimed', succeeded: ['mail'] })
          const again = await claimed()
          expect(await inbox.renew('msg_1', again, 9)).toBe(true)
          expect(await inbox.finish('msg_1', again, 'failed', 'why')).toBe(true)
          expect((await inbox.list({ limit: 9, status: 'failed', type: 'user.created' })).events).toEqual([
            await inbox.find('msg_1'),
          ])
          expect(await inbox.discardEarlier('user_1', { exceptId: 'msg_2' })).toBe(1)
          await inbox.append(change)
          expect((await inbox.changesSince(null, 9)).changes).toMatchObject([change])
          expect((await inbox.revocations(null, 9)).changes).toMatchObject([change])
          for (const [key, name] of Object.entries(collections) as [keyof typeof collections, string][]) {
            const ours = new Set([...writable(key, options), '_id'])
            expect([key, without(await db.collection(name).findOne(), ours)]).toEqual([
              key,
              without(given, ours),
            ])
          }
        }),
        { numRuns: 8 },
      )
    })

    test('a document that the store makes has the fields of the table, and no other', async () => {
      const { users, organizations, inbox } = mongoStore(db, options)
      await users.apply(userSnapshot({ username: 'a', phone: '1', lastSignInAt: 1, privateMetadata: {} }))
      await organizations.applyOrganization(organizationSnapshot({ privateMetadata: {} }))
      await organizations.applyMembership(membershipSnapshot())
      await organizations.applyInvitation(invitationSnapshot())
      await organizations.applyRole({ clerkId: 'role_1', key: 'org:member', permissions: [], version: 1 })
      await inbox.claim({ id: 'msg_1', type: 't', timestamp: 1, subjects: [], body: '{}' }, 1)
      await inbox.append({ id: 'msg_1', type: 't', subjects: [], narrows: 'user_1', version: 1 })
      for (const key of Object.keys(DEFINITIONS) as Key[]) {
        const name =
          { roles: 'clerkRoles', inbox: 'clerkInbox', changes: 'clerkChanges' }[key as string] ?? key
        const document = await db.collection(name).findOne()
        expect([key, Object.keys(without(document, new Set([...writable(key, options), '_id'])))]).toEqual([
          key,
          [],
        ])
      }
    })
  })

  test('a row has what is mapped under both names, and what is not stored as null', async () => {
    const { users } = mongoStore(db, {
      users: { fields: { email: 'emailAddress', phone: null, locked: null, isActive: 'enabled' } },
      create: () => ({
        enabled: false,
        email: 'of the application',
        phone: 'theirs',
        'profile.plan': 'free',
      }),
    })
    const { user } = await users.apply(userSnapshot({ phone: '+1', locked: true }))
    expect(user).toMatchObject({ email: 'ada@example.com', emailAddress: 'ada@example.com', isActive: false })
    expect(user).toMatchObject({ enabled: false, phone: null, locked: false, profile: { plan: 'free' } })
    expect(await users.findByClerkId('user_1')).toEqual(user)
    expect(await db.collection('users').findOne()).toMatchObject({
      ...{ emailAddress: 'ada@example.com', email: 'of the application', phone: 'theirs', enabled: false },
    })
    const changed = await users.apply(userSnapshot({ version: 2000, phone: '+2', email: 'new@example.com' }))
    expect(changed.user).toMatchObject({ emailAddress: 'new@example.com', phone: null })
    expect(await users.findByClerkId('user_1')).toEqual(changed.user)
  })

  test('indexes, unique columns and normalized addresses follow the names', async () => {
    const mail = db.collection('people')
    const store = mongoStore(db, {
      collections: { users: 'people' },
      users: { fields: { email: 'mail', emailLower: 'mailLower', clerkId: 'clerk_id' } },
    })
    await mail.createIndex({ mail: 1 }, { unique: true, sparse: true })
    await mail.createIndex({ email: 1 }, { unique: true, name: 'theirs' })
    await store.ensureIndexes()
    expect((await mail.indexes()).map(({ key }) => Object.keys(key).join()).sort()).toEqual(
      ['_id', 'clerk_id', 'deletedAt,version', 'email', 'mail', 'mailLower,mail'].sort(),
    )
    await mail.dropIndex('theirs')
    await mail.insertOne({ mail: 'Ada@example.com' })
    expect(await store.normalizeEmails()).toBe(1)
    expect(await mail.findOne()).toMatchObject({ mailLower: 'ada@example.com' })
    await mail.deleteMany({})
    await store.users.apply(userSnapshot({ version: 1 }))
    await store.users.apply(userSnapshot({ clerkId: 'user_2', version: 2 }))
    expect(await mail.findOne({ clerk_id: 'user_1' })).not.toHaveProperty('mail')
    expect(await mail.findOne({ clerk_id: 'user_2' })).toMatchObject({ mail: 'ada@example.com' })
  })

  test.each<[string, object, string]>([
    ['mapped twice', { users: { fields: { email: 'mail', username: 'mail' } } }, 'same name as `email`'],
    ['that another field has', { users: { fields: { email: 'username' } } }, 'same name as `email`'],
    ['_id', { organizations: { fields: { slug: '_id' } } }, '`_id`'],
    ['with $', { memberships: { fields: { role: '$role' } } }, '`$`'],
    ['with a dot', { roles: { fields: { key: 'clerk.key' } } }, '`.`'],
    ['with NUL', { inbox: { fields: { body: 'a\0' } } }, 'NUL'],
    ['__proto__', { invitations: { fields: { role: '__proto__' } } }, 'every object has'],
    ['constructor', { users: { fields: { email: 'constructor' } } }, 'every object has'],
    ['that is empty', { users: { fields: { email: '' } } }, 'must be the name'],
    ['that is no text', { users: { fields: { email: 7 } } }, 'must be the name'],
    ['null for a field that is needed', { users: { fields: { email: null } } }, 'cannot be null'],
    ['for a field that is none', { users: { fields: { emial: 'mail' } } }, 'no field of the store'],
    ['for a property of every object', { users: { fields: { toString: 'mail' } } }, 'no field of the store'],
  ])('a name %s is refused when the store is made', (_, options, message) => {
    const make = () => mongoStore(db, options as Options)
    expect(make).toThrow(ConfigurationError)
    expect(make).toThrow(message)
  })
})
