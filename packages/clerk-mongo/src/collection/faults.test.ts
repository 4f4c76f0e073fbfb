import { StoreUnavailableError } from '@acme/clerk-core'
import { type StoreFault, StoreFaultError } from '@acme/clerk-core/store'
import { describeWith } from '@acme/tools/services/vitest'
import { type Document, MongoClient } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mongoStore } from '../mongo-store.js'
import { openScriptedServer, type ScriptedServer } from '../testing/scripted-server.js'
import { membershipSnapshot, organizationSnapshot, userSnapshot } from '../testing/snapshots.js'

const SECRET = 'ada@example.com'

/** Of the server, each as what it leaves the store. */
const CODES: readonly [code: number, name: string, expected: StoreFault | 'outage'][] = [
  [11001, 'DuplicateKey of old', 'unique'],
  [10334, 'BSONObjectTooLarge', 'value'],
  [17419, 'document after the update too large', 'value'],
  [17420, 'document after the update too large', 'value'],
  [17280, 'KeyTooLong', 'value'],
  [2, 'BadValue', 'value'],
  [9, 'FailedToParse', 'value'],
  [14, 'TypeMismatch', 'value'],
  [28, 'PathNotViable', 'value'],
  [40, 'ConflictingUpdateOperators', 'value'],
  [52, 'DollarPrefixedFieldName', 'value'],
  [56, 'EmptyFieldName', 'value'],
  [57, 'DottedFieldName', 'value'],
  [66, 'ImmutableField', 'other'],
  [61, 'ShardKeyNotFound', 'other'],
  [85, 'IndexOptionsConflict', 'other'],
  [86, 'IndexKeySpecsConflict', 'other'],
  [67, 'CannotCreateIndex', 'other'],
  [26, 'NamespaceNotFound', 'missing'],
  [73, 'InvalidNamespace', 'missing'],
  [166, 'CommandNotSupportedOnView', 'missing'],
  [13, 'Unauthorized', 'other'],
  [20, 'IllegalOperation', 'other'],
  [59, 'CommandNotFound', 'other'],
  [303, 'FeatureNotSupported', 'other'],
  [987_654, 'a code of tomorrow', 'other'],
  [6, 'HostUnreachable', 'outage'],
  [18, 'AuthenticationFailed', 'outage'],
  [8000, 'AtlasError', 'outage'],
  [24, 'LockTimeout', 'outage'],
  [50, 'MaxTimeMSExpired', 'outage'],
  [91, 'ShutdownInProgress', 'outage'],
  [112, 'WriteConflict', 'outage'],
  [133, 'FailedToSatisfyReadPreference', 'outage'],
  [189, 'PrimarySteppedDown', 'outage'],
  [262, 'ExceededTimeLimit', 'outage'],
  [10107, 'NotWritablePrimary', 'outage'],
  [11600, 'InterruptedAtShutdown', 'outage'],
  [13435, 'NotPrimaryNoSecondaryOk', 'outage'],
  [14031, 'OutOfDiskSpace', 'outage'],
  [16500, 'too many requests', 'outage'],
]

const failure = (code: number, more: Document = {}): Document => ({
  ...{ ok: 0, code, codeName: 'Scripted', errmsg: `it was { email: "${SECRET}" }` },
  ...more,
})

const WRITES = ['findAndModify', 'update', 'insert', 'delete']
const READS = ['find', 'listIndexes', 'ping']

/** Everything an error says: message, stack, own fields, causes. */
function everything(error: unknown): string {
  const seen = new Set<unknown>()
  const text = (value: unknown): string => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return String(value)
    seen.add(value)
    return Object.getOwnPropertyNames(value)
      .map((name) => `${name}: ${text(Reflect.get(value, name))}`)
      .join('\n')
  }
  return text(error)
}

const caught = (promise: Promise<unknown>) =>
  promise.then(
    () => new Error('It did not throw.'),
    (error: unknown) => error,
  )

await describeWith('mongodb', 'what the server refuses', (server) => {
  let scripted: ScriptedServer
  let client: MongoClient
  let store: ReturnType<typeof mongoStore>
  let end: () => Promise<void>

  beforeAll(async () => {
    const database = await server.createDatabase('faults')
    scripted = await openScriptedServer(database.url)
    client = new MongoClient(scripted.url, { retryWrites: false, retryReads: false })
    store = mongoStore(client.db())
    await store.ensureIndexes()
    end = async () => {
      scripted.script = () => undefined
      await client.close()
      await scripted.close()
      await database.drop()
    }
  })
  afterAll(() => end())

  async function meet(answer: Document, commands: readonly string[], act: () => Promise<unknown>) {
    scripted.script = (command) => (commands.some((name) => name in command) ? answer : undefined)
    try {
      return await caught(act())
    } finally {
      scripted.script = () => undefined
    }
  }

  test.each(CODES)('%i, %s: %s', async (code, _, expected) => {
    const error = await meet(failure(code), WRITES, () => store.users.apply(userSnapshot()))
    expect(everything(error)).not.toContain(SECRET)
    if (expected === 'outage') expect(error).toBeInstanceOf(StoreUnavailableError)
    else {
      expect(error).toBeInstanceOf(StoreFaultError)
      expect(error).toMatchObject({ fault: expected, driverCode: String(code), model: 'users' })
    }
  })

  describe('whatever is asked of the stores', () => {
    const invitation = { clerkId: 'orginv_1', orgId: 'org_1', email: SECRET, status: 'pending', version: 1 }
    const role = { clerkId: 'role_1', key: 'org:admin', permissions: [], version: 1 }
    const event = { id: 'msg_1', type: 'user.created', timestamp: 1, subjects: [], body: SECRET }
    const change = { id: 'msg_1', type: 'user.updated', subjects: [SECRET], narrows: SECRET, version: null }
    const before = Date.now() - 30 * 24 * 3600 * 1000
    const CALLS: readonly [string, () => Promise<unknown>][] = [
      ['users.findByClerkId', () => store.users.findByClerkId('user_1')],
      ['users.apply', () => store.users.apply(userSnapshot())],
      ['users.remove', () => store.users.remove('user_1', 1)],
      ['users.findLinkable', () => store.users.findLinkable({ email: SECRET })],
      ['users.link', () => store.users.link('x' as never, userSnapshot())],
      ['users.purge', () => store.users.purge(before)],
      ['users.ping', () => store.users.ping()],
      ['users.inspect', () => store.users.inspect()],
      ['organizations.findOrganization', () => store.organizations.findOrganization('org_1')],
      [
        'organizations.applyOrganization',
        () => store.organizations.applyOrganization(organizationSnapshot()),
      ],
      ['organizations.removeOrganization', () => store.organizations.removeOrganization('org_1', 1)],
      ['organizations.findMembership', () => store.organizations.findMembership('org_1', 'user_1')],
      ['organizations.applyMembership', () => store.organizations.applyMembership(membershipSnapshot())],
      ['organizations.removeMembership', () => store.organizations.removeMembership({ clerkId: 'm' }, 1)],
      ['organizations.listMemberships', () => store.organizations.listMemberships({ userId: 'user_1' })],
      ['organizations.applyRole', () => store.organizations.applyRole(role)],
      ['organizations.findRole', () => store.organizations.findRole('org:admin')],
      ['organizations.removeRole', () => store.organizations.removeRole('role_1', 1)],
      ['organizations.applyInvitation', () => store.organizations.applyInvitation(invitation)],
      ['organizations.findInvitation', () => store.organizations.findInvitation('orginv_1')],
      ['organizations.ping', () => store.organizations.ping()],
      ['inbox.claim', () => store.inbox.claim(event, 1)],
      ['inbox.renew', () => store.inbox.renew('msg_1', 'owner', 1)],
      ['inbox.succeeded', () => store.inbox.succeeded('msg_1', 'owner', 'mail')],
      ['inbox.release', () => store.inbox.release('msg_1', 'owner', { error: 'failed', retryAfterMs: 1 })],
      ['inbox.finish', () => store.inbox.finish('msg_1', 'owner', 'done')],
      ['inbox.due', () => store.inbox.due(1)],
      ['inbox.find', () => store.inbox.find('msg_1')],
      ['inbox.list', () => store.inbox.list({ limit: 1 })],
      ['inbox.discardEarlier', () => store.inbox.discardEarlier(SECRET, { exceptId: 'msg_1' })],
      ['inbox.prune', () => store.inbox.prune(1)],
      ['inbox.append', () => store.inbox.append(change)],
      ['inbox.changesSince', () => store.inbox.changesSince(null, 1)],
      ['inbox.revocations', () => store.inbox.revocations(null, 1)],
      ['inbox.ping', () => store.inbox.ping()],
      ['ensureIndexes', () => store.ensureIndexes()],
      ['normalizeEmails', () => store.normalizeEmails()],
    ]
    test.each(CALLS)('%s lets no error of the driver out', async (_, call) => {
      const commands = [...WRITES, ...READS]
      const refused = await meet(failure(2), commands, call)
      expect(refused).toBeInstanceOf(StoreFaultError)
      expect(everything(refused)).not.toContain(SECRET)
      const gone = await meet(failure(91), commands, call)
      expect(gone).toBeInstanceOf(StoreUnavailableError)
      expect(everything(gone)).not.toContain(SECRET)
    })
  })

  test('what a server would have the driver try again is an outage, whatever its code', async () => {
    const answer = failure(2, { errorLabels: ['TransientTransactionError'] })
    const error = await meet(answer, WRITES, () => store.users.apply(userSnapshot()))
    expect(error).toBeInstanceOf(StoreUnavailableError)
  })

  test.each([
    [
      'tenant_1_email_1',
      `E11000 duplicate key error collection: db.users index: tenant_1_email_1 dup key: { email: "${SECRET}" }`,
    ],
    [
      'my index',
      `E11000 duplicate key error collection: db.users index: my index collation: { locale: "en" } dup key: { email: "${SECRET}" }`,
    ],
  ])('a duplicate key is told by the index and its fields: %s', async (index, errmsg) => {
    const keyPattern = { tenant: 1, email: 1 }
    const answer = failure(11000, { errmsg, keyPattern, keyValue: { tenant: 1, email: SECRET } })
    const error = await meet(answer, WRITES, () => store.users.apply(userSnapshot()))
    expect(error).toMatchObject({ fault: 'unique', driverCode: '11000', index, field: 'tenant, email' })
    expect(everything(error)).not.toContain(SECRET)
  })

  test('an index that cannot be made names itself, not the value that several documents have', async () => {
    const errmsg = `Index build failed: E11000 duplicate key error collection: db.users index: clerk_clerkId dup key: { clerkId: "${SECRET}" }`
    scripted.script = (command) => {
      if ('listIndexes' in command) return { ok: 1, cursor: { id: 0n, ns: 'db.users', firstBatch: [] } }
      return 'createIndexes' in command ? failure(11000, { errmsg }) : undefined
    }
    const error = await caught(store.ensureIndexes())
    scripted.script = () => undefined
    expect(error).toMatchObject({ fault: 'unique', model: 'users', index: 'clerk_clerkId' })
    expect(String(error)).toContain('mend them, then call ensureIndexes() again')
    expect(everything(error)).not.toContain(SECRET)
  })

  describe('a validator', () => {
    // As MongoDB 6 answers, see "Handle Invalid Documents" of its manual.
    const refusedBy = (details: Document) => ({
      ok: 1,
      n: 0,
      writeErrors: [
        {
          ...{ index: 0, code: 121, errmsg: `Document failed validation: ${SECRET}` },
          errInfo: { failingDocumentId: SECRET, details },
        },
      ],
    })
    const schema = (...schemaRulesNotSatisfied: Document[]) => ({
      operatorName: '$jsonSchema',
      title: SECRET,
      schemaRulesNotSatisfied,
    })
    const required = (...missingProperties: string[]) => ({
      operatorName: 'required',
      specifiedAs: { required: missingProperties },
      missingProperties,
    })
    const properties = (...propertiesNotSatisfied: Document[]) => ({
      operatorName: 'properties',
      propertiesNotSatisfied,
    })
    const notInEnum = {
      ...{ operatorName: 'enum', specifiedAs: { enum: ['free', 'pro'] } },
      ...{ reason: 'value was not found in enum', consideredValue: SECRET },
    }
    test.each<[string, Document, StoreFault, string]>([
      ['a required field', schema(required('tenant', 'plan')), 'required', '`tenant`, `plan`'],
      [
        'an enum without the value',
        schema(properties({ propertyName: 'plan', details: [notInEnum] })),
        'value',
        '`plan`',
      ],
      [
        'a rule within a document',
        schema(
          properties({
            propertyName: 'address',
            details: [required('city'), properties({ propertyName: 'country', details: [notInEnum] })],
          }),
        ),
        'value',
        '`address.city`, `address.country`',
      ],
      [
        'fields that it does not know',
        schema({ operatorName: 'additionalProperties', additionalProperties: ['emailLower'] }),
        'value',
        '`emailLower`',
      ],
      [
        'a condition of a query',
        {
          operatorName: '$and',
          clausesNotSatisfied: [
            {
              index: 0,
              details: {
                ...{ operatorName: '$type', specifiedAs: { email: { $type: 'string' } } },
                ...{ reason: 'type did not match', consideredValue: SECRET, consideredType: 'int' },
              },
            },
          ],
        },
        'value',
        '`email`',
      ],
      ['an unknown shape', { anything: [SECRET] }, 'value', 'what the store writes'],
    ])('that refuses by %s is told by the paths', async (_, details, fault, named) => {
      const error = await meet(refusedBy(details), ['update'], () => store.users.remove('user_validated', 1))
      expect(error).toMatchObject({ name: 'StoreFaultError', fault, driverCode: '121', model: 'users' })
      expect(String(error)).toContain(`refuses ${named}:`)
      expect(everything(error)).not.toContain(SECRET)
    })

    test('that names keys of metadata keeps them to itself', async () => {
      const details = schema(
        properties({
          propertyName: 'publicMetadata',
          details: [{ operatorName: 'additionalProperties', additionalProperties: [SECRET] }],
        }),
      )
      const error = await meet(refusedBy(details), ['update'], () => store.users.remove('user_validated', 1))
      expect(error).toMatchObject({ fault: 'value', field: 'publicMetadata' })
      expect(everything(error)).not.toContain(SECRET)
    })
  })

  describe('a validator that requires', () => {
    const requiring = (required: string[], more: Document = {}): Document => ({
      ok: 1,
      cursor: {
        ...{ id: 0n, ns: 'db.$cmd.listCollections' },
        firstBatch: [
          {
            ...{ name: 'users', type: 'collection', info: {} },
            options: { validator: { $jsonSchema: { required } }, ...more },
          },
        ],
      },
    })
    async function found(answer: Document, { users } = store, linking = false) {
      scripted.script = (command) => ('listCollections' in command ? answer : undefined)
      const findings = await users.inspect({ linking })
      scripted.script = () => undefined
      return findings.map(({ message }) => /requires `(.+?)`/.exec(message)?.[1])
    }
    const planned = () => mongoStore(client.db(), { create: ({ clerkId }) => ({ plan: `of ${clerkId}` }) })

    test.each<[string, Document, string[]]>([
      ['what every row has', requiring(['_id', 'clerkId', 'version', 'isActive']), []],
      ['what Clerk may not have', requiring(['clerkId', 'email', 'firstName']), ['email', 'firstName']],
      ['a field of the application', requiring(['plan', 'tenant']), ['plan', 'tenant']],
      ['something, and only warns', requiring(['email'], { validationAction: 'warn' }), []],
      ['something, and is off', requiring(['email'], { validationLevel: 'off' }), []],
    ])('%s', async (_, answer, expected) => {
      expect(await found(answer)).toEqual(expected)
    })

    test('a Clerk id, which documents that may be linked do not have', async () => {
      expect(await found(requiring(['clerkId']), store, true)).toEqual(['clerkId'])
      expect(await found(requiring(['version']), store, true)).toEqual([])
    })

    test('a field that create gives, of rows that only record a deletion too', async () => {
      expect(await found(requiring(['plan', 'tenant']), planned() as typeof store)).toEqual(['tenant'])
    })
  })

  test('a document that the driver does not even send is too large', async () => {
    const large = mongoStore(client.db(), { create: () => ({ notes: 'x'.repeat(18 * 1024 * 1024) }) })
    const error = await caught(large.users.apply(userSnapshot({ clerkId: 'user_large' })))
    expect(error).toMatchObject({ name: 'StoreFaultError', fault: 'value', model: 'users' })
  })
})
